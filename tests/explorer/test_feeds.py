"""Pages hear what is published, share one connection, and come back without loss within what is kept."""

import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.patience import until
from thumbapp.errors import PatternTooWild, TooManyChannels
from thumbapp.explorer.feeds import KEPT, Feed, FeedHub
from thumbapp.explorer.servers import Server


@pytest.fixture
def feed_hub(home: Server) -> Iterator[FeedHub]:
    """Return the feeds of each kind of server."""
    feed_hub = FeedHub(home.pool)
    yield feed_hub
    feed_hub.close()


@pytest.fixture
def listening(feed_hub: FeedHub, any_client: redis.Redis) -> Callable[..., Feed]:
    """Return what opens a feed that the server has heard of."""

    def one(channels: list[bytes], patterns: list[bytes] | None = None) -> Feed:
        feed = feed_hub.feed(channels=channels, patterns=patterns or [])
        until(lambda: all(count for _, count in any_client.pubsub_numsub(*channels)))
        until(lambda: any_client.pubsub_numpat() >= len(patterns or []))
        return feed

    return one


def seen(feed: Feed, count: int) -> list[tuple[bytes, bytes, bytes]]:
    """Return channel, pattern and data of the first *count* messages."""
    until(lambda: feed.position >= count)
    return [message[2:] for message in feed.wait(0, timeout_s=0).messages]


def test_channels_and_patterns_are_heard_together(
    listening: Callable[..., Feed], any_client: redis.Redis
) -> None:
    feed = listening([b"news", b"odd \xff name"], [b"user:*"])

    any_client.publish("news", "one")
    any_client.publish(b"odd \xff name", b"\x00\xff")
    any_client.publish("user:42", "two")
    any_client.publish("nobody", "hears")

    assert seen(feed, 3) == [
        (b"news", b"", b"one"),
        (b"odd \xff name", b"", b"\x00\xff"),
        (b"user:42", b"user:*", b"two"),
    ]


def test_many_pages_share_one_connection(listening: Callable[..., Feed], any_client: redis.Redis) -> None:
    for number in range(20):
        listening([f"channel:{number}".encode()])

    assert len(any_client.client_list(_type="pubsub")) == 1


def test_who_comes_back_goes_on_from_the_number_they_saw(
    listening: Callable[..., Feed], any_client: redis.Redis
) -> None:
    feed = listening([b"news"])
    for number in range(5):
        any_client.publish("news", number)
    until(lambda: feed.position == 5)

    portion = feed.wait(3, timeout_s=0)

    assert [message.data for message in portion.messages] == [b"3", b"4"]
    assert (portion.dropped, portion.position) == (0, 5)


def test_a_storm_is_bounded_and_counted(listening: Callable[..., Feed], any_client: redis.Redis) -> None:
    feed = listening([b"storm"])
    with any_client.pipeline(transaction=False) as pipe:
        for number in range(20_000):
            pipe.publish("storm", number)
        pipe.execute()
    until(lambda: feed.position == 20_000)

    portion = feed.wait(0, timeout_s=0, most=KEPT)

    assert len(portion.messages) == KEPT
    assert portion.dropped == 20_000 - KEPT
    assert portion.messages[-1].data == b"19999"


def test_a_long_message_is_kept_in_part(listening: Callable[..., Feed], any_client: redis.Redis) -> None:
    feed = listening([b"news"])

    any_client.publish("news", "x" * 1_000_000)

    assert len(seen(feed, 1)[0][2]) == 4_096


def test_a_feed_goes_on_after_the_connection_was_lost(
    listening: Callable[..., Feed], any_client: redis.Redis
) -> None:
    feed = listening([b"news"])
    any_client.client_kill_filter(_type="pubsub")
    until(lambda: feed.wait(0, timeout_s=0).trouble)

    until(lambda: any_client.publish("news", "again"))

    assert seen(feed, 1) == [(b"news", b"", b"again")]


def test_a_reader_is_woken(listening: Callable[..., Feed], any_client: redis.Redis) -> None:
    feed, heard = listening([b"news"]), []
    reader = threading.Thread(target=lambda: heard.append(feed.wait(0, timeout_s=10)))
    reader.start()

    any_client.publish("news", "now")
    reader.join(10)

    assert heard[0].messages[0].data == b"now"


def test_what_nobody_reads_is_not_listened_to(
    feed_hub: FeedHub, any_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thumbapp.explorer.feeds.LINGERS_S", 0.0)
    feed_hub.feed(channels=[b"news"])

    until(lambda: any_client.pubsub_numsub("news")[0][1] == 0)
    until(lambda: feed_hub._thread is None)


def test_too_much_is_refused(feed_hub: FeedHub) -> None:
    with pytest.raises(TooManyChannels):
        feed_hub.feed(channels=[str(number).encode() for number in range(10_000)])
    with pytest.raises(PatternTooWild):
        feed_hub.feed(patterns=[b"*a" * 500])

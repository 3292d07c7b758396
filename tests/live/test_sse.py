"""The bytes a browser gets: events, ids to go on from, heartbeats, and an end."""

from collections.abc import Iterator

import orjson
import pytest

from thumbapp.live import sse
from thumbapp.live.events import Event
from thumbapp.live.reader import Batch
from thumbapp.live.subscription import Subscription


def event(n: int, *, topic: str = "job:a") -> Event:
    return Event(f"{n}-0", frozenset({topic}), "job", orjson.dumps({"n": n}))


@pytest.fixture
def subscription() -> Subscription:
    subscription = Subscription(["job:a"], session="", room=10)
    subscription.settle(Batch([], "1-0"), after="1-0")
    return subscription


def frames(stream: Iterator[bytes], count: int) -> list[bytes]:
    return [next(stream) for _ in range(count)]


def test_the_first_frame_says_when_and_from_where_to_come_back(subscription: Subscription) -> None:
    opening = next(sse.stream(subscription))

    assert opening == b"retry: 1000\n: ok\nid: 1-0\n\n"


def test_an_event_is_sent_with_its_id_kind_and_json(subscription: Subscription) -> None:
    subscription.offer(Batch([event(2)], "2-0"))

    _opening, sent = frames(sse.stream(subscription), 2)

    assert sent == b'id: 2-0\nevent: job\ndata: {"n":2}\n\n'


def test_the_state_goes_out_before_what_waits(subscription: Subscription) -> None:
    subscription.offer(Batch([event(2)], "2-0"))
    state = Event("", frozenset(), "job", b'{"n":1}')

    _opening, first, second = frames(sse.stream(subscription, first=[state]), 3)

    assert first == b'event: job\ndata: {"n":1}\n\n'
    assert second.startswith(b"id: 2-0\n")


@pytest.mark.parametrize(
    "data", [b"one\ntwo", b"one\r\ntwo", b"one\rtwo"], ids=["unix", "windows", "old mac"]
)
def test_a_line_end_in_the_data_cannot_end_the_frame(data: bytes) -> None:
    assert sse.frame("job", data) == b"event: job\ndata: one\ndata: two\n\n"


def test_what_the_view_renders_is_sent_and_what_it_leaves_out_is_not(subscription: Subscription) -> None:
    subscription.offer(Batch([event(2), event(3)], "3-0"))
    stream = sse.stream(subscription, render=lambda event: b"<tr>" if event.payload["n"] == 3 else None)

    _opening, skipped, sent = frames(stream, 3)

    assert skipped == b": ok\nid: 2-0\n\n"
    assert sent == b"id: 3-0\nevent: job\ndata: <tr>\n\n"


def test_a_stream_of_states_sends_only_the_newest(subscription: Subscription) -> None:
    subscription.offer(Batch([event(2), event(3), event(4)], "4-0"))

    sent = list(sse.stream(subscription, newest_only=True, lifetime_s=0.02))

    assert [part.partition(b"\n")[0] for part in sent[1:-1]] == [b"id: 4-0"]


def test_a_quiet_stream_beats_and_its_id_moves_on(subscription: Subscription) -> None:
    subscription.offer(Batch([event(7, topic="job:other")], "7-0"))

    _opening, beat = frames(sse.stream(subscription, heartbeat_s=0.01), 2)

    assert beat == b": ok\nid: 7-0\n\n"


def test_a_stream_ends_by_itself_and_says_from_where_to_go_on(subscription: Subscription) -> None:
    sent = list(sse.stream(subscription, lifetime_s=0.05))

    assert sent[-1] == b": ok\nid: 1-0\n\n"
    assert subscription.is_over


def test_a_stream_of_a_closed_tab_ends(subscription: Subscription) -> None:
    sent = list(sse.stream(subscription, is_disconnected=lambda: True))

    assert len(sent) == 1
    assert subscription.is_over


def test_a_stream_ends_when_the_hub_closes(subscription: Subscription) -> None:
    stream = sse.stream(subscription)
    next(stream)

    subscription.close()

    assert list(stream) == []


def test_a_stream_that_the_server_drops_is_closed(subscription: Subscription) -> None:
    stream = sse.stream(subscription)
    next(stream)

    stream.close()

    assert subscription.is_over


def test_a_busy_stream_ends_when_its_time_is_over(subscription: Subscription) -> None:
    stream = sse.stream(subscription, lifetime_s=0.0)

    for n in range(2, 9):
        subscription.offer(Batch([event(n)], f"{n}-0"))

    assert len(list(stream)) == 2

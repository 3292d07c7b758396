"""What the hub promises: nothing lost, nothing twice, never more streams than the cap."""

import gc
import threading
import time
from collections.abc import Callable

import pytest
import redis

from tests.live.conftest import LONG_S, NAMESPACE, wait_until
from thumbapp.errors import RedisUnavailable, TooManyStreams
from thumbapp.live.events import EventLog
from thumbapp.live.hub import MOST_MISSED, ROOM, Hub
from thumbapp.live.subscription import Subscription


@pytest.fixture
def log(redis_client: redis.Redis) -> EventLog:
    return EventLog(redis_client, namespace=NAMESPACE)


def client_of(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, protocol=2, socket_timeout=2, socket_connect_timeout=1, socket_keepalive=False
    )


def number(subscription: Subscription) -> int | None:
    event = subscription.next(timeout_s=LONG_S)
    return event.payload["n"] if event else None


def numbers(subscription: Subscription, count: int) -> list[int | None]:
    return [number(subscription) for _ in range(count)]


@pytest.fixture
def listeners() -> Callable[[], int]:
    """Count the listeners that began in this test; one of a closed hub may take a second to end."""
    before = set(threading.enumerate())
    return lambda: sum(thread.name == "thumbapp-live" for thread in set(threading.enumerate()) - before)


def test_an_event_reaches_every_stream_of_its_topic_and_no_other(hub: Hub, log: EventLog) -> None:
    one, two, other = hub.subscribe(["job:a"]), hub.subscribe(["job:a", "job:b"]), hub.subscribe(["job:b"])

    log.publish("job:a", "job", {"n": 1})
    log.publish("job:b", "job", {"n": 2})

    assert number(one) == 1
    assert numbers(two, 2) == [1, 2]
    assert number(other) == 2


def test_an_event_of_two_topics_comes_once(hub: Hub, log: EventLog) -> None:
    stream = hub.subscribe(["job:a", "batch:b"])

    log.publish(["job:a", "batch:b"], "job", {"n": 1})
    log.publish("job:a", "job", {"n": 2})

    assert numbers(stream, 2) == [1, 2]


def test_many_streams_share_one_listener(hub: Hub, listeners: Callable[[], int]) -> None:
    streams = [hub.subscribe(["job:a"]) for _ in range(5)]

    assert listeners() == 1
    assert hub.streams == len(streams)


def test_the_listener_ends_with_the_last_stream(hub: Hub, listeners: Callable[[], int]) -> None:
    stream = hub.subscribe(["job:a"])

    stream.close()

    wait_until(lambda: listeners() == 0)


def test_a_stream_after_the_listener_ended_gets_what_comes(
    hub: Hub, log: EventLog, listeners: Callable[[], int]
) -> None:
    hub.subscribe(["job:a"]).close()
    wait_until(lambda: listeners() == 0)

    stream = hub.subscribe(["job:a"])
    log.publish("job:a", "job", {"n": 1})

    assert number(stream) == 1


def test_a_stream_resumes_after_the_id_it_saw_last(hub: Hub, log: EventLog) -> None:
    seen = log.publish("job:a", "job", {"n": 1})
    log.publish("job:a", "job", {"n": 2})
    log.publish("job:b", "job", {"n": 99})
    log.publish("job:a", "job", {"n": 3})

    stream = hub.subscribe(["job:a"], last_event_id=seen)
    log.publish("job:a", "job", {"n": 4})

    assert numbers(stream, 3) == [2, 3, 4]


def test_resuming_over_and_over_under_load_loses_nothing_and_repeats_nothing(
    hub: Hub, log: EventLog, redis_url: str
) -> None:
    total = 600
    keeper = hub.subscribe(["other"])
    position = keeper.position
    writer = threading.Thread(target=publish_numbers, args=(redis_url, total))
    got: list[int] = []

    writer.start()
    while len(got) < total:
        with hub.subscribe(["job:a"], last_event_id=position) as stream:
            for _ in range(7):
                event = stream.next(timeout_s=0.05)
                got += [event.payload["n"]] if event and event.kind == "job" else []
            position = stream.position
    writer.join()

    assert got == list(range(total))


def publish_numbers(url: str, total: int) -> None:
    with client_of(url) as client:
        log = EventLog(client, namespace=NAMESPACE)
        for n in range(total):
            log.publish(["job:a"] if n % 2 else ["job:a", "batch:b"], "job", {"n": n})
            time.sleep(0.0005)


def test_a_quiet_stream_resumes_from_where_the_hub_is(hub: Hub, log: EventLog) -> None:
    stream = hub.subscribe(["job:a"])
    busy = hub.subscribe(["job:b"])
    newest = log.publish("job:b", "job", {"n": 1})
    number(busy)

    assert stream.next(timeout_s=0) is None
    assert stream.position == newest


@pytest.mark.parametrize(
    "last_event_id",
    ["1-1", "99999999999999-0", "nonsense", "1-", "9" * 30 + "-0", "-1-1", "1-1\r\nx"],
    ids=["trimmed", "future", "word", "half", "huge", "negative", "lines"],
)
def test_an_id_that_is_not_kept_means_fetch_again(hub: Hub, log: EventLog, last_event_id: str) -> None:
    log.publish("job:a", "job", {"n": 1})

    stream = hub.subscribe(["job:a"], last_event_id=last_event_id)
    log.publish("job:a", "job", {"n": 2})
    event = stream.next(timeout_s=LONG_S)

    assert event is not None
    assert event.kind == "reset"
    assert number(stream) == 2


def test_more_missed_than_is_replayed_means_fetch_again(hub: Hub, log: EventLog) -> None:
    seen = log.publish("job:a", "job", {"n": -1})
    for n in range(MOST_MISSED + 1):
        log.publish("job:b", "job", {"n": n})

    stream = hub.subscribe(["job:a"], last_event_id=seen)
    event = stream.next(timeout_s=LONG_S)

    assert event is not None
    assert event.kind == "reset"


def test_the_cap_holds_and_a_closed_stream_frees_its_place(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(capacity=2)
    first, _second = hub.subscribe(["job:a"]), hub.subscribe(["job:a"])

    with pytest.raises(TooManyStreams):
        hub.subscribe(["job:a"])
    first.close()

    assert hub.subscribe(["job:a"])


def test_a_dropped_stream_frees_its_place(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(capacity=1)
    hub.subscribe(["job:a"])
    gc.collect()

    assert hub.subscribe(["job:a"])


def test_no_capacity_means_no_stream_and_no_thread(
    make_hub: Callable[..., Hub], listeners: Callable[[], int]
) -> None:
    hub = make_hub(capacity=0)

    with pytest.raises(TooManyStreams):
        hub.subscribe(["job:a"])

    assert listeners() == 0


def test_a_session_has_six_streams_and_others_still_get_theirs(hub: Hub) -> None:
    kept = [hub.subscribe(["job:a"], session="me") for _ in range(6)]

    with pytest.raises(TooManyStreams):
        hub.subscribe(["job:a"], session="me")

    assert hub.subscribe(["job:a"], session="you")
    assert len(kept) == hub.streams


def test_a_reader_that_is_too_slow_is_ended_and_comes_back_without_loss(hub: Hub, log: EventLog) -> None:
    slow = hub.subscribe(["job:a"])
    log.publish("job:a", "job", {"n": 0})
    assert number(slow) == 0
    for n in range(1, ROOM + 2):
        log.publish("job:a", "job", {"n": n})

    wait_until(lambda: slow.is_over)

    assert slow.next(timeout_s=0) is None
    assert hub.streams == 0


def test_closing_ends_a_waiting_stream_and_takes_no_more(hub: Hub) -> None:
    stream = hub.subscribe(["job:a"])
    ended: list[object] = []
    reader = threading.Thread(target=lambda: ended.append(stream.next(timeout_s=60)))
    reader.start()

    hub.close()
    reader.join(LONG_S)

    assert ended == [None]
    with pytest.raises(TooManyStreams):
        hub.subscribe(["job:a"])


def test_without_redis_there_is_no_stream_and_no_place_is_taken(closed_port: int) -> None:
    hub = Hub(lambda: client_of(f"redis://127.0.0.1:{closed_port}/0"), namespace=NAMESPACE, capacity=1)

    with pytest.raises(RedisUnavailable):
        hub.subscribe(["job:a"])

    assert hub.streams == 0
    hub.close()


@pytest.fixture
def closed_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Events in the stream, on every kind of server we support."""

from collections.abc import Iterator

import pytest
import redis

from tests.conftest import PrivateServer
from tests.live.conftest import LONG_S, NAMESPACE
from tests.servers import any_client, any_server
from thumbapp.live.events import EventLog, following, order, stream_key
from thumbapp.live.hub import Hub
from thumbapp.live.reader import Reader

__all__ = ["any_client", "any_server"]


@pytest.fixture
def log(any_client: redis.Redis) -> EventLog:
    return EventLog(any_client, namespace=NAMESPACE, maxlen=1_000)


@pytest.fixture
def reader(any_client: redis.Redis) -> Reader:
    return Reader(any_client, key=stream_key(NAMESPACE))


@pytest.fixture
def hub(any_server: PrivateServer) -> Iterator[Hub]:
    hub = Hub(
        lambda: redis.Redis.from_url(any_server.url, protocol=2, socket_timeout=2, socket_keepalive=False),
        namespace=NAMESPACE,
        capacity=5,
    )
    yield hub
    hub.close()


def test_an_event_comes_back_as_it_was(log: EventLog, reader: Reader) -> None:
    published = log.publish(["job:a", "batch:b"], "job", {"name": "żółw", "done": 1})

    batch = reader.wait("0-0", block_ms=1, most=10)

    assert [event.id for event in batch.events] == [published]
    assert batch.events[0].topics == {"job:a", "batch:b"}
    assert batch.events[0].payload == {"name": "żółw", "done": 1}


def test_a_live_stream_resumes_on_every_server(log: EventLog, hub: Hub) -> None:
    seen = log.publish("job:a", "job", {"n": 1})
    log.publish("job:a", "job", {"n": 2})

    stream = hub.subscribe(["job:a"], last_event_id=seen)
    log.publish("job:a", "job", {"n": 3})
    events = [stream.next(timeout_s=LONG_S) for _ in range(2)]

    assert [event and event.payload["n"] for event in events] == [2, 3]


def test_the_stream_stays_small_and_says_what_it_dropped(
    log: EventLog, reader: Reader, any_client: redis.Redis
) -> None:
    first = log.publish("job:a", "job", {})
    with any_client.pipeline(transaction=False) as pipe:
        for _ in range(3_000):
            log.publish("job:a", "job", {}, pipeline=pipe)
        pipe.execute()

    assert 1_000 <= any_client.xlen(stream_key(NAMESPACE)) <= 1_200
    assert not reader.keeps(first)
    assert not reader.keeps("0-0")
    assert reader.keeps(reader.newest())


def test_an_empty_stream_keeps_all_there_was(reader: Reader, log: EventLog) -> None:
    assert reader.newest() == "0-0"
    assert reader.keeps("0-0")

    published = log.publish("job:a", "job", {})

    assert reader.keeps("0-0")
    assert reader.newest() == published


def test_an_event_in_a_transaction_is_there_with_it(
    log: EventLog, reader: Reader, any_client: redis.Redis
) -> None:
    with any_client.pipeline() as pipe:
        pipe.set("record", "1")
        log.publish("job:a", "job", {}, pipeline=pipe)
        before = reader.newest()
        pipe.execute()

    assert before == "0-0"
    assert reader.newest() != "0-0"


def test_entries_of_somebody_else_are_passed_over(
    reader: Reader, log: EventLog, any_client: redis.Redis
) -> None:
    any_client.xadd(stream_key(NAMESPACE), {"foreign": "entry"})
    any_client.xadd(stream_key(NAMESPACE), {"topics": b"\xff", "kind": "job", "data": "{}"})
    published = log.publish("job:a", "job", {})

    batch = reader.wait("0-0", block_ms=1, most=10)

    assert [event.id for event in batch.events] == [published]
    assert batch.end == published


@pytest.mark.parametrize("kind", ["", "reset", "Job", "job\ndata: x", "j" * 65], ids=repr)
def test_a_kind_that_cannot_travel_is_refused(redis_client: redis.Redis, kind: str) -> None:
    with pytest.raises(ValueError, match="kind of event"):
        EventLog(redis_client, namespace=NAMESPACE).publish("job:a", kind, {})


def test_ids_are_compared_as_numbers() -> None:
    assert order("9-10") > order("9-9")
    assert order("10-0") > order("9-9")


@pytest.mark.parametrize(
    ("event_id", "next_id"),
    [("5-0", "5-1"), (f"5-{2**64 - 1}", "6-0"), ("0-0", "0-1")],
    ids=["sequence", "carry", "start"],
)
def test_the_id_after_another_is_the_next_possible(event_id: str, next_id: str) -> None:
    assert following(event_id) == next_id

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
import redis

from thumbapp.errors import WorkerNotFound
from thumbapp.taskqueue.workers import ALIVE_S, LATE_S, RunningTask, WorkerInfo, WorkerRegistry

ADA = WorkerInfo(
    id="a1",
    host="ada",
    pid=7,
    threads=4,
    versions={"python": "3.11"},
    running=(RunningTask("t1", "add", 1.5),),
    started_at=datetime(2026, 11, 24, tzinfo=UTC),
)


@pytest.fixture
def registry(redis_client: redis.Redis) -> WorkerRegistry:
    return WorkerRegistry(redis_client, namespace="test:")


def let_pass(client: redis.Redis, worker: WorkerInfo, seconds: float) -> None:
    client.pexpire(f"test:worker:{worker.id}", int((ALIVE_S - seconds) * 1000))


def test_a_worker_that_beats_is_alive(registry: WorkerRegistry) -> None:
    registry.beat(ADA)

    [seen] = registry.alive()

    told = replace(seen, age_s=0.0, clock_skew_s=0.0, server_time=None)
    assert told == ADA
    assert not seen.is_late
    assert seen.server_time is not None


def test_a_missed_heartbeat_is_late(registry: WorkerRegistry, redis_client: redis.Redis) -> None:
    registry.beat(ADA)
    let_pass(redis_client, ADA, LATE_S + 1)

    [seen] = registry.alive()

    assert seen.is_late
    assert LATE_S < seen.age_s < ALIVE_S


def test_a_silent_worker_vanishes_by_itself(registry: WorkerRegistry, redis_client: redis.Redis) -> None:
    registry.beat(ADA)
    redis_client.delete("test:worker:a1")

    assert registry.alive() == []
    assert redis_client.smembers("test:workers") == set()


def test_a_worker_that_stops_is_forgotten_at_once(registry: WorkerRegistry) -> None:
    registry.beat(ADA)
    registry.beat(replace(ADA, id="b2", host="bob"))

    registry.forget("a1")

    assert [worker.host for worker in registry.alive()] == ["bob"]


def test_workers_are_listed_by_host(registry: WorkerRegistry) -> None:
    registry.beat(replace(ADA, id="z", host="zoe"))
    registry.beat(ADA)

    assert [worker.host for worker in registry.alive()] == ["ada", "zoe"]


def test_a_worker_that_is_asked_to_stop_reads_that_with_its_next_beat(registry: WorkerRegistry) -> None:
    assert registry.beat(ADA) is False

    registry.ask_to_stop("a1")

    assert registry.beat(ADA) is True
    assert [worker.is_stopping for worker in registry.alive()] == [True]


def test_only_a_worker_that_lives_can_be_asked_to_stop(registry: WorkerRegistry) -> None:
    registry.beat(ADA)
    registry.forget("a1")

    with pytest.raises(WorkerNotFound):
        registry.ask_to_stop("a1")


def test_a_worker_of_another_version_is_read_as_far_as_it_is_understood(
    registry: WorkerRegistry, redis_client: redis.Redis
) -> None:
    registry.beat(ADA)
    told = orjson.loads(redis_client.get("test:worker:a1") or b"")
    del told["memory_bytes"]
    redis_client.set("test:worker:a1", orjson.dumps(told | {"mood": "good"}), px=9_000)

    assert [(worker.host, worker.memory_bytes) for worker in registry.alive()] == [("ada", 0)]

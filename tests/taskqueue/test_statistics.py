"""What was counted, read back: by task, by slot of time, and as percentiles."""

import time

import pytest
import redis

from thumbapp.taskqueue.queues import Queues
from thumbapp.taskqueue.run_counters import BUCKET_LABELS, SPAN_S, RunCounters, span_key
from thumbapp.taskqueue.samples import Sampler
from thumbapp.taskqueue.statistics import Durations, Statistics, TaskCounts, together

NAMESPACE = "test:"


@pytest.fixture
def statistics(redis_client: redis.Redis) -> Statistics:
    return Statistics(redis_client, namespace=NAMESPACE)


def count(client: redis.Redis, *runs: tuple[str, str, int, int]) -> None:
    """Count *runs*: name, outcome, ms waited, ms taken."""
    counters = RunCounters(f"{NAMESPACE}tasks")
    for name, outcome, waited_ms, took_ms in runs:
        counters.add(name, outcome, waited_ms=waited_ms, took_ms=took_ms)

    def send(*commands: tuple[object, ...]) -> None:
        for command in commands:
            client.execute_command(*command)

    counters.write(send, at_s=time.time())


def durations(**counts: int) -> Durations:
    return Durations(tuple(counts.get(f"ms{label}", 0) for label in BUCKET_LABELS))


@pytest.mark.parametrize(
    ("counts", "percent", "value_ms"),
    [
        ({"ms10": 100}, 50, 7.5),
        ({"ms10": 50, "ms1000": 50}, 50, 10),
        ({"ms10": 50, "ms1000": 50}, 95, 950),
        ({"msinf": 3}, 50, 300_000),
        ({}, 50, None),
    ],
    ids=["within a bucket", "at a bound", "in the last one", "beyond all", "none"],
)
def test_a_percentile_lies_where_so_many_are_below(
    counts: dict[str, int], percent: float, value_ms: float | None
) -> None:
    assert durations(**counts).percentile_ms(percent) == value_ms


def test_runs_are_counted_by_task_and_outcome(redis_client: redis.Redis, statistics: Statistics) -> None:
    count(redis_client, ("add", "done", 3, 7), ("add", "failed", 3, 7), ("nap:long", "done", 80, 9_000))

    totals = statistics.totals()

    assert (totals["add"].runs, totals["add"].failures, totals["add"].failed_share) == (2, 1, 0.5)
    assert totals["nap:long"].took.sum_ms == 9_000
    assert totals["nap:long"].wait.number == 1


def test_the_last_slot_holds_what_was_counted_just_now(
    redis_client: redis.Redis, statistics: Statistics
) -> None:
    count(redis_client, ("add", "done", 1, 1))

    slots = statistics.slots(hours=1, minutes=5)

    assert len(slots) == 12
    assert sum(slot.all.runs for slot in slots[-2:]) == 1  # five minutes may have begun in between
    assert slots[1].at.timestamp() - slots[0].at.timestamp() == 300


def test_a_day_has_as_many_slots_as_are_asked_for_and_old_counts_are_in_the_right_one(
    redis_client: redis.Redis, statistics: Statistics
) -> None:
    slots = statistics.slots(hours=24, minutes=30)
    at = slots[10].at.timestamp()
    redis_client.hset(span_key("test:tasks", at), mapping={"done:add": 2})
    redis_client.hset(span_key("test:tasks", at + SPAN_S), mapping={"done:add": 3, "failed:fail": 1})

    found = {slot.at: slot for slot in statistics.slots(hours=24, minutes=30)}

    assert len(slots) == 48
    assert found[slots[10].at].tasks["add"].runs == 5
    assert together(found.values())["fail"] == TaskCounts({"failed": 1})


def test_how_deep_the_queue_was_is_kept_beside_and_unknown_where_nobody_looked(
    redis_client: redis.Redis, statistics: Statistics
) -> None:
    for _ in range(3):
        redis_client.xadd("test:queue:normal", {"m": b"x"})
    Sampler(redis_client, namespace=NAMESPACE).take()

    slots = statistics.slots(hours=1, minutes=5)

    assert [slot.depth for slot in slots if slot.depth is not None] == [3]
    assert slots[0].depth is None


def test_a_sampler_looks_now_and_not_again_soon(redis_client: redis.Redis) -> None:
    sampler = Sampler(redis_client, namespace=NAMESPACE)

    sampler.look()
    redis_client.delete(*redis_client.keys("test:tasks:span:*"))
    sampler.look()

    assert redis_client.keys("test:tasks:span:*") == []


def test_reading_a_day_of_many_tasks_takes_no_time(redis_client: redis.Redis, statistics: Statistics) -> None:
    now = time.time()
    with redis_client.pipeline(transaction=False) as pipe:
        for back in range(288):
            fields = {f"took:{label}:task{at}": 5 for at in range(10) for label in BUCKET_LABELS}
            pipe.hset(span_key("test:tasks", now - back * SPAN_S), mapping=fields)
        pipe.execute()

    slots = statistics.slots(hours=24, minutes=30)

    assert len(Queues(redis_client, namespace=NAMESPACE).states()) == 3
    assert sum(slot.all.took.number for slot in slots) > 200_000

"""Queues from outside: what waits, for how long, and that a paused one is left alone by every worker."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from tests.conftest import PrivateServer
from tests.patience import until
from tests.taskqueue import sample_tasks
from thumbapp.config import Settings
from thumbapp.errors import UnknownQueue
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.queues import Queues, QueueState


@pytest.fixture
def huey(settings: Settings, any_server: PrivateServer, any_client: redis.Redis) -> Iterator[StreamHuey]:
    huey = sample_tasks.build(replace(settings, redis_url=any_server.url, lease=1))
    yield huey
    huey.close()


@pytest.fixture
def other(huey: StreamHuey, settings: Settings, any_server: PrivateServer) -> Iterator[StreamHuey]:
    """Return the same queue as another worker has it."""
    other = sample_tasks.build(replace(settings, redis_url=any_server.url, lease=1))
    yield other
    other.close()


@pytest.fixture
def queues(huey: StreamHuey) -> Queues:
    return Queues(huey.client, namespace=huey.namespace)


def add(huey: StreamHuey, *, priority: int | None = None) -> str:
    task: str = huey.enqueue(huey.task_named("add")((1, 2), {}, priority=priority)).id
    return task


def taken(huey: StreamHuey, *, tries: int = 2) -> str | None:
    """Return the id of the task that a worker takes next; None when it takes none."""
    for _ in range(tries):
        if (task := huey.storage.streams.take(block_ms=1)) is not None:
            return str(huey.deserialize_task(task.data).id)
    return None


def state_of(queues: Queues, name: str) -> QueueState:
    return next(state for state in queues.states() if state.name == name)


def test_what_waits_is_counted_and_what_is_in_hand_is_not(huey: StreamHuey, queues: Queues) -> None:
    add(huey)
    add(huey)

    assert taken(huey)

    normal = state_of(queues, "normal")
    assert (normal.waiting, normal.in_hand) == (1, 1)
    assert normal.oldest_s is not None


def test_the_oldest_is_the_one_that_waits_longest_not_the_one_that_runs(
    huey: StreamHuey, queues: Queues
) -> None:
    stream = huey.storage.streams.keys[1]
    for age_s in (500, 100):
        seconds, _ = huey.client.time()
        huey.client.xadd(stream, {"m": b"x"}, id=f"{(seconds - age_s) * 1000}-0")
    huey.storage.streams.take(block_ms=1)

    oldest = state_of(queues, "normal").oldest_s

    assert oldest is not None
    assert 99 < oldest < 110


def test_queues_that_no_worker_ever_saw_are_empty(queues: Queues) -> None:
    assert [(state.name, state.waiting, state.oldest_s) for state in queues.states()] == [
        ("high", 0, None),
        ("normal", 0, None),
        ("low", 0, None),
    ]


def test_nothing_is_taken_from_a_paused_queue_until_it_is_resumed(huey: StreamHuey, queues: Queues) -> None:
    task = add(huey)
    queues.pause("normal")

    assert taken(huey) is None
    assert state_of(queues, "normal").is_paused

    queues.resume("normal")
    until(lambda: taken(huey) == task)


def test_the_other_queues_go_on(huey: StreamHuey, queues: Queues) -> None:
    add(huey)
    queues.pause("normal")
    assert taken(huey) is None

    low = add(huey, priority=-1)

    assert taken(huey) == low


def test_what_a_worker_has_read_and_not_begun_goes_back_and_no_delivery_is_counted(
    huey: StreamHuey, other: StreamHuey, queues: Queues
) -> None:
    high, normal = add(huey, priority=1), add(huey)
    assert taken(huey) == high  # the same reading brought the other one into this process
    queues.pause("normal")

    assert taken(huey) is None
    assert state_of(queues, "normal").waiting == 1

    queues.resume("normal")
    delivery = other.storage.streams.take(block_ms=1)
    assert delivery is not None
    assert (other.deserialize_task(delivery.data).id, delivery.attempt) == (normal, 1)


def test_a_dead_workers_task_of_a_paused_queue_is_not_taken_over(
    huey: StreamHuey, other: StreamHuey, queues: Queues
) -> None:
    task = add(huey)
    assert taken(huey) == task
    huey.client.xclaim(
        huey.storage.streams.keys[1],
        "workers",
        huey.storage.streams.leases.consumer,
        0,
        [entry["message_id"] for entry in _pending(huey)],
        idle=60_000,
    )
    queues.pause("normal")

    assert taken(other) is None
    queues.resume("normal")
    other.storage.streams.leases._sweep_at = 0.0
    assert taken(other) == task


def _pending(huey: StreamHuey) -> list[dict[str, bytes]]:
    found: list[dict[str, bytes]] = huey.client.xpending_range(
        huey.storage.streams.keys[1], "workers", "-", "+", 10
    )
    return found


def test_a_pause_outlives_everybody_and_a_second_one_changes_nothing(
    huey: StreamHuey, other: StreamHuey, queues: Queues
) -> None:
    queues.pause("normal")
    since = state_of(queues, "normal").paused_at
    queues.pause("normal")
    add(huey)

    assert taken(other) is None
    assert state_of(queues, "normal").paused_at == since


def test_with_everything_paused_what_was_finished_is_still_acknowledged(
    huey: StreamHuey, queues: Queues
) -> None:
    task = add(huey)
    running = huey.dequeue()
    assert running is not None
    for name in ("high", "normal", "low"):
        queues.pause(name)

    huey.run(running)
    assert huey.dequeue() is None

    assert huey.result(task, preserve=True) == 3
    assert state_of(queues, "normal").in_hand == 0


def test_a_queue_that_does_not_exist_cannot_be_paused(queues: Queues) -> None:
    with pytest.raises(UnknownQueue, match="high, normal, low"):
        queues.pause("urgent")

"""What is promised of a message, on every kind of server; each `Worker` is a process of its own in effect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from huey.api import Task, chord
from huey.exceptions import TaskException

from thumbapp.errors import MessageTooLarge, TaskDied
from thumbapp.taskqueue.groups import GROUP
from thumbapp.taskqueue.queue import StreamHuey

LEASE_S = 2.0
NORMAL = b"test:queue:normal"


@dataclass
class Worker:
    """A queue on the server with a consumer name of its own, and what its tasks did."""

    huey: StreamHuey
    ran: list[Any] = field(default_factory=list)

    def enqueue(self, name: str, *args: Any, **options: Any) -> Any:
        return self.huey.enqueue(self.huey.task_named(name)(args, {}, **options))

    def take(self) -> Task | None:
        return self.huey.dequeue()

    def finish(self, task: Task | None) -> Any:
        assert task is not None
        return self.huey.execute(task)

    def run_next(self) -> Any:
        return self.finish(self.take())


NewWorker = Callable[[], Worker]


@pytest.fixture
def worker(any_client: redis.Redis) -> NewWorker:
    """Return a function that makes another worker on the same server."""

    def one() -> Worker:
        huey = StreamHuey("test", client=any_client, namespace="test:", key=b"key", lease_s=LEASE_S)
        made = Worker(huey)
        huey.task(name="note")(lambda value: made.ran.append(value) or value)
        huey.task(name="later")(lambda value: made.enqueue("note", value) and None)
        huey.task(name="sum")(lambda values, extra=0: sum(values) + extra)
        return made

    return one


@pytest.fixture
def fall_silent(any_client: redis.Redis) -> Callable[[], None]:
    """Return a function that lets every lease run out at once."""

    def silence() -> None:
        for stream in (b"test:queue:high", NORMAL, b"test:queue:low"):
            for entry in any_client.xpending_range(stream, GROUP, "-", "+", 100):
                words = ("XCLAIM", stream, GROUP, entry["consumer"], 0, entry["message_id"], "IDLE", 99_000)
                any_client.eval("return redis.call(unpack(ARGV))", 0, *words, "JUSTID")

    return silence


Silence = Callable[[], None]


def in_streams(client: redis.Redis) -> int:
    return sum(client.xlen(f"test:queue:{rank}") for rank in ("high", "normal", "low"))


def test_a_finished_task_leaves_its_result_and_nothing_in_the_queue(
    worker: NewWorker, any_client: redis.Redis
) -> None:
    one = worker()
    result = one.enqueue("note", 7)

    one.run_next()

    assert result.get() == 7
    assert in_streams(any_client) == 0
    assert any_client.xpending(NORMAL, GROUP)["pending"] == 0


def test_a_task_whose_worker_fell_silent_is_done_by_another(worker: NewWorker, fall_silent: Silence) -> None:
    one, other = worker(), worker()
    result = one.enqueue("note", 7)
    one.take()
    fall_silent()

    other.run_next()

    assert (one.ran, other.ran, result.get()) == ([], [7], 7)


def test_a_task_in_hand_is_not_taken_over_while_its_lease_is_renewed(
    worker: NewWorker, fall_silent: Silence
) -> None:
    one, other = worker(), worker()
    one.enqueue("note", 7)
    one.take()
    fall_silent()

    one.huey.storage.streams.leases.renew()

    assert other.take() is None


def test_a_worker_that_comes_back_too_late_changes_nothing(
    worker: NewWorker, fall_silent: Silence, any_client: redis.Redis
) -> None:
    one, other = worker(), worker()
    result = one.enqueue("note", "late")
    late = one.take()
    fall_silent()
    other.run_next()
    any_client.set("test:result:" + result.id, b"untouched")

    late.then(one.huey.task_named("note")(("follow-up",)))
    one.finish(late)

    assert any_client.get("test:result:" + result.id) == b"untouched"
    assert in_streams(any_client) == 0


def test_a_late_worker_does_not_renew_what_another_has(worker: NewWorker, fall_silent: Silence) -> None:
    one, other, third = worker(), worker(), worker()
    one.enqueue("note", 7)
    one.take()
    fall_silent()
    other.take()
    fall_silent()

    one.huey.storage.streams.leases.renew()

    assert third.run_next() == 7


def test_what_follows_a_task_is_there_with_its_result_and_not_before(
    worker: NewWorker, any_client: redis.Redis
) -> None:
    one = worker()
    note = one.huey.task_named("note")
    first, _ = one.huey.enqueue(note(("first",)).then(note(("second",))))
    key = "test:result:" + first.id

    one.huey.run(one.take())
    before = (any_client.exists(key), one.huey.pending_count())
    one.huey.storage.streams.settle()

    assert (before, any_client.exists(key), one.huey.pending_count()) == ((0, 0), 1, 1)


def test_what_a_task_itself_enqueues_is_there_at_once(worker: NewWorker, any_client: redis.Redis) -> None:
    one = worker()
    one.enqueue("later", 7)

    one.huey.run(one.take())

    assert in_streams(any_client) == 2


def test_a_task_that_kills_its_workers_goes_to_the_dead_letters(
    worker: NewWorker, fall_silent: Silence, any_client: redis.Redis
) -> None:
    told: list[tuple[str, str]] = []
    one = worker()
    result = one.enqueue("note", 7)
    for _ in range(3):
        assert worker().take() is not None
        fall_silent()

    last = worker()
    last.huey.on_dead.append(lambda task, error: told.append((task.id, str(error))))
    last.run_next()

    [(_, letter)] = any_client.xrange("test:dead")
    assert (last.ran, int(letter[b"attempts"]), in_streams(any_client)) == ([], 3, 0)
    assert told == [(result.id, str(TaskDied(3)))]
    with pytest.raises(TaskException, match="begun 3 times"):
        result.get()


def test_a_task_that_was_handed_back_was_not_delivered(
    worker: NewWorker, fall_silent: Silence, any_client: redis.Redis
) -> None:
    worker().enqueue("note", 7)
    for _ in range(5):
        one = worker()
        task = one.take()
        assert [entry.id for entry in one.huey.hand_back()] == [task.id]

    last = worker()
    last.run_next()

    assert (last.ran, any_client.exists("test:dead")) == ([7], 0)


def test_what_is_handed_back_waits_in_the_queue_and_comes_first(worker: NewWorker) -> None:
    one, other = worker(), worker()
    one.enqueue("note", "first")
    one.enqueue("note", "second")
    one.take()
    one.huey.hand_back()

    waiting = [task.args[0] for task in other.huey.pending()]

    assert (waiting, other.huey.pending_count()) == (["first", "second"], 2)
    assert other.run_next() == "first"


def test_what_is_in_hand_does_not_wait(worker: NewWorker) -> None:
    one = worker()
    one.enqueue("note", "first")
    one.enqueue("note", "second")

    one.take()

    assert ([task.args[0] for task in one.huey.pending()], one.huey.pending_count()) == (["second"], 1)


def test_of_two_tasks_on_their_last_try_one_runs_at_a_time(worker: NewWorker, fall_silent: Silence) -> None:
    one = worker()
    one.enqueue("note", "killer")
    one.enqueue("note", "bystander")
    for victim in (worker(), worker()):
        for _ in range(2):
            victim.huey.storage.streams._state.held = None  # as another thread would
            assert victim.take()
        fall_silent()

    last = worker()
    first = last.take()
    last.huey.storage.streams._state.held = None
    last.huey.storage.streams.leases.sweep()

    assert first is not None
    assert last.huey.storage.streams.buffer.take() is None


def test_a_higher_priority_goes_first_even_before_what_was_read_already(worker: NewWorker) -> None:
    one = worker()
    for value, priority in (("low", -1), ("normal", None), ("high", 1)):
        one.enqueue("note", value, priority=priority)
    one.run_next()
    one.enqueue("note", "high too", priority=9)

    for _ in range(3):
        one.run_next()

    assert one.ran == ["high", "high too", "normal", "low"]


def test_what_no_thread_takes_up_goes_to_another_worker(worker: NewWorker) -> None:
    one, other = worker(), worker()
    one.enqueue("note", "low", priority=-1)
    one.enqueue("note", "high", priority=1)
    one.take()
    [waiting] = one.huey.storage.streams.buffer._waiting
    waiting.leased_at -= 1.5

    one.huey.storage.streams.leases.renew()

    assert other.run_next() == "low"


def test_what_the_server_sent_and_nobody_saw_comes_again_and_counts_once(
    worker: NewWorker, any_client: redis.Redis, fall_silent: Silence
) -> None:
    one = worker()
    one.enqueue("note", 7)
    consumer = one.huey.storage.streams.leases.consumer
    one.huey.storage.streams._make_groups()
    any_client.xreadgroup(GROUP, consumer, {NORMAL: ">"})
    fall_silent()

    task = one.take()

    assert task is not None
    assert one.huey.storage.streams.held.attempt == 1


def test_a_chord_counts_a_member_that_was_delivered_twice_once(
    worker: NewWorker, fall_silent: Silence
) -> None:
    one, other = worker(), worker()
    note = one.huey.task_named("note")
    result = one.huey.enqueue(chord([note((1,)), note((2,))], one.huey.task_named("sum")()))
    first = one.take()
    fall_silent()
    other.run_next()
    one.finish(first)

    before = result.get()
    other.run_next()
    other.run_next()

    assert (before, result.get()) == (None, 3)


def test_a_full_memory_does_not_keep_a_worker_from_finishing(
    worker: NewWorker, any_client: redis.Redis
) -> None:
    one = worker()
    result = one.enqueue("note", 7)
    task = one.take()

    any_client.config_set("maxmemory-policy", "noeviction")
    any_client.config_set("maxmemory", 1)
    try:
        one.finish(task)
        with pytest.raises(redis.ResponseError, match="maxmemory"):
            one.enqueue("note", 8)
    finally:
        any_client.config_set("maxmemory", 0)

    assert result.get() == 7


def test_a_server_that_lost_everything_is_used_again(worker: NewWorker, any_client: redis.Redis) -> None:
    one = worker()
    emptied: list[str] = []
    one.huey.on_empty.append(lambda: emptied.append("yes"))
    one.enqueue("note", "before")
    one.run_next()
    any_client.flushall()
    any_client.script_flush()

    one.enqueue("note", "after")
    one.run_next()
    one.take()

    assert one.ran == ["before", "after"]
    assert emptied == ["yes", "yes"]
    assert in_streams(any_client) == 0


def test_a_task_in_hand_when_the_server_lost_everything_ends_quietly(
    worker: NewWorker, any_client: redis.Redis
) -> None:
    one = worker()
    one.enqueue("note", 7)
    task = one.take()
    any_client.flushall()

    one.finish(task)

    assert [key for key in any_client.scan_iter() if b"queue" not in key] == []


def test_when_the_clock_went_ahead_nobody_is_taken_for_silent(
    worker: NewWorker, fall_silent: Silence
) -> None:
    one, other = worker(), worker()
    leases = other.huey.storage.streams.leases
    leases.sweep()
    one.enqueue("note", 7)
    one.take()
    read_ms, at = leases._clock
    leases._clock = (read_ms - 3_600_000, at)
    leases._sweep_at = 0.0
    fall_silent()

    assert other.take() is None


def test_due_tasks_keep_their_priority(worker: NewWorker) -> None:
    one = worker()
    past = one.huey._get_timestamp().replace(year=2000)
    for value, priority in (("low", -1), ("high", 1)):
        task = one.huey.task_named("note")((value,), eta=past, priority=priority)
        one.huey.add_schedule(task)

    moved = one.huey.move_due()
    one.run_next()
    one.run_next()

    assert (moved, one.ran, one.huey.scheduled_count()) == (2, ["high", "low"], 0)


def test_a_message_too_large_for_the_queue_is_refused_at_the_caller(worker: NewWorker) -> None:
    one = worker()

    with pytest.raises(MessageTooLarge, match=r"5,000,\d+ bytes"):
        one.enqueue("note", "x" * 5_000_000)

    assert one.huey.pending_count() == 0


def test_consumers_that_are_gone_are_forgotten_and_those_with_work_are_not(
    worker: NewWorker, any_client: redis.Redis
) -> None:
    one, gone = worker(), worker()
    one.enqueue("note", 1)
    gone.take()
    gone.huey.hand_back()
    one.take()

    for each in (one, gone):
        each.huey.storage.streams.leases.tidy(leaving=True)

    names = {consumer["name"] for consumer in any_client.xinfo_consumers(NORMAL, GROUP)}
    assert one.huey.storage.streams.leases.consumer in names
    assert gone.huey.storage.streams.leases.consumer not in names
    assert any_client.xpending(NORMAL, GROUP)["pending"] == 1


def test_a_wait_shorter_than_a_second_ends(worker: NewWorker) -> None:
    one = worker()

    assert one.huey.storage.wait_result("nobody", timeout=0.05) is False

"""What people do to tasks: each happens once, and only where it can."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from huey.api import Task
from huey.exceptions import CancelExecution, RetryTask, TaskLockedException

from thumbapp.config import Settings
from thumbapp.errors import (
    ArgumentsMisfit,
    LetterNotFound,
    MessageRefused,
    TaskNotFound,
    TaskNotKept,
    UnknownTask,
    WrongTaskState,
)
from thumbapp.taskqueue.desk import TaskDesk
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.records import Filter

Run = Callable[[], Any]


@pytest.fixture
def desk(huey: StreamHuey) -> TaskDesk:
    return TaskDesk(huey)


@pytest.fixture
def luck(huey: StreamHuey) -> StreamHuey:
    @huey.task(name="try luck", retries=1)
    def try_luck(name: str) -> str:
        if huey.client.incr(f"test:{name}") <= 2:
            raise ValueError("no luck")
        return "luck"

    return huey


def test_a_task_is_run_by_its_name(desk: TaskDesk, run_next: Run) -> None:
    task = desk.submit("add", [2], {"b": 5})

    assert (task.state, task.args, task.kwargs) == ("queued", "[2]", '{"b":5}')
    assert run_next() == 7


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [("ad", [], UnknownTask), ("add", [1], ArgumentsMisfit), ("add", [1, 2, 3], ArgumentsMisfit)],
    ids=["unknown", "too few", "too many"],
)
def test_what_cannot_be_called_is_not_queued(
    desk: TaskDesk, huey: StreamHuey, name: str, args: list[int], error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.submit(name, args, {})

    assert huey.pending_count() == 0


def test_a_waiting_task_is_cancelled_at_once_and_never_runs(desk: TaskDesk, run_next: Run) -> None:
    task = desk.submit("add", [2, 5], {})

    cancelled = desk.cancel(task.id)
    run_next()

    assert (cancelled.state, cancelled.attempts) == ("cancelled", 0)
    assert (desk.find(task.id).state, desk.find(task.id).attempts) == ("cancelled", 0)


def test_a_task_cancelled_in_the_moment_it_was_taken_is_asked_to_stop(
    desk: TaskDesk, huey: StreamHuey
) -> None:
    task_id = desk.submit("rise", [2], {}).id
    taken = huey.dequeue()
    huey.client.rpush("test:climb:go", 1)

    desk.cancel(task_id)
    huey.execute(taken)

    assert (desk.find(task_id).state, desk.find(task_id).attempts) == ("cancelled", 1)
    assert not huey.client.scard(f"{huey.namespace}flags")


@pytest.mark.parametrize(
    "error",
    [ValueError("no luck"), RetryTask(delay=60), CancelExecution(retry=True), TaskLockedException()],
    ids=["fails", "asks to be tried again", "would stop for now", "finds a lock"],
)
def test_a_task_cancelled_while_it_runs_is_not_tried_again_whatever_it_meets(
    desk: TaskDesk, huey: StreamHuey, run_next: Run, error: Exception
) -> None:
    @huey.task(name="stumble", retries=3, context=True)
    def stumble(task: Task) -> None:
        desk.cancel(task.id)
        raise error

    task_id = desk.submit("stumble", [], {}).id
    run_next()

    assert desk.find(task_id).state == "cancelled"
    assert (huey.pending_count(), huey.scheduled_count()) == (0, 0)


def test_a_task_that_ends_while_it_is_cancelled_is_not_and_leaves_no_mark(
    huey: StreamHuey, run_next: Run
) -> None:
    class Late:
        cancel = retry = staticmethod(lambda *args: str(run_next()))

    desk = TaskDesk(huey, owners={"give": Late()})
    task = desk.submit("give", ["in time"], {})

    with pytest.raises(WrongTaskState, match="done"):
        desk.cancel(task.id)

    assert desk.find(task.id).state == "done"
    assert not huey.client.scard(f"{huey.namespace}flags")


def test_a_task_is_withdrawn_once_and_one_that_is_unknown_or_over_needs_none(
    desk: TaskDesk, huey: StreamHuey, run_next: Run
) -> None:
    waiting, over = desk.submit("add", [1, 1], {}), desk.submit("add", [2, 2], {})
    desk.withdraw(waiting.id)
    run_next(), run_next()

    desk.withdraw(over.id), desk.withdraw(waiting.id), desk.withdraw("nobody")

    assert (desk.find(waiting.id).state, desk.find(over.id).state) == ("cancelled", "done")
    assert not huey.client.scard(f"{huey.namespace}flags")


def test_a_scheduled_task_is_cancelled_and_put_back_into_the_schedule(
    desk: TaskDesk, huey: StreamHuey, run_next: Run
) -> None:
    task = huey.task_named("add")((2, 5), eta=huey._get_timestamp() + timedelta(hours=1))
    huey.enqueue(task)
    run_next()

    assert desk.cancel(task.id).state == "cancelled"
    assert desk.retry(task.id).state == "scheduled"
    assert (huey.scheduled_count(), huey.pending_count()) == (1, 0)
    assert not huey.is_revoked(task)


def test_a_cancelled_task_whose_message_waits_still_runs_once_when_it_is_wanted_after_all(
    desk: TaskDesk, huey: StreamHuey, run_next: Run
) -> None:
    task = desk.submit("add", [2, 5], {})
    desk.cancel(task.id)

    desk.retry(task.id)

    assert huey.pending_count() == 1
    assert run_next() == 7
    assert desk.find(task.id).state == "done"


def test_a_failed_task_runs_again_under_its_id_with_all_its_tries(luck: StreamHuey, run_next: Run) -> None:
    desk = TaskDesk(luck)
    task = desk.submit("try luck", ["ala"], {})
    run_next(), run_next()
    failed = desk.find(task.id)

    queued = desk.retry(task.id)
    run_next()

    assert (failed.state, failed.attempts) == ("failed", 2)
    assert (queued.state, queued.id) == ("queued", task.id)
    assert (desk.find(task.id).state, desk.find(task.id).attempts) == ("done", 3)


def test_a_failed_task_of_a_pipeline_goes_on_with_what_follows_it(luck: StreamHuey, run_next: Run) -> None:
    desk = TaskDesk(luck)
    first, then = luck.task_named("try luck")(("ola",)), luck.task_named("give")()
    first.on_complete = then
    luck.enqueue(first)
    run_next(), run_next()

    desk.retry(first.id)
    run_next(), run_next()

    assert luck.result(then.id) == "luck"
    assert desk.find(then.id).parent == first.id


def test_long_arguments_are_there_again(desk: TaskDesk, run_next: Run) -> None:
    task = desk.submit("fail", ["x" * 50_000], {})
    run_next()

    desk.retry(task.id)
    run_next()

    assert desk.find(task.id).attempts == 2


def test_arguments_that_nobody_kept_are_said(desk: TaskDesk, huey: StreamHuey, run_next: Run) -> None:
    task = desk.submit("fail", ["x" * 50_000], {})
    run_next()
    huey.client.delete(f"{huey.namespace}tasks:message:{task.id}")

    with pytest.raises(TaskNotKept):
        desk.retry(task.id)


def test_who_is_second_is_told_and_nothing_runs_twice(
    desk: TaskDesk, huey: StreamHuey, run_next: Run
) -> None:
    task = desk.submit("fail", ["x"], {})
    run_next()
    seen = desk.find(task.id)

    desk.retry(task.id)
    is_second = desk._queue_again(seen, desk._kept(seen), entry="")

    assert not is_second
    assert huey.pending_count() == 1


@pytest.mark.parametrize("name", ["add", "fail"])
def test_what_is_over_cannot_be_cancelled(desk: TaskDesk, run_next: Run, name: str) -> None:
    task = desk.submit(name, [1, 2] if name == "add" else ["x"], {})
    run_next()

    with pytest.raises(WrongTaskState):
        desk.cancel(task.id)


def test_what_is_done_or_waits_cannot_be_tried_again(desk: TaskDesk, run_next: Run) -> None:
    done = desk.submit("add", [2, 5], {})
    run_next()
    waiting = desk.submit("add", [2, 5], {})

    for task in (done, waiting):
        with pytest.raises(WrongTaskState):
            desk.retry(task.id)


def test_all_that_failed_are_tried_again_and_others_left(
    desk: TaskDesk, huey: StreamHuey, run_next: Run
) -> None:
    for reason in ("a", "b", "c"):
        desk.submit("fail", [reason], {})
    desk.submit("add", [2, 5], {})
    for _ in range(4):
        run_next()

    wanted = Filter(states=("failed",), name="fail")

    assert desk.records.count(wanted) == 3
    assert desk.retry_all(wanted) == (3, 0)
    assert huey.pending_count() == 3


def test_an_unknown_task_is_unknown(desk: TaskDesk) -> None:
    for act in (desk.find, desk.cancel, desk.retry):
        with pytest.raises(TaskNotFound):
            act("none")


class Remembering:
    """Stands for the jobs: what it is asked, it remembers."""

    def __init__(self, next_id: str) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.next_id = next_id

    def cancel(self, *args: Any) -> None:
        self.asked.append(("cancel", args))

    def retry(self, *args: Any) -> str:
        self.asked.append(("retry", args))
        return self.next_id


def test_the_owner_of_a_task_is_asked(huey: StreamHuey, run_next: Run) -> None:
    other = TaskDesk(huey).submit("add", [1, 1], {})
    owner = Remembering(other.id)
    desk = TaskDesk(huey, owners={"give": owner})
    task = desk.submit("give", ["job"], {})

    desk.cancel(task.id)

    assert desk.retry(task.id).id == other.id
    assert owner.asked == [("cancel", ("job",)), ("retry", ("job",))]


# --- dead letters -----------------------------------------------------------------------------------


def bury(huey: StreamHuey, *args: Any) -> str:
    task = huey.task_named("add")(args)
    huey.storage.bury(huey.serialize_task(task), "its worker died", attempts=3)
    return str(task.id)


def test_a_dead_letter_is_looked_at_and_put_back(desk: TaskDesk, huey: StreamHuey, run_next: Run) -> None:
    task_id = bury(huey, 2, 5)
    [letter], _ = desk.dead.page()

    assert (letter.reason, letter.attempts, letter.arguments) == ("its worker died", 3, "[2,5]")
    assert desk.put_back(letter.entry) == task_id
    assert desk.dead.count() == 0
    assert run_next() == 7
    with pytest.raises(LetterNotFound):
        desk.put_back(letter.entry)


def test_a_dead_task_is_put_back_from_its_record_too(desk: TaskDesk, huey: StreamHuey, run_next: Run) -> None:
    task = desk.submit("add", [2, 5], {})
    taken = huey.dequeue()
    huey._delivery.attempt = 4
    huey.execute(taken)
    dead = desk.find(task.id)

    desk.retry(task.id)

    assert dead.state == "dead"
    assert desk.dead.count() == 0
    assert run_next() == 7


def test_a_forgery_is_shown_as_such_and_not_put_back(desk: TaskDesk, huey: StreamHuey) -> None:
    huey.storage.bury(b"\x80\x04pickle", "it is pickled")
    [letter], _ = desk.dead.page()

    assert (letter.task, letter.arguments) == (None, "\\x80\x04pickle")
    with pytest.raises(MessageRefused):
        desk.put_back(letter.entry)
    assert desk.dead.count() == 1


def test_dead_letters_come_in_pages_newest_first(desk: TaskDesk, huey: StreamHuey) -> None:
    for number in range(5):
        bury(huey, number, 0)

    first, cursor = desk.dead.page(limit=3)
    rest, end = desk.dead.page(cursor=cursor, limit=3)

    assert [letter.arguments for letter in first + rest] == [f"[{n},0]" for n in (4, 3, 2, 1, 0)]
    assert end is None


def test_purging_takes_what_was_counted_and_nothing_newer(desk: TaskDesk, huey: StreamHuey) -> None:
    bury(huey, 1, 1)
    bury(huey, 2, 2)
    counted = desk.dead.newest()
    bury(huey, 3, 3)

    assert desk.dead.purge(until=counted) == 2
    assert desk.dead.count() == 1
    assert desk.dead.purge(until="nonsense") == 0


@pytest.mark.parametrize("entry", ["", "x", "1", "1-x", "-", "+", "9" * 30 + "-0"])
def test_no_letter_has_a_nonsense_id(desk: TaskDesk, entry: str) -> None:
    with pytest.raises(LetterNotFound):
        desk.dead.find(entry)


def test_all_of_it_works_on_any_server(any_client: redis.Redis) -> None:
    made = StreamHuey("any", client=any_client, namespace="any:", key=b"k" * 32)

    @made.task(name="fail")
    def fail() -> None:
        raise ValueError("no luck")

    desk = TaskDesk(made)
    task = desk.submit("fail", [], {})
    desk.cancel(task.id)
    desk.retry(task.id)
    made.execute(made.dequeue())
    made.dequeue()
    desk.retry(task.id)

    assert (desk.find(task.id).state, made.pending_count()) == ("queued", 1)
    made.storage.streams.leave_thread()


def test_who_only_looks_on_can_have_a_task_tried_again(
    huey: StreamHuey, run_next: Run, settings: Settings
) -> None:
    task = TaskDesk(huey).submit("fail", ["no luck"], {})
    run_next()
    onlooker = StreamHuey.from_settings(settings)

    queued = TaskDesk(onlooker).retry(task.id)
    run_next()

    assert queued.state == "queued"
    assert TaskDesk(huey).find(task.id).attempts == 2
    onlooker.close()

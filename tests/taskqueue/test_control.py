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
from thumbapp.taskqueue.control import TaskControl
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.records import Filter

Run = Callable[[], Any]


@pytest.fixture
def control(huey: StreamHuey) -> TaskControl:
    return TaskControl(huey)


@pytest.fixture
def luck(huey: StreamHuey) -> StreamHuey:
    @huey.task(name="try luck", retries=1)
    def try_luck(name: str) -> str:
        if huey.client.incr(f"test:{name}") <= 2:
            raise ValueError("no luck")
        return "luck"

    return huey


def test_a_task_is_run_by_its_name(control: TaskControl, run_next: Run) -> None:
    task = control.submit("add", [2], {"b": 5})

    assert (task.state, task.args, task.kwargs) == ("queued", "[2]", '{"b":5}')
    assert run_next() == 7


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [("ad", [], UnknownTask), ("add", [1], ArgumentsMisfit), ("add", [1, 2, 3], ArgumentsMisfit)],
    ids=["unknown", "too few", "too many"],
)
def test_what_cannot_be_called_is_not_queued(
    control: TaskControl, huey: StreamHuey, name: str, args: list[int], error: type[Exception]
) -> None:
    with pytest.raises(error):
        control.submit(name, args, {})

    assert huey.pending_count() == 0


def test_a_waiting_task_is_cancelled_at_once_and_never_runs(control: TaskControl, run_next: Run) -> None:
    task = control.submit("add", [2, 5], {})

    cancelled = control.cancel(task.id)
    run_next()

    assert (cancelled.state, cancelled.attempts) == ("cancelled", 0)
    assert (control.find(task.id).state, control.find(task.id).attempts) == ("cancelled", 0)


def test_a_task_cancelled_in_the_moment_it_was_taken_is_asked_to_stop(
    control: TaskControl, huey: StreamHuey
) -> None:
    task_id = control.submit("rise", [2], {}).id
    taken = huey.dequeue()
    huey.client.rpush("test:climb:go", 1)

    control.cancel(task_id)
    huey.execute(taken)

    assert (control.find(task_id).state, control.find(task_id).attempts) == ("cancelled", 1)
    assert not huey.client.scard(f"{huey.namespace}flags")


@pytest.mark.parametrize(
    "error",
    [ValueError("no luck"), RetryTask(delay=60), CancelExecution(retry=True), TaskLockedException()],
    ids=["fails", "asks to be tried again", "would stop for now", "finds a lock"],
)
def test_a_task_cancelled_while_it_runs_is_not_tried_again_whatever_it_meets(
    control: TaskControl, huey: StreamHuey, run_next: Run, error: Exception
) -> None:
    @huey.task(name="stumble", retries=3, context=True)
    def stumble(task: Task) -> None:
        control.cancel(task.id)
        raise error

    task_id = control.submit("stumble", [], {}).id
    run_next()

    assert control.find(task_id).state == "cancelled"
    assert (huey.pending_count(), huey.scheduled_count()) == (0, 0)


def test_a_task_that_ends_while_it_is_cancelled_is_not_and_leaves_no_mark(
    huey: StreamHuey, run_next: Run
) -> None:
    class Late:
        cancel = retry = staticmethod(lambda *args: str(run_next()))

    control = TaskControl(huey, owners={"give": Late()})
    task = control.submit("give", ["in time"], {})

    with pytest.raises(WrongTaskState, match="done"):
        control.cancel(task.id)

    assert control.find(task.id).state == "done"
    assert not huey.client.scard(f"{huey.namespace}flags")


def test_a_task_is_withdrawn_once_and_one_that_is_unknown_or_over_needs_none(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    waiting, over = control.submit("add", [1, 1], {}), control.submit("add", [2, 2], {})
    control.withdraw(waiting.id)
    run_next(), run_next()

    control.withdraw(over.id), control.withdraw(waiting.id), control.withdraw("nobody")

    assert (control.find(waiting.id).state, control.find(over.id).state) == ("cancelled", "done")
    assert not huey.client.scard(f"{huey.namespace}flags")


def test_a_scheduled_task_is_cancelled_and_put_back_into_the_schedule(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    task = huey.task_named("add")((2, 5), eta=huey._get_timestamp() + timedelta(hours=1))
    huey.enqueue(task)
    run_next()

    assert control.cancel(task.id).state == "cancelled"
    assert control.retry(task.id).state == "scheduled"
    assert (huey.scheduled_count(), huey.pending_count()) == (1, 0)
    assert not huey.is_revoked(task)


def test_a_cancelled_task_whose_message_waits_still_runs_once_when_it_is_wanted_after_all(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    task = control.submit("add", [2, 5], {})
    control.cancel(task.id)

    control.retry(task.id)

    assert huey.pending_count() == 1
    assert run_next() == 7
    assert control.find(task.id).state == "done"


def test_a_failed_task_runs_again_under_its_id_with_all_its_tries(luck: StreamHuey, run_next: Run) -> None:
    control = TaskControl(luck)
    task = control.submit("try luck", ["ala"], {})
    run_next(), run_next()
    failed = control.find(task.id)

    queued = control.retry(task.id)
    run_next()

    assert (failed.state, failed.attempts) == ("failed", 2)
    assert (queued.state, queued.id) == ("queued", task.id)
    assert (control.find(task.id).state, control.find(task.id).attempts) == ("done", 3)


def test_a_failed_task_of_a_pipeline_goes_on_with_what_follows_it(luck: StreamHuey, run_next: Run) -> None:
    control = TaskControl(luck)
    first, then = luck.task_named("try luck")(("ola",)), luck.task_named("give")()
    first.on_complete = then
    luck.enqueue(first)
    run_next(), run_next()

    control.retry(first.id)
    run_next(), run_next()

    assert luck.result(then.id) == "luck"
    assert control.find(then.id).parent == first.id


def test_long_arguments_are_there_again(control: TaskControl, run_next: Run) -> None:
    task = control.submit("fail", ["x" * 50_000], {})
    run_next()

    control.retry(task.id)
    run_next()

    assert control.find(task.id).attempts == 2


def test_arguments_that_nobody_kept_are_said(control: TaskControl, huey: StreamHuey, run_next: Run) -> None:
    task = control.submit("fail", ["x" * 50_000], {})
    run_next()
    huey.client.delete(f"{huey.namespace}tasks:message:{task.id}")

    with pytest.raises(TaskNotKept):
        control.retry(task.id)


def test_who_is_second_is_told_and_nothing_runs_twice(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    task = control.submit("fail", ["x"], {})
    run_next()
    seen = control.find(task.id)

    control.retry(task.id)
    is_second = control._queue_again(seen, control._kept(seen), entry="")

    assert not is_second
    assert huey.pending_count() == 1


@pytest.mark.parametrize("name", ["add", "fail"])
def test_what_is_over_cannot_be_cancelled(control: TaskControl, run_next: Run, name: str) -> None:
    task = control.submit(name, [1, 2] if name == "add" else ["x"], {})
    run_next()

    with pytest.raises(WrongTaskState):
        control.cancel(task.id)


def test_what_is_done_or_waits_cannot_be_tried_again(control: TaskControl, run_next: Run) -> None:
    done = control.submit("add", [2, 5], {})
    run_next()
    waiting = control.submit("add", [2, 5], {})

    for task in (done, waiting):
        with pytest.raises(WrongTaskState):
            control.retry(task.id)


def test_all_that_failed_are_tried_again_and_others_left(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    for reason in ("a", "b", "c"):
        control.submit("fail", [reason], {})
    control.submit("add", [2, 5], {})
    for _ in range(4):
        run_next()

    wanted = Filter(states=("failed",), name="fail")

    assert control.records.count(wanted) == 3
    assert control.retry_all(wanted) == (3, 0)
    assert huey.pending_count() == 3


def test_an_unknown_task_is_unknown(control: TaskControl) -> None:
    for act in (control.find, control.cancel, control.retry):
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
    other = TaskControl(huey).submit("add", [1, 1], {})
    owner = Remembering(other.id)
    control = TaskControl(huey, owners={"give": owner})
    task = control.submit("give", ["job"], {})

    control.cancel(task.id)

    assert control.retry(task.id).id == other.id
    assert owner.asked == [("cancel", ("job",)), ("retry", ("job",))]


# --- dead letters -----------------------------------------------------------------------------------


def bury(huey: StreamHuey, *args: Any) -> str:
    task = huey.task_named("add")(args)
    huey.storage.bury(huey.serialize_task(task), "its worker died", attempts=3)
    return str(task.id)


def test_a_dead_letter_is_looked_at_and_put_back(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    task_id = bury(huey, 2, 5)
    [letter], _ = control.dead.page()

    assert (letter.reason, letter.attempts, letter.arguments) == ("its worker died", 3, "[2,5]")
    assert control.put_back(letter.entry) == task_id
    assert control.dead.count() == 0
    assert run_next() == 7
    with pytest.raises(LetterNotFound):
        control.put_back(letter.entry)


def test_a_dead_task_is_put_back_from_its_record_too(
    control: TaskControl, huey: StreamHuey, run_next: Run
) -> None:
    task = control.submit("add", [2, 5], {})
    taken = huey.dequeue()
    huey._delivery.attempt = 4
    huey.execute(taken)
    dead = control.find(task.id)

    control.retry(task.id)

    assert dead.state == "dead"
    assert control.dead.count() == 0
    assert run_next() == 7


def test_a_forgery_is_shown_as_such_and_not_put_back(control: TaskControl, huey: StreamHuey) -> None:
    huey.storage.bury(b"\x80\x04pickle", "it is pickled")
    [letter], _ = control.dead.page()

    assert (letter.task, letter.arguments) == (None, "\\x80\x04pickle")
    with pytest.raises(MessageRefused):
        control.put_back(letter.entry)
    assert control.dead.count() == 1


def test_dead_letters_come_in_pages_newest_first(control: TaskControl, huey: StreamHuey) -> None:
    for number in range(5):
        bury(huey, number, 0)

    first, cursor = control.dead.page(limit=3)
    rest, end = control.dead.page(cursor=cursor, limit=3)

    assert [letter.arguments for letter in first + rest] == [f"[{n},0]" for n in (4, 3, 2, 1, 0)]
    assert end is None


def test_purging_takes_what_was_counted_and_nothing_newer(control: TaskControl, huey: StreamHuey) -> None:
    bury(huey, 1, 1)
    bury(huey, 2, 2)
    counted = control.dead.newest()
    bury(huey, 3, 3)

    assert control.dead.purge(until=counted) == 2
    assert control.dead.count() == 1
    assert control.dead.purge(until="nonsense") == 0


@pytest.mark.parametrize("entry", ["", "x", "1", "1-x", "-", "+", "9" * 30 + "-0"])
def test_no_letter_has_a_nonsense_id(control: TaskControl, entry: str) -> None:
    with pytest.raises(LetterNotFound):
        control.dead.find(entry)


def test_all_of_it_works_on_any_server(any_client: redis.Redis) -> None:
    made = StreamHuey("any", client=any_client, namespace="any:", key=b"k" * 32)

    @made.task(name="fail")
    def fail() -> None:
        raise ValueError("no luck")

    control = TaskControl(made)
    task = control.submit("fail", [], {})
    control.cancel(task.id)
    control.retry(task.id)
    made.execute(made.dequeue())
    made.dequeue()
    control.retry(task.id)

    assert (control.find(task.id).state, made.pending_count()) == ("queued", 1)
    made.storage.streams.leave_thread()


def test_who_only_looks_on_can_have_a_task_tried_again(
    huey: StreamHuey, run_next: Run, settings: Settings
) -> None:
    task = TaskControl(huey).submit("fail", ["no luck"], {})
    run_next()
    onlooker = StreamHuey.from_settings(settings)

    queued = TaskControl(onlooker).retry(task.id)
    run_next()

    assert queued.state == "queued"
    assert TaskControl(huey).find(task.id).attempts == 2
    onlooker.close()

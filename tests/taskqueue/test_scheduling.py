"""Schedules and the queue together: what a plan becomes, and what is told of its runs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from huey import crontab as huey_crontab

import thumbapp
from thumbapp.config import Settings
from thumbapp.schedules.model import Outcome, Schedule, Slot
from thumbapp.schedules.service import Schedules
from thumbapp.schedules.ticker import Ticker
from thumbapp.taskqueue.crontab import crontab
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.scheduling import HueyTaskQueue

RunNext = Callable[[], Any]
_FIRST = datetime(2026, 11, 1)  # noqa: DTZ001 - Huey asks with naive times of UTC


class Board:
    """The schedules of a queue, fired when told to."""

    def __init__(self, huey: StreamHuey) -> None:
        self.huey = huey
        self.schedules = self._open()
        self.ticker = self.new_ticker()

    def _open(self) -> Schedules:
        return Schedules(self.huey.client, namespace=self.huey.namespace, queue=HueyTaskQueue(self.huey))

    def new_ticker(self) -> Ticker:
        return Ticker(self.huey.client, namespace=self.huey.namespace, queue=HueyTaskQueue(self.huey))

    def due(self, task: str, *args: Any, **told: Any) -> Schedule:
        """Save a schedule that is due now and let it be fired."""
        plan = {"name": task, "task": task, "args": list(args), "kind": "interval", "every": 60}
        schedule = self.schedules.create(plan | told)
        return self.fire_again(schedule)

    def fire_again(self, schedule: Schedule, *, ago_s: float = 0.05) -> Schedule:
        """Let *schedule* have been due *ago_s* ago and be fired."""
        keys, now = self.schedules.store.keys, self.schedules.store.now()
        slot = int(now.timestamp() * 1000 - ago_s * 1000)
        self.huey.client.hset(keys.record(schedule.id), mapping={"slot": slot, "anchor": slot})
        self.huey.client.zadd(keys.due, {schedule.id: slot})
        self.new_ticker().tick()
        return self.now(schedule)

    def now(self, schedule: Schedule) -> Schedule:
        return self.schedules.store.find(schedule.id)

    def last(self, schedule: Schedule) -> Slot:
        """Return the newest slot that has ended."""
        return self.schedules.store.history(schedule.id)[0][1]


@pytest.fixture
def board(huey: StreamHuey) -> Board:
    """Return the schedules of the sample queue."""
    return Board(huey)


def test_a_run_is_a_task_whose_result_can_be_read(board: Board, run_next: RunNext) -> None:
    schedule = board.due("add", 2, 5)
    [task] = board.schedules.store.open_slots(schedule.id)

    assert run_next() == 7
    assert board.huey.result(task.task_id, preserve=True) == 7
    slot = board.last(schedule)
    assert (slot.outcome, slot.task_id, slot.attempts) == (Outcome.DONE, task.task_id, 1)
    assert slot.worker.endswith(f":{__import__('os').getpid()}")


def test_a_run_that_fails_counts_and_says_why(board: Board, run_next: RunNext) -> None:
    schedule = board.due("fail", "no paper")
    run_next()

    slot, after = board.last(schedule), board.now(schedule)
    assert (slot.outcome, slot.reason) == (Outcome.FAILED, "ValueError: no paper")
    assert (after.runs, after.failures, after.streak, after.last) == (1, 1, 1, slot)


def test_a_run_that_is_tried_again_is_one_run(board: Board, run_next: RunNext) -> None:
    schedule = board.due("fail", "no paper", retries=2)
    run_next()
    between = board.schedules.store.open_slots(schedule.id)[0]
    run_next()
    run_next()

    assert (between.outcome, between.reason) == (Outcome.RETRYING, "ValueError: no paper")
    assert (board.last(schedule).attempts, board.now(schedule).runs, board.now(schedule).failures) == (
        3,
        1,
        1,
    )


def test_a_run_that_was_taken_back_does_not_begin(board: Board, run_next: RunNext) -> None:
    schedule = board.due("nap", 0)
    board.schedules.switch(schedule.id, on=False)

    run_next()

    assert board.huey.client.exists("test:naps:begun") == 0
    assert board.last(schedule).outcome is Outcome.CANCELLED
    assert board.huey.pending_count() == 0


def test_a_run_of_a_removed_schedule_does_not_begin_and_leaves_nothing(
    board: Board, run_next: RunNext
) -> None:
    schedule = board.due("nap", 0)
    board.schedules.remove(schedule.id)

    run_next()

    assert board.huey.client.exists("test:naps:begun") == 0
    assert list(board.huey.client.scan_iter("*schedule:*")) == []


def test_a_schedule_removed_while_it_runs_leaves_nothing(board: Board, huey: StreamHuey) -> None:
    schedule = board.due("nap", 0)

    @huey.pre_execute(name="remove")
    def remove(task: Any) -> None:
        board.schedules.remove(schedule.id)

    huey.execute(huey.dequeue())

    assert huey.client.llen("test:naps:ended") == 1
    assert list(huey.client.scan_iter("*schedule:*")) == []


def test_a_run_that_comes_too_late_expires(board: Board, run_next: RunNext) -> None:
    schedule = board.due("nap", 0, expires=1)
    board.schedules.switch(schedule.id, on=False)
    board.schedules.switch(schedule.id, on=True)
    board.fire_again(schedule, ago_s=5)

    run_next()
    run_next()

    assert board.last(schedule).outcome is Outcome.EXPIRED
    assert board.huey.client.exists("test:naps:begun") == 0


def test_priority_decides_about_the_stream(board: Board) -> None:
    for name, priority in (("low", -1), ("normal", 0), ("high", 5)):
        board.due("give", name, name=name, priority=priority)

    assert [task.args for task in board.huey.pending()] == [("high",), ("normal",), ("low",)]


def test_what_the_queue_tells_others_is_told_of_scheduled_tasks_too(board: Board, huey: StreamHuey) -> None:
    told: list[tuple[str, str]] = []
    huey.signal("enqueued")(lambda signal, task: told.append((signal, task.name)))

    board.due("add", 2, 5)

    assert told == [("enqueued", "add")]


def test_arguments_are_judged_by_the_signature(board: Board) -> None:
    queue = HueyTaskQueue(board.huey)

    assert queue.misfit("add", (2, 5), {}) == ""
    assert queue.misfit("add", (2,), {"b": 5.5}) == ""
    assert "missing a required argument: 'b'" in queue.misfit("add", (2,), {})
    assert queue.misfit("add", (2, "5"), {}) == "b must be float, not '5'"
    assert queue.misfit("add", (True, 5), {}) == "a must be float, not True"


# --- what stands in the code ----------------------------------------------------------------------------


def test_a_periodic_task_is_a_schedule_and_fires_once_for_all(board: Board, huey: StreamHuey) -> None:
    huey.periodic_task(crontab(), name="tick")(lambda: "tock")
    tickers = [board.new_ticker() for _ in range(3)]
    for ticker in tickers:
        ticker.tick()
    schedule = board.schedules.store.named("tick")
    board.fire_again(schedule)
    for ticker in tickers:
        ticker.tick()

    assert huey.pending_count() == 1
    assert (schedule.source, schedule.plan.cron, schedule.plan.tz) == ("code", "* * * * *", "UTC")
    assert huey.execute(huey.dequeue()) == "tock"


def test_a_foreign_validator_is_asked_minute_by_minute(board: Board, huey: StreamHuey) -> None:
    huey.periodic_task(huey_crontab(minute="*/2"), name="tick")(lambda: None)
    board.new_ticker().tick()
    schedule = board.schedules.store.named("tick")
    since_minute = board.schedules.store.now().timestamp() % 60
    after = board.fire_again(schedule, ago_s=since_minute + 120)

    run, missed = board.schedules.store.open_slots(schedule.id), board.schedules.store.history(schedule.id)
    assert [slot.due.minute % 2 for slot in run] == [0]
    assert {slot.due.minute % 2 for _, slot in missed} <= {0}
    assert after.slot is not None
    assert after.slot.minute % 2 == 0


def test_an_edit_of_what_stands_in_the_code_holds_until_it_is_reset(board: Board, huey: StreamHuey) -> None:
    huey.periodic_task(crontab(minute="0"), name="tick")(lambda: None)
    board.ticker.tick()
    seen = board.schedules.store.named("tick")
    board.schedules.edit(seen.id, {"kind": "interval", "every": 30}, version=seen.version)
    board.schedules.sync_code()
    edited = board.now(seen)

    assert (edited.is_overridden, edited.plan.every) == (True, 30)
    assert board.schedules.reset(seen.id).plan == seen.plan


def test_the_code_changes_what_nobody_has_edited(board: Board, huey: StreamHuey) -> None:
    huey.periodic_task(crontab(minute="0"), name="tick")(lambda: None)
    board.ticker.tick()
    huey.periodic["tick"] = crontab(minute="30")
    board.schedules.sync_code()

    assert board.schedules.store.named("tick").plan.cron == "30 * * * *"


def test_what_the_code_has_no_more_does_not_run_and_comes_back_with_it(
    board: Board, huey: StreamHuey
) -> None:
    huey.periodic_task(crontab(), name="tick")(lambda: None)
    board.ticker.tick()
    schedule = board.schedules.store.named("tick")
    judge = huey.periodic.pop("tick")
    board.fire_again(schedule, ago_s=3)
    orphan = board.now(schedule)
    huey.periodic["tick"] = judge
    board.schedules.sync_code()

    assert orphan.due is None
    assert huey.pending_count() == 0
    back = board.now(schedule).due
    assert back is not None
    assert back > board.schedules.store.now()


@pytest.mark.parametrize(
    ("given", "expression"),
    [
        ({}, "* * * * *"),
        ({"minute": "*/15", "hour": "8-18"}, "*/15 8-18 * * *"),
        ({"minute": 0, "hour": "22-2"}, "0 0,1,2,22,23 * * *"),
        ({"minute": "0", "day_of_week": "1-5"}, "0 * * * 1-5"),
        ({"minute": "0", "day_of_week": "7"}, "0 * * * 7"),
        ({"minute": "0", "day": "1", "day_of_week": "1"}, ""),
    ],
)
def test_the_codes_crontab_says_what_it_was_given(given: dict[str, Any], expression: str) -> None:
    made = thumbapp.crontab(**given)
    minutes = [_FIRST + timedelta(minutes=17 * step) for step in range(3_000)]

    assert made.expression == expression
    assert [made(minute) for minute in minutes] == [huey_crontab(**given)(minute) for minute in minutes]


def test_the_codes_crontab_refuses_what_huey_would_drop() -> None:
    with pytest.raises(ValueError, match="MON is not a valid input"):
        crontab(day_of_week="MON")


# --- a real consumer ------------------------------------------------------------------------------------


def test_an_every_second_schedule_runs_within_its_second(settings: Settings, huey: StreamHuey) -> None:
    consumer = huey.create_consumer(workers=2, shutdown_timeout=1)
    board = Board(huey)
    consumer.start()
    consumer._ticker.start()
    try:
        made = board.schedules.create(
            {"name": "each", "task": "nap", "args": [0], "kind": "interval", "every": 1}
        )
        deadline = time.monotonic() + 60
        while board.now(made).runs < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        off = board.schedules.switch(made.id, on=False)
    finally:
        consumer.stop(graceful=True)
        consumer._ticker.stop()

    first = board.schedules.store.history(made.id)[-1][1]
    assert first.outcome is Outcome.DONE
    assert first.due == made.slot
    assert first.due > datetime.now(UTC) - timedelta(minutes=1)
    assert board.now(made).runs == board.huey.client.llen("test:naps:begun") >= 2
    assert off.plan.enabled is False

"""What is to be done about what is due: misfire policies, grace, jitter, limits; without a server."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.schedules.conftest import utc
from thumbapp.schedules.firing import MOST_MADE_UP, Firing, Missed, Run, decide, refuse
from thumbapp.schedules.model import Kind, Misfire, Plan, Schedule

START = utc("2026-11-24T12:00:00")
SECOND = timedelta(seconds=1)


def schedule(**told: Any) -> Schedule:
    plan = Plan(**({"name": "one", "task": "hello", "kind": Kind.INTERVAL, "every": 10} | told))
    return Schedule("id", 1, plan, anchor=START)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def words(firing: Firing) -> list[str]:
    """Return each step as the seconds of its slot and what is done: ``10 run``, ``0 misfired x3``."""
    return [_word(step) for step in firing.steps]


def _word(step: Run | Missed) -> str:
    second = f"{(step.slot - START).total_seconds():g}"
    if isinstance(step, Run):
        return f"{second} run"
    return f"{second} {step.outcome}" + (f" x{step.slots}" if step.slots > 1 else "")


@pytest.mark.parametrize(
    ("misfire", "late", "steps"),
    [
        (Misfire.RUN_ONCE, 0, ["0 run"]),
        (Misfire.RUN_ONCE, 25, ["0 misfired", "10 misfired", "20 run"]),
        (Misfire.RUN_ONCE, 29.9, ["0 misfired", "10 misfired", "20 run"]),
        (Misfire.RUN_ALL, 25, ["0 run", "10 run", "20 run"]),
        (Misfire.SKIP, 2, ["0 run"]),
        (Misfire.SKIP, 2.001, ["0 misfired"]),
        (Misfire.SKIP, 21, ["0 misfired", "10 misfired", "20 run"]),
        (Misfire.SKIP, 25, ["0 misfired", "10 misfired", "20 misfired"]),
    ],
)
def test_the_misfire_policy_decides(misfire: Misfire, late: float, steps: list[str]) -> None:
    one = schedule(misfire=misfire, grace=2)

    firing = decide(one, START, after(late))

    assert words(firing) == steps
    assert firing.next_slot == after((late // 10 + 1) * 10)


@pytest.mark.parametrize("misfire", list(Misfire))
def test_of_very_many_missed_slots_the_oldest_stand_on_one_line(misfire: Misfire) -> None:
    firing = decide(schedule(misfire=misfire), START, after(10_000))

    first, *rest = firing.steps
    assert isinstance(first, Missed)
    assert first.slots + len(rest) == 1_001
    assert len(rest) == MOST_MADE_UP
    assert firing.next_slot == after(10_010)


def test_what_is_not_due_yet_is_left() -> None:
    assert decide(schedule(), after(10), after(9.999)) == Firing([], after(10))


def test_jitter_delays_each_slot_the_same_for_everybody_and_by_less_than_it_says() -> None:
    runs = decide(schedule(jitter=9, misfire=Misfire.RUN_ALL), START, after(500)).steps
    delays = {(step.planned - step.slot) / SECOND for step in runs if isinstance(step, Run)}

    assert len(delays) > 40
    assert all(0 <= delay < 9 for delay in delays)


def test_nothing_is_due_after_the_end() -> None:
    firing = decide(schedule(end=after(15), misfire=Misfire.RUN_ALL), START, after(60))

    assert words(firing) == ["0 run", "10 run"]
    assert firing.next_slot is None


def test_a_single_time_has_no_next() -> None:
    firing = decide(schedule(kind=Kind.ONCE, every=0, at=START), START, after(3600))

    assert (words(firing), firing.next_slot) == (["0 run"], None)


def test_a_cron_that_was_away_for_days_runs_its_newest_time() -> None:
    one = schedule(kind=Kind.CRON, every=0, cron="5 15 * * *", tz="Europe/Warsaw")

    firing = decide(one, utc("2026-11-24T14:05"), utc("2026-11-27T20:00"))

    assert [step.slot.day for step in firing.steps] == [24, 25, 26, 27]
    assert [isinstance(step, Run) for step in firing.steps] == [False, False, False, True]
    assert firing.next_slot == utc("2026-11-28T14:05")


def test_what_cannot_run_is_passed_over_with_its_reason() -> None:
    firing = refuse(schedule(), START, after(25), reason="No task is called 'hello'.")

    assert words(firing) == ["0 skipped", "10 skipped", "20 skipped"]
    reasons = {step.reason for step in firing.steps if isinstance(step, Missed)}
    assert reasons == {"No task is called 'hello'."}
    assert firing.next_slot == after(30)


def test_a_judge_of_the_code_denies_slots() -> None:
    one = schedule(kind=Kind.CODE, every=0)

    firing = decide(one, START, after(150), is_slot=lambda slot: slot.minute == 1)

    assert [step.slot for step in firing.steps] == [after(60)]

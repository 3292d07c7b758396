"""What is to be done about a schedule that is due: which slots run, which were missed, what comes next.

Pure: whoever fires carries it out in one Lua call. Knows no Redis.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from thumbapp.schedules.model import Kind, Misfire, Outcome, Plan, Schedule
from thumbapp.schedules.recurrence import due_at, next_slot, slots

Judge = Callable[[datetime], bool]

MOST_MADE_UP: Final = 100
_MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """A slot that is to run; *planned* is when it was to be fired, its jitter among it."""

    slot: datetime
    planned: datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """A slot that will not run, or *slots* of them in a row from it on, and why."""

    slot: datetime
    outcome: Outcome
    reason: str
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Overdue:
    """The slots that have come up to now: the newest ones, and how many there were before those."""

    newest: list[datetime]
    first: datetime
    earlier: int


@dataclass(frozen=True, slots=True)
class Firing:
    """What to do about a due schedule; ``next_slot`` is None when no run is to come."""

    steps: list[Run | Missed]
    next_slot: datetime | None


def decide(schedule: Schedule, slot: datetime, now: datetime, *, is_slot: Judge | None = None) -> Firing:
    """Return what to do *now* about *schedule*, whose next slot is *slot*; *is_slot* may deny one.

    Of the slots that have passed, the last is on time when it is late by no more than the grace. The
    others were missed: nobody was there to fire them.
    """
    overdue = passed(schedule, slot, now, is_slot=is_slot)
    if not overdue.newest:
        return Firing([], slot)
    *missed, last = overdue.newest
    steps: list[Run | Missed] = []
    if overdue.earlier:
        steps.append(Missed(overdue.first, Outcome.MISFIRED, _LONG_PAST, overdue.earlier))
    if schedule.plan.misfire is Misfire.RUN_ALL:
        steps += [_run(schedule, each) for each in missed]
    else:
        steps += [Missed(each, Outcome.MISFIRED, _MISSED[schedule.plan.misfire]) for each in missed]
    late = now - due_at(schedule.id, schedule.plan, last)
    if schedule.plan.misfire is Misfire.SKIP and late > timedelta(seconds=schedule.plan.grace):
        steps.append(Missed(last, Outcome.MISFIRED, _too_late(late, schedule.plan.grace)))
    else:
        steps.append(_run(schedule, last))
    return Firing(steps, next_slot(schedule.plan, schedule.anchor, last))


def refuse(schedule: Schedule, slot: datetime, now: datetime, *, reason: str) -> Firing:
    """Return how to pass over what is due of *schedule* because it cannot run, for *reason*."""
    overdue = passed(schedule, slot, now)
    if not overdue.newest:
        return Firing([], slot)
    steps: list[Run | Missed] = [Missed(each, Outcome.SKIPPED, reason) for each in overdue.newest]
    if overdue.earlier:
        steps.insert(0, Missed(overdue.first, Outcome.SKIPPED, reason, overdue.earlier))
    return Firing(steps, next_slot(schedule.plan, schedule.anchor, overdue.newest[-1]))


def passed(schedule: Schedule, slot: datetime, now: datetime, *, is_slot: Judge | None = None) -> Overdue:
    """Return the slots of *schedule* from *slot* to *now*; one whose jitter is not over is not among them."""
    until = min(now, schedule.plan.end or now)
    newest, earlier = _newest(schedule.plan, schedule.anchor, slot, until)
    while newest and due_at(schedule.id, schedule.plan, newest[-1]) > now:
        newest.pop()
    if is_slot is None:
        return Overdue(newest, slot, earlier)
    return Overdue([each for each in newest if is_slot(each)], slot, 0)


_LONG_PAST: Final = "Nobody was there to fire them, and they are too many to be made up."
_MISSED: Final = {
    Misfire.RUN_ONCE: "Nobody was there to fire it; the run after it stands for it.",
    Misfire.SKIP: "Nobody was there to fire it.",
}


def _too_late(late: timedelta, grace_s: int) -> str:
    return f"It would have been {late.total_seconds():,.1f} s late, more than the grace of {grace_s:,} s."


def _run(schedule: Schedule, slot: datetime) -> Run:
    return Run(slot, due_at(schedule.id, schedule.plan, slot))


def _newest(plan: Plan, anchor: datetime, slot: datetime, now: datetime) -> tuple[list[datetime], int]:
    """Return the newest slots from *slot* to *now*, and how many others there were before them.

    Of more than `_MOST_COUNTED` that are not evenly spaced only so many are counted.
    """
    if plan.kind is Kind.INTERVAL:
        count = (now - slot) // timedelta(seconds=plan.every) + 1 if slot <= now else 0
        skipped = max(count - MOST_MADE_UP, 0)
        first = slot + skipped * timedelta(seconds=plan.every)
        return _up_to(now, [first, *islice(slots(plan, anchor, first), MOST_MADE_UP)]), skipped
    found = _up_to(now, [slot, *islice(slots(plan, anchor, slot), _MOST_COUNTED)])
    if len(found) > _MOST_COUNTED:
        return _latest(plan, anchor, now), _MOST_COUNTED
    return found[-MOST_MADE_UP:], max(len(found) - MOST_MADE_UP, 0)


def _up_to(now: datetime, found: Iterable[datetime]) -> list[datetime]:
    return [slot for slot in found if slot <= now]


def _latest(plan: Plan, anchor: datetime, now: datetime) -> list[datetime]:
    """Return the newest slots up to *now*, looking back over longer and longer times."""
    span = timedelta(minutes=1)
    while True:
        found = _up_to(now, _between(plan, anchor, now - span, now))
        if len(found) >= MOST_MADE_UP:
            return found[-MOST_MADE_UP:]
        span *= 2


def _between(plan: Plan, anchor: datetime, start: datetime, end: datetime) -> list[datetime]:
    found = []
    for slot in slots(plan, anchor, start):
        if slot > end:
            break
        found.append(slot)
    return found

"""When a plan is due: its slots, one after the other, and the moments at which they are fired."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final, Self
from zlib import crc32

from thumbapp.schedules.cron import Cron, changes_of_day
from thumbapp.schedules.model import Kind, Plan, cut

_MS: Final = timedelta(milliseconds=1)
MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A run that will come: UTC, on its own clock, and whether that clock is set anew on the day."""

    utc: datetime
    local: datetime
    is_on_change: bool

    @classmethod
    def of(cls, moment: datetime, plan: Plan) -> Self:
        """Return *moment* as *plan*'s zone has it."""
        zone = plan.zone
        return cls(moment, moment.astimezone(zone), changes_of_day(moment, zone))


def next_slot(plan: Plan, anchor: datetime, after: datetime) -> datetime | None:
    """Return the first slot of *plan* later than *after*, None when there is none; all are UTC.

    An interval counts from *anchor*, so it does not drift. `max_runs` is not looked at: how many there
    were is known where they are fired.
    """
    if plan.start is not None:
        after = max(after, plan.start - _MS)
    found = _SLOTS[plan.kind](plan, anchor, after)
    return None if found is None or (plan.end is not None and found > plan.end) else found


def slots(plan: Plan, anchor: datetime, after: datetime) -> Iterator[datetime]:
    """Yield the slots of *plan* later than *after*."""
    found = next_slot(plan, anchor, after)
    while found is not None:
        yield found
        found = next_slot(plan, anchor, found)


def upcoming(plan: Plan, anchor: datetime, after: datetime, *, count: int = 5) -> list[Upcoming]:
    """Return the next *count* runs of *plan* after *after*, without jitter; at most `max_runs`."""
    most = min(count, plan.max_runs or count, MOST_SHOWN)
    return [Upcoming.of(slot, plan) for slot in islice(slots(plan, anchor, after), most)]


def due_at(schedule_id: str, plan: Plan, slot: datetime) -> datetime:
    """Return when *slot* is fired: up to `jitter` seconds later, by what everybody computes alike."""
    if not plan.jitter:
        return slot
    share = crc32(f"{schedule_id}:{slot.isoformat()}".encode()) / 2**32
    return cut(slot + timedelta(seconds=plan.jitter * share))


def anchor_of(plan: Plan, now: datetime) -> datetime:
    """Return what an interval that begins *now* counts from: its start where it has one."""
    return cut(plan.start or now)


@lru_cache(maxsize=20_000)
def parsed(text: str) -> Cron:
    """Return the cron expression *text*, which was found good before."""
    return Cron.parse(text)


def _interval(plan: Plan, anchor: datetime, after: datetime) -> datetime | None:
    if after < anchor:
        return anchor
    step = timedelta(seconds=plan.every)
    return anchor + ((after - anchor) // step + 1) * step


def _cron(plan: Plan, anchor: datetime, after: datetime) -> datetime | None:
    return parsed(plan.cron).after(after, plan.zone)


def _once(plan: Plan, anchor: datetime, after: datetime) -> datetime | None:
    return plan.at if plan.at is not None and plan.at > after else None


def _minutely(plan: Plan, anchor: datetime, after: datetime) -> datetime | None:
    return after.replace(second=0, microsecond=0) + timedelta(minutes=1)


_SLOTS: Final = {Kind.INTERVAL: _interval, Kind.CRON: _cron, Kind.ONCE: _once, Kind.CODE: _minutely}

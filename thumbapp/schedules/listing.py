"""Schedules as a list shows them: with what is wrong with each, searched, filtered and counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from thumbapp.schedules.descriptor import describe
from thumbapp.schedules.keys import name_key
from thumbapp.schedules.model import Schedule, Source
from thumbapp.schedules.service import Schedules


class Show(StrEnum):
    """What a list may be narrowed to."""

    ON = "on"
    OFF = "off"
    TROUBLE = "trouble"
    OVER = "over"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule, why it cannot run ("" when it can), and why it makes an alert ("" when it does not)."""

    schedule: Schedule
    trouble: str = ""
    alert: str = ""

    @property
    def words(self) -> str:
        """When it is due, in words."""
        return describe(self.schedule.plan)

    @property
    def flag(self) -> str:
        """What is wrong with it, "" for nothing."""
        return self.trouble or self.alert

    def shows(self, what: Show) -> bool:
        """Whether it belongs among those that *what* stands for."""
        one = self.schedule
        return {
            Show.ON: one.plan.enabled,
            Show.OFF: not one.plan.enabled,
            Show.TROUBLE: bool(self.flag),
            Show.OVER: one.is_over,
            Show.CODE: one.source is Source.CODE,
        }[what]


@dataclass(frozen=True, slots=True)
class ScheduleFilter:
    """What is looked for: any of the names, tasks and descriptions that holds *text*, and is *show*."""

    text: str = ""
    show: Show | None = None
    task: str = ""

    def fits(self, row: ScheduleRow) -> bool:
        """Whether *row* is looked for, whatever is to be shown of it."""
        plan = row.schedule.plan
        if self.task and plan.task != self.task:
            return False
        said = f"{plan.name}\n{plan.task}\n{plan.description}\n{row.schedule.id}"
        return name_key(self.text) in name_key(said)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of rows by name; ``cursor`` is the name to go on after, ``counts`` says how many."""

    rows: list[ScheduleRow]
    cursor: str | None
    total: int
    counts: Mapping[str, int]


MOST: Final = 1_000


def list_schedules(
    schedules: Schedules, wanted: ScheduleFilter, *, after: str = "", limit: int = MOST
) -> Listing:
    """Return the page of what is *wanted* that begins after the name *after*."""
    alerts = schedules.alerts()
    rows = [
        row
        for one in schedules.store.all()
        if wanted.fits(row := ScheduleRow(one, schedules.trouble(one), alerts.get(one.id, "")))
    ]
    counts = Counter(str(what) for row in rows for what in Show if row.shows(what))
    chosen = [row for row in rows if wanted.show is None or row.shows(wanted.show)]
    start = name_key(after)
    following = [row for row in chosen if not after or name_key(row.schedule.name) > start]
    page = following[:limit]
    cursor = page[-1].schedule.name if len(following) > limit else None
    return Listing(page, cursor, len(chosen), {"all": len(rows), **counts})

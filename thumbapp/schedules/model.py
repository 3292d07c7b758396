"""What a schedule is: a plan that people edit, and what has become of it. Plain values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import orjson

SHORTEST_S: Final = 1
LONGEST_S: Final = 3650 * 86_400


class Kind(StrEnum):
    """How it is said when a schedule is due; only the code can use the last: a function of its own."""

    INTERVAL = "interval"
    CRON = "cron"
    ONCE = "once"
    CODE = "code"


class Misfire(StrEnum):
    """What happens to slots that passed while nobody could fire them."""

    RUN_ONCE = "run_once"
    SKIP = "skip"
    RUN_ALL = "run_all"


class Overlap(StrEnum):
    """What happens to a slot while a run before it has not ended."""

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE = "queue"


class Source(StrEnum):
    """Who made a schedule: somebody in the app, or the code."""

    USER = "user"
    CODE = "code"


class Outcome(StrEnum):
    """What became of a slot."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    MISFIRED = "misfired"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of the slot."""
        return self not in _OPEN


_OPEN: Final = (Outcome.WAITING, Outcome.QUEUED, Outcome.RUNNING, Outcome.RETRYING)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that can be edited of a schedule; times are aware and UTC, spans whole seconds.

    ``every`` belongs to an interval, ``cron`` to a crontab, ``at`` to one time; ``max_runs`` 0 is no end,
    ``expires`` 0 never, ``timeout`` 0 the task's own, ``alert_after`` 0 no alert.
    """

    name: str
    task: str
    kind: Kind
    every: int = 0
    cron: str = ""
    at: datetime | None = None
    tz: str = "UTC"
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    description: str = ""
    start: datetime | None = None
    end: datetime | None = None
    max_runs: int = 0
    jitter: int = 0
    misfire: Misfire = Misfire.RUN_ONCE
    grace: int = 60
    overlap: Overlap = Overlap.ALLOW
    expires: int = 0
    priority: int = 0
    retries: int = 0
    retry_delay: int = 0
    timeout: int = 0
    alert_after: int = 3

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that its times of day are of."""
        return ZoneInfo(self.tz)

    @property
    def timing(self) -> tuple[object, ...]:
        """What decides about the slots: while it stays the same, an edit moves none."""
        return self.kind, self.every, self.cron, self.at, self.tz, self.start, self.end, self.jitter

    def to_json(self) -> bytes:
        """Return the plan as one line of JSON, sorted, so that equal plans make equal bytes."""
        return orjson.dumps(self, option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Return the plan that `to_json` wrote; fields it does not know are passed over."""
        told = orjson.loads(text)
        for name in ("at", "start", "end"):
            told[name] = datetime.fromisoformat(told[name]) if told.get(name) else None
        for name, kind in (("kind", Kind), ("misfire", Misfire), ("overlap", Overlap)):
            told[name] = kind(told[name])
        told["args"] = tuple(told["args"])
        return cls(**{item.name: told[item.name] for item in fields(cls) if item.name in told})


@dataclass(frozen=True, slots=True)
class Slot:
    """One due time of a schedule and what became of it; spans are milliseconds.

    ``fired_at`` is when it was put into the queue, ``late_ms`` how long after it was due. A slot that was
    run by hand is due when somebody asked. ``slots`` says for how many missed ones in a row it stands.
    """

    due: datetime
    outcome: Outcome
    fired_at: datetime | None = None
    late_ms: int = 0
    reason: str = ""
    started_at: datetime | None = None
    duration_ms: int | None = None
    worker: str = ""
    attempts: int = 0
    task_id: str = ""
    is_manual: bool = False
    slots: int = 1

    @property
    def finished_at(self) -> datetime | None:
        """When its run ended; None while it has not, or never began."""
        if self.started_at is None or self.duration_ms is None:
            return None
        return self.started_at + timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it stands in Redis.

    ``slot`` is the next due time, ``due`` the same with its jitter: when it will be fired. Both are None
    when nothing more is to come. ``anchor`` is what an interval counts from. ``fires`` counts what uses up
    ``max_runs``, ``runs`` all runs that began, ``streak`` the failures in a row. ``code`` is the plan that
    the code has, for a schedule that comes from there.
    """

    id: str
    version: int
    plan: Plan
    anchor: datetime
    source: Source = Source.USER
    code: Plan | None = None
    slot: datetime | None = None
    due: datetime | None = None
    runs: int = 0
    fires: int = 0
    failures: int = 0
    streak: int = 0
    last: Slot | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.plan.name

    @property
    def is_overridden(self) -> bool:
        """Whether somebody has changed what the code says."""
        return self.code is not None and self.code != self.plan

    @property
    def is_over(self) -> bool:
        """Whether it is on and yet has no run to come: it has ended, or made all of its runs."""
        return self.plan.enabled and self.slot is None

    @property
    def runs_left(self) -> int | None:
        """How many runs it may still make; None without a limit."""
        return max(self.plan.max_runs - self.fires, 0) if self.plan.max_runs else None


def to_ms(moment: datetime) -> int:
    """Return *moment* as milliseconds since 1970, cut."""
    return (moment - _EPOCH) // _MS


def ms_or_blank(moment: datetime | None) -> str:
    """Return *moment* as a script is told of it: milliseconds as text, "" for none."""
    return "" if moment is None else str(to_ms(moment))


def from_ms(number: float) -> datetime:
    """Return the moment *number* milliseconds after 1970, UTC."""
    return _EPOCH + int(number) * _MS


def cut(moment: datetime) -> datetime:
    """Return *moment* without parts of a millisecond, as it is kept."""
    return from_ms(to_ms(moment))


def named(plan: Plan, name: str) -> Plan:
    """Return *plan* under another *name*."""
    return replace(plan, name=name)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)

"""What somebody wrote about a schedule, field by field, made into a plan; or what is wrong with each.

The same for a form, the API, the command line and a file: numbers may be text, times may have no
zone (then the plan's own), what is left out stays as it was. Knows no Redis.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from thumbapp.errors import (
    BadArguments,
    BadSchedule,
    BadWord,
    EndsTooEarly,
    MissingField,
    MomentPassed,
    NoSuchTask,
    Refused,
)
from thumbapp.schedules import parsing
from thumbapp.schedules.cron import Cron
from thumbapp.schedules.model import LONGEST_S, SHORTEST_S, Kind, Misfire, Overlap, Plan
from thumbapp.schedules.recurrence import anchor_of, next_slot
from thumbapp.schedules.task_queue import TaskCatalogue

Told = Mapping[str, Any]

NAME_LENGTH: Final = 100
DESCRIPTION_LENGTH: Final = 1_000
MOST_JITTER_S: Final = 86_400
NUMBERS: Final = {
    "max_runs": (0, 1_000_000_000),
    "grace": (0, LONGEST_S),
    "expires": (0, LONGEST_S),
    "priority": (-100, 100),
    "retries": (0, 100),
    "retry_delay": (0, 86_400),
    "timeout": (0, 86_400),
    "alert_after": (0, 1_000),
}
_TIMING: Final = {"kind", "every", "cron", "at", "tz", "start", "end", "jitter", "max_runs"}
_NEW: Final = Plan(name="", task="", kind=Kind.INTERVAL)


@dataclass(slots=True)
class _Reading:
    """The fields of one plan while they are read; what is wrong is collected."""

    told: Told
    before: Plan
    wrong: dict[str, Refused] = field(default_factory=dict)

    def read(self, name: str, reader: Callable[[Any], Any]) -> Any:
        """Return what *reader* makes of the field *name*; as it was when it is left out or wrong."""
        if name in self.told:
            try:
                return reader(self.told[name])
            except Refused as error:
                self.wrong[name] = error
        return getattr(self.before, name)

    def refuse(self, name: str, error: Refused) -> None:
        """Note that the field *name* is wrong, unless that is known."""
        self.wrong.setdefault(name, error)


def read_plan(
    told: Told, *, tasks: TaskCatalogue, now: datetime, before: Plan | None = None, tz: str = "UTC"
) -> Plan:
    """Return the plan that *told* describes; what it leaves out is as *before*, or as a new plan has it.

    *tz* is the zone of a new plan that names none. A task or arguments that were there *before* are not
    judged again: the code may have changed since.

    Raises:
        BadSchedule: with a sentence for each field that is wrong.
    """
    reading = _Reading(told, before or replace(_NEW, tz=tz))
    plan = _read_when(reading, _read_what(reading))
    if not plan.name:
        reading.refuse("name", MissingField("A name"))
    if before is None or plan.task != before.task or (plan.args, plan.kwargs) != (before.args, before.kwargs):
        for name, error in _wrong_call(plan, tasks).items():
            reading.refuse(name, error)
    _judge_kind(reading, plan)
    if not reading.wrong:
        _judge_time(reading, plan, before, now)
    if reading.wrong:
        raise BadSchedule(reading.wrong)
    return plan


def read_timing(told: Told, *, now: datetime, before: Plan | None = None, tz: str = "UTC") -> Plan:
    """Return the plan that *told* describes as far as it says when; what else is wrong is passed over.

    Raises:
        BadSchedule: with a sentence for each field about time that is wrong.
    """
    reading = _Reading(told, before or replace(_NEW, tz=tz))
    plan = _read_when(reading, _read_what(reading))
    _judge_kind(reading, plan)
    reading.wrong = {name: error for name, error in reading.wrong.items() if name in _TIMING}
    if not reading.wrong:
        _judge_time(reading, plan, before, now)
    if reading.wrong:
        raise BadSchedule(reading.wrong)
    return plan


# --- reading ------------------------------------------------------------------------------------------


def _read_what(reading: _Reading) -> Plan:
    """Return the plan with everything that is not about time."""
    line, text = parsing.parse_line, parsing.parse_text
    readers: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: line("The name", value, NAME_LENGTH),
        "task": lambda value: line("The task", value, NAME_LENGTH),
        "args": parsing.parse_args,
        "kwargs": parsing.parse_kwargs,
        "enabled": parsing.parse_flag,
        "description": lambda value: text("The description", value, DESCRIPTION_LENGTH),
        "misfire": lambda value: parsing.parse_choice("misfire policy", value, Misfire),
        "overlap": lambda value: parsing.parse_choice("overlap policy", value, Overlap),
    }
    readers |= {name: partial(_bounded, name) for name in NUMBERS}
    return replace(reading.before, **{name: reading.read(name, reader) for name, reader in readers.items()})


def _bounded(name: str, value: Any) -> int:
    return parsing.parse_number(name, value, *NUMBERS[name])


def _read_when(reading: _Reading, plan: Plan) -> Plan:
    """Return *plan* with its kind, its times, and nothing of the other kinds."""
    kind: Kind = reading.read("kind", lambda value: parsing.parse_choice("kind", value, Kind))
    tz: str = reading.read("tz", parsing.parse_zone)
    when = replace(plan, kind=kind, tz=tz, every=0, cron="", at=None)
    if kind is Kind.INTERVAL:
        when = replace(when, every=reading.read("every", _every))
    elif kind is Kind.CRON:
        when = replace(when, cron=reading.read("cron", _cron))
    elif kind is Kind.ONCE:
        when = replace(when, at=_moment(reading, "at", when.zone))
    most = min(MOST_JITTER_S, when.every - 1) if when.every else MOST_JITTER_S
    return replace(
        when,
        start=_moment(reading, "start", when.zone),
        end=_moment(reading, "end", when.zone),
        jitter=reading.read("jitter", lambda value: parsing.parse_number("jitter", value, 0, most)),
    )


def _every(value: Any) -> int:
    return parsing.parse_number("every", value, SHORTEST_S, LONGEST_S) if value not in (None, "") else 0


def _cron(value: Any) -> str:
    return Cron.parse(str(value)).text if value else ""


def _moment(reading: _Reading, name: str, zone: ZoneInfo) -> datetime | None:
    def parse(value: Any) -> datetime | None:
        return parsing.parse_moment(f"The {name}", value, zone)

    found: datetime | None = reading.read(name, parse)
    return found


# --- judging ------------------------------------------------------------------------------------------


def judge_call(plan: Plan, tasks: TaskCatalogue) -> None:
    """Raise BadSchedule when the task of *plan* is not there, or its arguments do not fit it."""
    wrong = _wrong_call(plan, tasks)
    if wrong:
        raise BadSchedule(wrong)


def _wrong_call(plan: Plan, tasks: TaskCatalogue) -> dict[str, Refused]:
    known = list(tasks.names())
    if not plan.task:
        return {"task": MissingField("A task")}
    if plan.task not in known:
        return {"task": NoSuchTask(plan.task, known)}
    reason = tasks.misfit(plan.task, plan.args, plan.kwargs)
    return {"args": BadArguments(reason)} if reason else {}


def _judge_kind(reading: _Reading, plan: Plan) -> None:
    """Refuse a plan that does not say when."""
    if plan.kind is Kind.INTERVAL and not plan.every:
        reading.refuse("every", MissingField("How many seconds apart (every)"))
    if plan.kind is Kind.CRON and not plan.cron:
        reading.refuse("cron", MissingField("A cron expression"))
    if plan.kind is Kind.ONCE and plan.at is None:
        reading.refuse("at", MissingField("A time (at)"))
    if plan.kind is Kind.CODE and reading.before.kind is not Kind.CODE:
        reading.refuse("kind", BadWord("kind", plan.kind, parsing.choices(Kind)))


def _judge_time(reading: _Reading, plan: Plan, before: Plan | None, now: datetime) -> None:
    """Refuse times that have passed, or that leave no run; not again what was so before."""
    if before is not None and before.timing == plan.timing:
        return
    if plan.start and plan.end and plan.end <= plan.start:
        reading.refuse("end", EndsTooEarly("it starts"))
    elif plan.at and plan.at <= now:
        reading.refuse("at", MomentPassed("The time", plan.at.astimezone(plan.zone)))
    elif plan.end and plan.end <= now:
        reading.refuse("end", MomentPassed("The end", plan.end.astimezone(plan.zone)))
    elif next_slot(plan, anchor_of(plan, now), now) is None:
        where = "at" if plan.kind is Kind.ONCE else "end"
        reading.refuse(where, EndsTooEarly("its first run"))

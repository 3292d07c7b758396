"""The form of a schedule: what is written in it, field by field. Judges nothing; that the draft does."""

from collections.abc import Mapping
from datetime import datetime
from inspect import Signature
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import orjson
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from thumbapp.errors import BadSchedule, Refused
from thumbapp.forms.tasks import read_fields
from thumbapp.schedules.model import Kind, Misfire, Overlap, Plan

_UNITS: Final = {"1": "seconds", "60": "minutes", "3600": "hours", "86400": "days"}
_MISFIRES: Final = [
    SelectChoice(Misfire.RUN_ONCE, "run once: the newest missed run stands for all"),
    SelectChoice(Misfire.SKIP, "skip: run only what is late by no more than the grace"),
    SelectChoice(Misfire.RUN_ALL, "run all: make up each missed run, 100 at most"),
]
_OVERLAPS: Final = [
    SelectChoice(Overlap.ALLOW, "allow: begin another beside it"),
    SelectChoice(Overlap.SKIP, "skip: leave the new one out"),
    SelectChoice(Overlap.QUEUE, "queue: begin it when the other has ended"),
]
_TIMES: Final = ("at", "start", "end")
_PLAIN: Final = (
    *("name", "task", "kind", "cron", "tz", "description", "max_runs", "jitter", "misfire", "grace"),
    *("overlap", "expires", "priority", "retries", "retry_delay", "timeout", "alert_after", *_TIMES),
)
_FOLDED: Final = (
    *("misfire", "grace", "max_runs", "overlap", "expires", "jitter", "priority", "timeout", "retries"),
    *("retry_delay", "alert_after"),
)
PREFIX: Final = "arg-"
# Where a sentence goes whose field the form has not.
_INSTEAD: Final = {"kwargs": "args", "arguments": "args"}


class ScheduleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Every field of a plan as text, and the version that it was read at."""

    version = HiddenField(default="")
    name = StringField("Name", default="")
    description = StringField("What for", default="")
    task = StringField("Task", default="")
    arguments_as = StringField(default="fields")
    args = TextAreaField("Arguments in order, a JSON list", default="")
    kwargs = TextAreaField("Named arguments, a JSON object", default="")
    kind = StringField("When", default=Kind.INTERVAL)
    every = StringField("Every", default="")
    every_unit = SelectField(
        "Unit", choices=[SelectChoice(*pair) for pair in _UNITS.items()], default="1", validate_choice=False
    )
    cron = StringField("Cron expression", default="")
    at = StringField("On", default="")
    tz = StringField("Time zone", default="UTC")
    start = StringField("Not before", default="")
    end = StringField("Not after", default="")
    max_runs = StringField("At most so many runs", default="")
    jitter = StringField("Spread over so many seconds", default="")
    misfire = SelectField("What nobody could fire", choices=_MISFIRES, validate_choice=False)
    grace = StringField("Grace in seconds", default="60")
    overlap = SelectField("While a run has not ended", choices=_OVERLAPS, validate_choice=False)
    expires = StringField("Expires after so many seconds", default="")
    priority = StringField("Priority", default="0")
    retries = StringField("Retries", default="0")
    retry_delay = StringField("Seconds between retries", default="0")
    timeout = StringField("Timeout in seconds", default="")
    alert_after = StringField("Alert after so many failures", default="3")
    enabled = BooleanField("Switched on", default=True)

    @classmethod
    def of(cls, plan: Plan, *, version: int) -> Self:
        """Return the form with *plan* in it, read at *version*."""
        values: dict[str, Any] = {name: getattr(plan, name) for name in _PLAIN}
        values |= {name: _local(values[name], plan.zone) for name in _TIMES}
        count, unit = _in_units(plan.every)
        values |= {"every": count, "every_unit": unit, "enabled": plan.enabled, "version": version}
        values["args"] = orjson.dumps(plan.args).decode() if plan.args else ""
        values["kwargs"] = orjson.dumps(plan.kwargs).decode() if plan.kwargs else ""
        values |= {name: values[name] or "" for name in ("max_runs", "jitter", "expires", "timeout")}
        return cls(formdata=None, data={name: _text(value) for name, value in values.items()})

    @property
    def seen_version(self) -> int:
        """The version that the form was filled from; 0 for one that cannot be."""
        text = self.version.data or ""
        return int(text) if text.isdecimal() and len(text) < 16 else 0

    def told(self) -> dict[str, Any]:
        """Return what is written about everything but the arguments."""
        told: dict[str, Any] = {name: self[name].data or "" for name in _PLAIN}
        return told | {"every": self._seconds(), "enabled": bool(self.enabled.data)}

    @property
    def is_json(self) -> bool:
        """Whether the arguments are written as JSON."""
        return bool(self.arguments_as.data == "json")

    def told_with(self, signature: Signature | None, typed: Mapping[str, str]) -> dict[str, Any]:
        """Return what is written, arguments as JSON or, *typed*, in the fields of *signature*.

        Raises:
            BadSchedule: with a sentence for each of these fields that is wrong.
        """
        told = self.told()
        if signature is None or self.is_json:
            return told | {"args": self.args.data or "", "kwargs": self.kwargs.data or ""}
        call = read_fields(signature, typed)
        if call.errors:
            raise BadSchedule({f"{PREFIX}{name}": Refused(says) for name, says in call.errors.items()})
        return told | {"args": call.args, "kwargs": call.kwargs}

    def refuse(self, sentences: Mapping[str, str]) -> None:
        """Write each of *sentences* at its field."""
        for name, sentence in sentences.items():
            field = _INSTEAD.get(name, name)
            if field in self and not name.startswith(PREFIX):
                self[field].errors = [*self[field].errors, sentence]

    @property
    def has_errors(self) -> bool:
        """Whether a sentence stands at any field."""
        return any(field.errors for field in self)

    @property
    def has_more_errors(self) -> bool:
        """Whether one stands at a field that is folded away at first."""
        return any(self[name].errors for name in _FOLDED)

    def _seconds(self) -> Any:
        """Return the interval in seconds where it is a number, else what is written."""
        text, unit = (self.every.data or "").strip(), self.every_unit.data
        try:
            seconds = float(text) * (int(unit) if unit in _UNITS else 1)
        except ValueError:
            return text
        return int(seconds) if seconds.is_integer() else text


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return *moment* as a control for date and time has it: on the clock of *zone*."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}" if moment else ""


def _in_units(seconds: int) -> tuple[str, str]:
    """Return an interval in the largest unit that it is a whole number of."""
    if not seconds:
        return "", "1"
    unit = max(int(unit) for unit in _UNITS if seconds % int(unit) == 0)
    return str(seconds // unit), str(unit)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

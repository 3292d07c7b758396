"""Schedules as a file to review and to keep: written as YAML, read again, compared with what there is.

What a field holds by default is left out. Reading a file twice changes nothing the second time; a file
in which anything is wrong changes nothing at all.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import yaml

from thumbapp.errors import BadFile, BadSchedule, NameTaken
from thumbapp.runtime.logs import json_line
from thumbapp.schedules.draft import read_plan
from thumbapp.schedules.keys import name_key
from thumbapp.schedules.model import Kind, Plan, Schedule, Source
from thumbapp.schedules.service import Schedules

MOST_BYTES: Final = 5_000_000
_BLANK: Final = Plan(name="", task="", kind=Kind.INTERVAL)
_ALWAYS: Final = ("name", "task", "kind", "tz")
_FIELDS: Final = tuple(item.name for item in fields(Plan))


class Action(StrEnum):
    """What becomes of a schedule of the file."""

    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class ImportStep:
    """One schedule of a file: the plan it asks for, and the schedule there is under that name."""

    plan: Plan
    seen: Schedule | None

    @property
    def action(self) -> Action:
        """What is to be done."""
        if self.seen is None:
            return Action.ADD
        return Action.KEEP if self.seen.plan == self.plan else Action.CHANGE

    def diff(self) -> list[str]:
        """Return the lines that go and come, as ``diff -u`` has them."""
        before = [] if self.seen is None else write([self.seen.plan]).splitlines()[1:]
        after = write([self.plan]).splitlines()[1:]
        lines = difflib.unified_diff(before, after, lineterm="", n=1)
        return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def write(plans: Iterable[Plan]) -> str:
    """Return *plans* as YAML, in which nothing can drive a terminal or turn the direction of writing."""
    told = {"schedules": [_told(plan) for plan in plans]}
    text: str = yaml.dump(told, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return json_line(text)


def worth_keeping(found: Iterable[Schedule]) -> list[Plan]:
    """Return the plans that a file has to hold: what people made, and what they changed of the code's."""
    return [one.plan for one in found if one.source is Source.USER or one.is_overridden]


def read(text: str | bytes) -> list[dict[str, Any]]:
    """Return what is written about each schedule in the YAML *text*; raises BadFile."""
    if len(text) > MOST_BYTES:
        raise BadFile(f"it has more than {MOST_BYTES // 10**6} MB")
    try:
        told = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader that knows no aliases either
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadFile(f"it is no YAML that is read here ({_short(error)})") from error
    items = told.get("schedules") if isinstance(told, dict) else told
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadFile("it must hold a list of schedules under the key schedules")
    return [{str(key): value for key, value in item.items()} for item in items]


def compare(schedules: Schedules, told: Iterable[Mapping[str, Any]]) -> list[ImportStep]:
    """Return what is to be done about each schedule that is *told* of.

    Raises:
        BadFile: with a sentence for each field that is wrong.
    """
    steps, wrong = compare_valid(schedules, told)
    if wrong:
        raise BadFile(" ".join(wrong))
    return steps


def compare_valid(
    schedules: Schedules, told: Iterable[Mapping[str, Any]]
) -> tuple[list[ImportStep], list[str]]:
    """Return what is to be done about each schedule that can be saved, and why others cannot."""
    there = {name_key(one.name): one for one in schedules.store.all()}
    now, steps = schedules.store.now(), []
    wrong: list[str] = []
    seen_names: set[str] = set()
    for number, item in enumerate(told, 1):
        label = str(item.get("name") or f"number {number}")[:100]
        key = name_key(label)
        seen = there.get(key)
        try:
            if key in seen_names:
                raise BadSchedule({"name": NameTaken(label)})
            steps.append(ImportStep(_plan(item, seen, schedules, now), seen))
        except BadSchedule as error:
            wrong += [f"{label}, {field}: {says}" for field, says in error.fields.items()]
        seen_names.add(key)
    return steps, wrong


def carry_out(schedules: Schedules, steps: Iterable[ImportStep], *, who: str) -> None:
    """Save what *steps* ask for; one that is as it should be is left alone."""
    for step in steps:
        told = {name: getattr(step.plan, name) for name in _FIELDS}
        if step.action is Action.ADD:
            schedules.create(told, who=who)
        elif step.seen is not None and step.action is Action.CHANGE:
            schedules.edit(step.seen.id, told, version=step.seen.version, who=who)


def _plan(item: Mapping[str, Any], seen: Schedule | None, schedules: Schedules, now: datetime) -> Plan:
    """Return the plan of *item*; what it leaves out is as a new schedule has it."""
    unknown = sorted(set(item) - set(_FIELDS))
    if unknown:
        raise BadFile(f"{item.get('name')}: there is no field {unknown[0]!r}")
    blank = {name: getattr(_BLANK, name) for name in _FIELDS if name not in _ALWAYS}
    told = blank | {"tz": schedules.timezone} | dict(item)
    before = seen.plan if seen else None
    return read_plan(told, tasks=schedules.queue, now=now, before=before, tz=schedules.timezone)


def _told(plan: Plan) -> dict[str, Any]:
    told = {name: getattr(plan, name) for name in _FIELDS}
    return {
        name: _plain(value)
        for name, value in told.items()
        if name in _ALWAYS or value != getattr(_BLANK, name)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, StrEnum):
        return str(value)
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML ships no types
    """Puts texts with odd characters between double quotes, where they may be written as escapes."""


def _written(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    is_odd = json_line(text) != text
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if is_odd else None)


_Dumper.add_representer(str, _written)


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML ships no types
    """Reads plain values: an alias, with which ten lines become gigabytes, is refused; a time stays text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node."""
        if self.check_event(yaml.events.AliasEvent):
            raise BadFile("it has an alias (*name), which is not read")
        return super().compose_node(parent, index)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

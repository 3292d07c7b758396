"""Schedules of django-celery-beat, from its database or a ``dumpdata`` file, as ours; what is left is said.

Knows its tables, not how Celery works. Nothing is written there.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from thumbapp.errors import BadFile

_APP: Final = "django_celery_beat"
_TABLES: Final = ("periodictask", "intervalschedule", "crontabschedule", "clockedschedule", "solarschedule")
_UNITS: Final = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_CRON: Final = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_MOST_BYTES: Final = 50_000_000

Rows = dict[str, dict[Any, dict[str, Any]]]


@dataclass(slots=True)
class BeatSchedules:
    """What was read: each schedule as it is told to ours, and a sentence for all that was left behind."""

    told: list[dict[str, Any]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def read_beat(path: Path, *, renamed: Mapping[str, str]) -> BeatSchedules:
    """Return the schedules in *path*; a task in *renamed* is called what stands there. Raises BadFile."""
    try:
        with path.open("rb") as file:
            is_database = file.read(16).startswith(b"SQLite format 3")
        rows = _from_database(path) if is_database else _from_dump(path)
        return _carried(rows, renamed)
    except (OSError, sqlite3.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFile(f"{path.name} is neither its SQLite database nor a dumpdata file ({error})") from error


def _carried(rows: Rows, renamed: Mapping[str, str]) -> BeatSchedules:
    found = BeatSchedules()
    for row in rows["periodictask"].values():
        _carry(row, rows, found, renamed)
    return found


def _from_database(path: Path) -> Rows:
    """Return its tables by primary key; one that is not there is empty."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if f"{_APP}_periodictask" not in there:
            raise ValueError(f"it has no table {_APP}_periodictask")
        return {
            name: {row["id"]: dict(row) for row in database.execute(f'SELECT * FROM "{_APP}_{name}"')}  # noqa: S608 - names of ours
            if f"{_APP}_{name}" in there
            else {}
            for name in _TABLES
        }


def _from_dump(path: Path) -> Rows:
    """Return the objects of a ``dumpdata`` file by primary key, with foreign keys as in the database."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError("it is too large")
    found: Rows = {name: {} for name in _TABLES}
    items = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(items, list):
        raise ValueError("it is no list")
    for item in items:
        app, _, name = str(item["model"]).partition(".")
        if app == _APP and name in found:
            values = dict(item["fields"])
            kinds = ("interval", "crontab", "clocked", "solar")
            found[name][item["pk"]] = values | {f"{kind}_id": values.get(kind) for kind in kinds}
    return found


def _carry(row: dict[str, Any], rows: Rows, found: BeatSchedules, renamed: Mapping[str, str]) -> None:
    """Add what *row* is as ours to *found*, or why it is not; and what of it is left behind."""
    name = str(row["name"])
    when = _when(row, rows)
    if isinstance(when, str):
        found.left.append(f"{name}: {when}")
        return
    try:
        args, kwargs = json.loads(row.get("args") or "[]"), json.loads(row.get("kwargs") or "{}")
    except ValueError:
        found.left.append(f"{name}: its arguments are no JSON")
        return
    found.told.append(
        {
            "name": name,
            "task": renamed.get(str(row["task"]), str(row["task"])),
            "args": args,
            "kwargs": kwargs,
            "description": row.get("description") or "",
            "enabled": bool(row.get("enabled")),
            "start": _moment(row.get("start_time")),
            "end": _moment(row.get("expires")),
            "expires": row.get("expire_seconds") or 0,
            "max_runs": 1 if row.get("one_off") and when["kind"] != "once" else 0,
            **when,
        }
    )
    found.left += [f"{name}: {what} is not carried" for what in _unknown(row)]


def _when(row: dict[str, Any], rows: Rows) -> dict[str, Any] | str:
    """Return the fields that say when *row* is due, or why ours cannot say it."""
    if (key := row.get("interval_id")) is not None:
        interval = rows["intervalschedule"][key]
        seconds = _UNITS.get(interval["period"], 0) * int(interval["every"])
        return (
            {"kind": "interval", "every": seconds}
            if seconds
            else "an interval below a second is not run here"
        )
    if (key := row.get("crontab_id")) is not None:
        crontab = rows["crontabschedule"][key]
        words = ["".join(str(crontab[part]).split()) for part in _CRON]
        if words[2] != "*" and words[4] != "*":
            return "Celery wants day and weekday to fit both, cron either of them; write it anew"
        return {"kind": "cron", "cron": " ".join(words), "tz": str(crontab.get("timezone") or "UTC")}
    if (key := row.get("clocked_id")) is not None:
        return {"kind": "once", "at": _moment(rows["clockedschedule"][key]["clocked_time"])}
    return "sunrise and sunset are not known here" if row.get("solar_id") is not None else "it has no time"


def _moment(value: Any) -> str | None:
    """Return a time as it is stored, UTC where it says nothing else."""
    if not value:
        return None
    text = str(value).replace(" ", "T")
    return text if text.endswith("Z") or "+" in text else f"{text}Z"


def _unknown(row: dict[str, Any]) -> list[str]:
    """Return the fields of *row* that ours has no place for."""
    named = {"queue": "the queue", "exchange": "the exchange", "routing_key": "the routing key"}
    left = [f"{says} {row[name]!r}" for name, says in named.items() if row.get(name)]
    if row.get("headers") not in (None, "", "{}"):
        left.append("its headers")
    return [*left, *(["the priority"] if row.get("priority") is not None else [])]

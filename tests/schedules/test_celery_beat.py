"""What is carried from django-celery-beat, its database and a dump alike, and what is said to stay."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.schedules.conftest import Bench
from thumbapp.errors import BadFile
from thumbapp.schedules.celery_beat import BeatSchedules, read_beat
from thumbapp.schedules.import_export import carry_out, compare_valid

INTERVALS = {
    1: {"every": 10, "period": "seconds"},
    2: {"every": 2, "period": "days"},
    3: {"every": 5, "period": "microseconds"},
}
CRON = {"minute": "30", "hour": "2", "day_of_month": "*", "month_of_year": "*", "timezone": "Europe/Warsaw"}
CRONTABS = {1: CRON | {"day_of_week": "*"}, 2: CRON | {"day_of_month": "13", "day_of_week": "5"}}
CLOCKED = {1: {"clocked_time": "2030-01-02 03:04:05"}}
SOLAR = {1: {"event": "sunset", "latitude": 52, "longitude": 21}}
BLANK = {
    **dict.fromkeys(("interval", "crontab", "clocked", "solar", "queue", "exchange", "routing_key"), None),
    **dict.fromkeys(("expires", "expire_seconds", "start_time", "priority"), None),
    "args": "[]",
    "kwargs": "{}",
    "enabled": True,
    "description": "",
    "one_off": False,
    "headers": "{}",
}
TASKS: list[dict[str, Any]] = [
    {"name": "Marik1234", "task": "app.hello", "interval": 1, "description": "kept"},
    {
        "name": "sum",
        "task": "app.add",
        "interval": 2,
        "args": "[2, 5]",
        "enabled": False,
        "expire_seconds": 60,
    },
    {"name": "nightly", "task": "app.hello", "crontab": 1, "start_time": "2027-01-01 00:00:00"},
    {"name": "once", "task": "app.hello", "clocked": 1, "one_off": True},
    {"name": "one off", "task": "app.hello", "interval": 1, "one_off": True, "queue": "fast", "priority": 3},
    {"name": "fast", "task": "app.hello", "interval": 3},
    {"name": "both", "task": "app.hello", "crontab": 2},
    {"name": "sun", "task": "app.hello", "solar": 1},
    {"name": "unknown", "task": "celery.backend_cleanup", "interval": 1},
]
TABLES = {
    "intervalschedule": INTERVALS,
    "crontabschedule": CRONTABS,
    "clockedschedule": CLOCKED,
    "solarschedule": SOLAR,
}
RENAMED = {"app.hello": "hello", "app.add": "add"}


def database(path: Path) -> Path:
    """Write what django-celery-beat keeps in SQLite."""
    with closing(sqlite3.connect(path)) as made, made:
        for name, rows in TABLES.items():
            _table(made, name, rows)
        _table(made, "periodictask", {key: _with_ids(row) for key, row in enumerate(TASKS, 1)})
    return path


def _with_ids(row: dict[str, Any]) -> dict[str, Any]:
    keys = ("interval", "crontab", "clocked", "solar")
    return {f"{name}_id" if name in keys else name: value for name, value in (BLANK | row).items()}


def _table(made: sqlite3.Connection, name: str, rows: Mapping[int, dict[str, Any]]) -> None:
    columns = sorted({column for row in rows.values() for column in row})
    made.execute(f'CREATE TABLE "django_celery_beat_{name}" (id INTEGER, {", ".join(columns)})')
    marks = ", ".join("?" * (len(columns) + 1))
    for key, row in rows.items():
        values = [key, *map(row.get, columns)]
        made.execute(f'INSERT INTO "django_celery_beat_{name}" VALUES ({marks})', values)


def dump(path: Path) -> Path:
    """Write what ``manage.py dumpdata django_celery_beat`` prints."""
    rows = [*TABLES.items(), ("periodictask", {key: BLANK | row for key, row in enumerate(TASKS, 1)})]
    items = [
        {"model": f"django_celery_beat.{name}", "pk": key, "fields": fields}
        for name, found in rows
        for key, fields in found.items()
    ]
    path.write_text(json.dumps(items), "utf-8")
    return path


@pytest.fixture(params=[database, dump], ids=["database", "dump"])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> BeatSchedules:
    """Return what is read of it."""
    return read_beat(request.param(tmp_path / "file"), renamed=RENAMED)


def test_what_can_be_carried_is_there_with_all_its_fields(found: BeatSchedules, one_bench: Bench) -> None:
    steps, wrong = compare_valid(one_bench.schedules, found.told)
    carry_out(one_bench.schedules, steps, who="ala")

    plans = {one.name: one.plan for one in one_bench.store.all()}
    assert list(plans) == ["Marik1234", "nightly", "once", "one off", "sum"]
    assert (plans["Marik1234"].every, plans["Marik1234"].description) == (10, "kept")
    assert (plans["sum"].every, plans["sum"].args, plans["sum"].enabled) == (172_800, (2, 5), False)
    assert plans["sum"].expires == 60
    assert (plans["nightly"].cron, plans["nightly"].tz) == ("30 2 * * *", "Europe/Warsaw")
    assert f"{plans['nightly'].start:%Y-%m-%d %H:%M} {plans['once'].at:%S}" == "2027-01-01 00:00 05"
    assert (plans["one off"].max_runs, plans["once"].max_runs) == (1, 0)
    [left] = wrong
    assert left.startswith("unknown, task: No task is called 'celery.backend_cleanup'.")


def test_what_cannot_be_carried_is_listed(found: BeatSchedules) -> None:
    assert found.left == [
        "one off: the queue 'fast' is not carried",
        "one off: the priority is not carried",
        "fast: an interval below a second is not run here",
        "both: Celery wants day and weekday to fit both, cron either of them; write it anew",
        "sun: sunrise and sunset are not known here",
    ]


@pytest.mark.parametrize("content", [b"", b"{}", b"[{}]", b"SQLite format 3\0 and no more", b"[" * 5000])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(BadFile, match="neither its SQLite database nor a dumpdata file"):
        read_beat(path, renamed={})

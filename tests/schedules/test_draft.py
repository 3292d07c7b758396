"""What somebody wrote, made into a plan: text and numbers alike, what is left out, what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from tests.schedules.conftest import Queue, utc
from thumbapp.errors import BadSchedule
from thumbapp.schedules.draft import read_plan, read_timing
from thumbapp.schedules.model import Kind, Misfire, Overlap, Plan

NOW = utc("2026-11-24T12:00:00")
TOLD: dict[str, Any] = {"name": "one", "task": "hello", "kind": "interval", "every": 10}


def plan(before: Plan | None = None, **told: Any) -> Plan:
    said = told if before else TOLD | told
    return read_plan(said, tasks=Queue(), now=NOW, before=before, tz="Europe/Warsaw")


def wrong(before: Plan | None = None, **told: Any) -> dict[str, str]:
    with pytest.raises(BadSchedule) as error:
        plan(before, **told)
    return error.value.fields


@pytest.mark.parametrize(
    ("told", "name", "value"),
    [
        ({}, "tz", "Europe/Warsaw"),
        ({"every": "10"}, "every", 10),
        ({"every": 10.0}, "every", 10),
        ({"misfire": "Run all"}, "misfire", Misfire.RUN_ALL),
        ({"misfire": "run-once"}, "misfire", Misfire.RUN_ONCE),
        ({"overlap": "QUEUE"}, "overlap", Overlap.QUEUE),
        ({"enabled": "off"}, "enabled", False),
        ({"enabled": "1"}, "enabled", True),
        ({"max_runs": ""}, "max_runs", 0),
        ({"name": "  two words  "}, "name", "two words"),
        ({"task": "add", "args": "[1, 2]"}, "args", (1, 2)),
        ({"task": "add", "kwargs": '{"a": 1, "b": 2}'}, "kwargs", {"a": 1, "b": 2}),
        ({"start": "2026-12-24 18:00"}, "start", utc("2026-12-24T17:00")),
        ({"start": "2026-12-24T18:00:00Z"}, "start", utc("2026-12-24T18:00")),
        ({"start": "2027-03-28 02:30"}, "start", utc("2027-03-28T01:00")),
        ({"start": "2027-10-31 02:30"}, "start", utc("2027-10-31T00:30")),
        ({"kind": "once", "at": "2026-11-24T13:00:01"}, "at", utc("2026-11-24T12:00:01")),
        ({"kind": "cron", "cron": "  5  15 * * * "}, "cron", "5 15 * * *"),
        ({"kind": "cron", "cron": "5 15 * * *"}, "every", 0),
    ],
)
def test_a_field_is_read_as_people_write_it(told: dict[str, Any], name: str, value: object) -> None:
    assert getattr(plan(**told), name) == value


def test_what_is_left_out_stays_and_another_kind_forgets_the_first() -> None:
    before = plan(grace=7, description="kept")

    after = plan(before, kind="cron", cron="0 * * * *")

    assert (after.kind, after.every, after.grace, after.description) == (Kind.CRON, 0, 7, "kept")


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ({"every": 0, "tz": "x", "misfire": "x"}, {"every", "tz", "misfire"}),
        ({"name": "", "task": ""}, {"name", "task"}),
        ({"start": "2027-01-02", "end": "2027-01-01"}, {"end"}),
        ({"start": "2027-01-01 00:00", "end": "2027-01-01 00:00"}, {"end"}),
        ({"kind": "cron", "cron": "0 0 1 1 *", "end": "2026-12-31"}, {"end"}),
        ({"kind": "once", "at": "2027-01-01", "end": "2026-12-31"}, {"at"}),
        ({"kind": "once", "at": "2026-11-24T12:00:00Z"}, {"at"}),
        ({"at": True, "kind": "once"}, {"at"}),
        ({"name": ["a"]}, {"name"}),
        ({"name": "a\ud800"}, {"name"}),
        ({"every": True}, {"every"}),
        ({"every": "9" * 400}, {"every"}),
        ({"every": "nan"}, {"every"}),
        ({"start": "9999-12-31"}, {"start"}),
        ({"start": "0001-01-01"}, {"start"}),
        ({"kwargs": "[" * 5000}, {"kwargs"}),
        ({"args": ["x" * 200_000]}, {"args"}),
        ({"cron": "* " * 500, "kind": "cron"}, {"cron"}),
        ({"tz": "../../etc/passwd"}, {"tz"}),
        ({"tz": None}, {"tz"}),
        ({"enabled": "maybe"}, {"enabled"}),
    ],
)
def test_every_wrong_field_has_its_sentence(told: dict[str, Any], fields: set[str]) -> None:
    assert set(wrong(**told)) == fields


def test_a_task_that_went_is_not_held_against_other_edits() -> None:
    before = Plan(name="one", task="went", kind=Kind.INTERVAL, every=10, args=(1,))

    assert plan(before, grace=5).grace == 5
    assert set(wrong(before, args=[1, 2])) == {"task"}


def test_a_time_that_has_passed_is_not_held_against_other_edits() -> None:
    before = Plan(name="one", task="hello", kind=Kind.ONCE, at=NOW - timedelta(days=1))

    assert plan(before, description="ran").description == "ran"
    assert set(wrong(before, at="2026-11-22T12:00:00Z")) == {"at"}


def test_a_preview_asks_only_when() -> None:
    found = read_timing({"kind": "interval", "every": 5, "priority": "x", "task": "went"}, now=NOW)

    assert (found.every, found.priority) == (5, 0)
    with pytest.raises(BadSchedule, match="How many seconds apart"):
        read_timing({"kind": "interval"}, now=NOW)

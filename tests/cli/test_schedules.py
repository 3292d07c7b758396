"""Schedules from the command line: made, seen to run, changed, stopped, removed; and as files."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.usefixtures("worker")
def test_a_schedule_is_added_runs_without_a_restart_and_stops(thumbapp: Run) -> None:
    made = thumbapp("schedules", "add", "Marik1234", "AdminPanel", "--every", 1, "--json")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        items = thumbapp("schedules", "history", "Marik1234", "--json").json["items"]
        if [item["outcome"] for item in items].count("done") >= 2:
            break
    off = thumbapp("schedules", "disable", "marik1234", "--json").json["items"][0]
    first, second = (thumbapp("schedules", "list", "--json").json["items"] for _ in range(2))

    assert (made.code, made.json["every"], made.json["words"]) == (0, 1, "every second")
    assert off["enabled"] is False
    assert off["next"] is None
    assert [one["runs"] for one in first] == [one["runs"] for one in second]
    assert next(one for one in first if one["name"] == "Marik1234")["runs"] >= 2


def test_a_schedule_is_changed_run_and_removed_by_name(thumbapp: Run) -> None:
    thumbapp("schedules", "add", "sum", "--task", "add", "--args", "[2, 5]", "--cron", "5 15 * * *")
    edited = thumbapp("schedules", "edit", "sum", "--tz", "Europe/Warsaw", "--grace", 5, "--name", "total")
    stale = thumbapp("schedules", "edit", "total", "--grace", 6, "--if-version", 1)
    task = thumbapp("schedules", "run", "total")
    listed = thumbapp("schedules", "list", "--match", "total")
    gone = thumbapp("schedules", "remove", "total")

    assert "at 15:05, Europe/Warsaw" in edited.out
    assert (stale.code, "was changed meanwhile" in stale.err) == (1, True)
    assert task.out.startswith("sch.")
    assert listed.out.startswith("total  add  at 15:05, Europe/Warsaw  next ")
    assert (gone.out, thumbapp("schedules", "history", "total").code) == ("total was removed.\n", 1)


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--every", "0"], 2, "from 1 to"),
        (["--every", "10", "--cron", "* * * * *"], 2, "Only one of --every"),
        (["--cron", "61 * * * *"], 2, "is no minute"),
        ([], 2, "is needed"),
        (["--every", "10", "--args", "["], 2, "not JSON"),
        (["--every", "10", "--task", "gone"], 2, "No task is called 'gone'"),
    ],
)
def test_what_is_wrong_is_one_sentence(thumbapp: Run, options: list[str], code: int, says: str) -> None:
    answer = (
        thumbapp("schedules", "add", "one", "AdminPanel", *options)
        if "--task" not in options
        else (thumbapp("schedules", "add", "one", *options))
    )

    assert (answer.code, answer.out) == (code, "")
    assert says in answer.err
    assert thumbapp("schedules", "list").out == ""


def test_what_is_exported_is_imported_once_and_a_dry_run_shows_the_difference(
    thumbapp: Run, tmp_path: Path
) -> None:
    thumbapp("schedules", "add", "Żółw", "AdminPanel", "--cron", "5 15 * * *", "--tz", "Europe/Warsaw")
    thumbapp("schedules", "add", "sum", "add", "--every", 60, "--kwargs", '{"a": 2, "b": 5}')
    file = tmp_path / "schedules.yaml"
    thumbapp("schedules", "export", "--out", file)
    same = thumbapp("schedules", "import", file)
    file.write_text(file.read_text("utf-8").replace("every: 60", "every: 90"), "utf-8")

    dry = thumbapp("schedules", "import", "--dry-run", file)
    unchanged = thumbapp("schedules", "export").out
    real = thumbapp("schedules", "import", "-", stdin=file.read_text("utf-8"))

    assert same.out.splitlines() == ["keep  sum", "keep  Żółw"]
    assert dry.out.splitlines()[:1] == ["change  sum"]
    assert {"    -  every: 60", "    +  every: 90"} <= set(dry.out.splitlines())
    assert "every: 60" in unchanged
    assert real.out.splitlines()[0] == "change  sum"
    assert thumbapp("schedules", "export").out == file.read_text("utf-8")

"""Running tasks by name from the command line."""

from collections.abc import Callable
from typing import Any

import pytest

from thumbapp.cli.tasks import read_argument

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("-2.5", -2.5), ('{"a": [1]}', {"a": [1]}), ("null", None), ("rob", "rob"), ("NaN", "NaN")],
    ids=["whole", "negative", "object", "null", "text", "not json"],
)
def test_an_argument_is_json_or_else_text(text: str, value: object) -> None:
    assert read_argument(text) == value


@pytest.mark.usefixtures("worker")
def test_a_task_is_run_by_the_worker_and_its_result_printed(thumbapp: Run) -> None:
    whole = thumbapp("tasks", "run", "add", 2, 5, "--wait", "--timeout", 30)
    negative = thumbapp("tasks", "run", "add", -2, 5, "--wait", "--timeout", 30, "--json")

    assert (whole.code, whole.out) == (0, "7\n")
    assert (negative.json["state"], negative.json["result"]) == ("done", 3)


@pytest.mark.usefixtures("worker")
def test_a_task_that_fails_says_why(thumbapp: Run) -> None:
    answer = thumbapp("tasks", "run", "add", 2, "[]", "--wait", "--timeout", 30)

    assert answer.code == 1
    assert "add failed: TypeError" in answer.err


@pytest.mark.usefixtures("worker")
def test_a_periodic_task_can_be_waited_for_too(thumbapp: Run) -> None:
    answer = thumbapp("tasks", "run", "clean_jobs", "--wait", "--timeout", 30)

    assert (answer.code, answer.out) == (0, "0\n")


def test_waiting_without_a_worker_says_so_and_ends(thumbapp: Run) -> None:
    answer = thumbapp("tasks", "run", "add", 2, 5, "--wait", "--timeout", 0.1)

    assert answer.code == 1
    assert "thumbapp worker" in answer.err
    assert "no result after 0.1 s" in answer.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["ad", "2", "5"], "add"), (["add", "2"], "missing a required argument")],
    ids=["unknown name", "too few"],
)
def test_a_call_that_cannot_work_is_bad_usage(thumbapp: Run, arguments: list[str], word: str) -> None:
    answer = thumbapp("tasks", "run", *arguments)

    assert answer.code == 2
    assert word in answer.err
    assert "Traceback" not in answer.err


def test_the_registered_tasks_are_listed_with_their_arguments(thumbapp: Run) -> None:
    lines = thumbapp("tasks", "list").out.splitlines()
    items = thumbapp("tasks", "list", "--json").json["items"]

    assert "add(a: float, b: float) -> float" in lines
    assert {"name": "make_thumbnails", "signature": "(job_id: str) -> str"} in items

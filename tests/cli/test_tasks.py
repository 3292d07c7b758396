"""Running tasks by name from the command line."""

from collections.abc import Callable
from typing import Any

import pytest
import redis

from thumbapp.audit import AuditLog
from thumbapp.cli.tasks import read_argument
from thumbapp.config import Settings

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
def test_a_result_drives_no_terminal_and_the_audit_says_what_was_run(
    thumbapp: Run, settings: Settings, redis_client: redis.Redis
) -> None:
    answer = thumbapp("tasks", "run", "add", "\x1b[31m", "red", "--wait", "--timeout", 30)

    entry = AuditLog(redis_client, namespace=settings.namespace).page().items[0]
    assert answer.out == "\\x1b[31mred\n"
    assert (entry.action, entry.target.split()[0]) == ("task.run", "add")


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
    lines = thumbapp("tasks", "registry").out.splitlines()
    items = thumbapp("tasks", "registry", "--json").json["items"]

    assert "add(a: float, b: float) -> float" in lines
    assert {"name": "make_thumbnails", "signature": "(job_id: str) -> str"} in items


@pytest.mark.usefixtures("worker")
def test_tasks_are_listed_shown_and_tried_again(thumbapp: Run) -> None:
    failed = thumbapp("tasks", "run", "add", 2, "[]", "--wait", "--timeout", 30)

    found = thumbapp("tasks", "list", "--state", "failed", "--name", "add", "--json").json["items"]
    task_id = found[0]["id"]
    again = thumbapp("tasks", "retry", task_id, "--json")

    assert failed.code == 1
    assert (len(found), found[0]["args"], found[0]["state"]) == (1, [2, []], "failed")
    assert "TypeError" in thumbapp("tasks", "show", task_id).out
    assert (again.code, again.json["state"], again.json["id"]) == (0, "queued", task_id)
    assert task_id in thumbapp("tasks", "list", "--search", task_id[:8]).out


def test_a_waiting_task_is_cancelled_once(thumbapp: Run) -> None:
    task_id = thumbapp("tasks", "run", "add", 2, 5).out.strip()

    answers = [thumbapp("tasks", "cancel", task_id) for _ in range(2)]

    assert [answer.code for answer in answers] == [0, 1]
    assert "A task that is cancelled cannot be cancelled" in answers[1].err
    assert thumbapp("tasks", "retry", "--all-failed", "--json").json == {"queued": 0, "refused": 0}


def test_dead_letters_are_counted_before_they_are_purged(thumbapp: Run, redis_client: redis.Redis) -> None:
    redis_client.xadd("thumbapp:v1:dead", {"data": b"junk", "reason": "it is not signed", "attempts": 0})

    listed = thumbapp("tasks", "dead", "--json").json["items"]
    refused = thumbapp("tasks", "dead", "retry", listed[0]["entry"])
    counted = thumbapp("tasks", "dead", "purge", "--json").json
    purged = thumbapp("tasks", "dead", "purge", "--yes", "--json").json

    assert (listed[0]["reason"], refused.code) == ("it is not signed", 1)
    assert (counted, purged) == ({"count": 1, "deleted": 0}, {"count": 1, "deleted": 1})


def test_an_unknown_task_is_said(thumbapp: Run) -> None:
    answer = thumbapp("tasks", "show", "none")

    assert answer.code == 1
    assert "There is no record of a task 'none'" in answer.err

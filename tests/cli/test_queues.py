"""Queues and workers from the command line."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.patience import comes_true

Run = Callable[..., Any]


def test_each_queue_is_a_line(thumbapp: Run) -> None:
    thumbapp("tasks", "run", "add", 1, 2)

    lines = thumbapp("queues", "list").out.splitlines()

    assert [line.split()[0] for line in lines] == ["high", "normal", "low"]
    assert "1 waiting, the oldest for" in lines[1]


def test_a_queue_is_paused_and_resumed_and_the_audit_says_so(thumbapp: Run) -> None:
    paused = thumbapp("queues", "pause", "normal", "--json").json["items"]
    resumed = thumbapp("queues", "resume", "all", "--json").json["items"]

    assert [item["name"] for item in paused if item["paused"]] == ["normal"]
    assert paused[1]["paused_at"].endswith("Z")
    assert not any(item["paused"] for item in resumed)


def test_a_queue_that_does_not_exist_is_a_failure(thumbapp: Run) -> None:
    answer = thumbapp("queues", "pause", "urgent")

    assert (answer.code, "high, normal, low" in answer.err) == (2, True)


def test_without_a_worker_the_list_says_how_to_start_one(thumbapp: Run) -> None:
    assert "thumbapp worker" in thumbapp("workers").out
    assert thumbapp("workers", "--json").json == {"items": [], "cursor": None}


@pytest.mark.usefixtures("worker")
def test_a_worker_is_listed_and_stops_when_it_is_told_to(thumbapp: Run) -> None:
    found: list[dict[str, Any]] = []
    assert comes_true(lambda: found.extend(thumbapp("workers", "--json").json["items"]) or bool(found))

    answer = thumbapp("workers", "stop", found[0]["id"])

    assert (answer.code, "was asked to stop" in answer.out) == (0, True)
    assert comes_true(lambda: thumbapp("workers", "--json").json["items"] == [])


def test_a_worker_that_is_not_there_cannot_be_stopped(thumbapp: Run) -> None:
    answer = thumbapp("workers", "stop", "ada:7:00")

    assert (answer.code, "no such worker" in answer.err) == (1, True)

"""Workers and queues: seen, paused, stopped, by page and by program."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.blueprints.people import Browser, Site
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.workers import RunningTask, WorkerInfo, WorkerRegistry

ADA = WorkerInfo(
    id="ada:7:0badcafe",
    host="ada",
    pid=7,
    threads=4,
    versions={"thumbapp": "0.1.0"},
    running=(RunningTask("t" * 22, "make_thumbnails", 1.5, "Worker-2"),),
    memory_bytes=50_000_000,
)


@pytest.fixture
def workers(huey: StreamHuey) -> WorkerRegistry:
    """Return the list of workers; ada beats in it."""
    registry = WorkerRegistry(huey.client, namespace=huey.namespace)
    registry.beat(ADA)
    return registry


@pytest.mark.usefixtures("workers")
def test_the_page_says_who_is_alive_and_what_each_thread_runs(operator: Browser) -> None:
    page = operator.get("/workers").text

    for words in ("1 of 4 busy", "50 MB", "thumbapp 0.1.0", "Worker-2", "make_thumbnails", "3 threads have"):
        assert words in page


def test_without_a_worker_the_page_says_how_to_start_one(operator: Browser) -> None:
    assert "thumbapp worker" in operator.get("/workers").text


def test_a_queue_is_paused_and_resumed_from_the_page_and_the_audit_says_by_whom(
    people: Site, operator: Browser, queue: Callable[..., str], work: Callable[[], None]
) -> None:
    operator.get("/workers")

    assert operator.post("/queues/normal/pause").status_code == 303
    queue("add", 1, 2)
    assert people.huey.dequeue() is None
    assert "paused" in operator.get("/workers").text
    assert "is paused: 1 task waits there" in operator.get("/overview").text
    operator.post("/queues/normal/resume")
    work()

    assert [entry.action for entry in people.audited()[:2]] == ["queue.resume", "queue.pause"]


def test_a_worker_is_asked_to_stop_from_the_page(
    people: Site, operator: Browser, workers: WorkerRegistry
) -> None:
    operator.get("/workers")
    answer = operator.post(f"/workers/{ADA.id}/stop")

    assert answer.status_code == 303
    assert workers.beat(ADA) is True
    assert "stopping" in operator.get("/workers").text
    assert (people.audited()[0].action, people.audited()[0].target) == ("worker.stop", ADA.id)


@pytest.mark.parametrize("path", ["/workers/ada:8:00/stop", "/queues/urgent/pause", "/queues/urgent/resume"])
def test_what_is_not_there_is_404(operator: Browser, program: Callable[..., Any], path: str) -> None:
    operator.get("/workers")

    assert operator.post(path).status_code == 404
    answer = program("POST", f"/api/v1{path}")
    assert (answer.status_code, answer.json["code"]) in {(404, "worker-not-found"), (404, "unknown-queue")}


def test_a_program_reads_workers(program: Callable[..., Any], workers: WorkerRegistry) -> None:
    workers.beat(replace(ADA, host="bob", id="bob:1:00", running=()))

    items = program("GET", "/api/v1/workers").json["items"]

    assert [item["host"] for item in items] == ["ada", "bob"]
    told = {key: items[0][key] for key in ("id", "pid", "threads", "late", "stopping", "memory_bytes")}
    assert told == {
        "id": ADA.id,
        "pid": 7,
        "threads": 4,
        "late": False,
        "stopping": False,
        "memory_bytes": 50_000_000,
    }
    assert items[0]["running"][0]["thread"] == "Worker-2"


def test_a_program_pauses_and_resumes_a_queue(program: Callable[..., Any], queue: Callable[..., str]) -> None:
    queue("add", 1, 2)

    paused = program("POST", "/api/v1/queues/normal/pause").json
    listed = program("GET", "/api/v1/queues").json
    resumed = program("POST", "/api/v1/queues/normal/resume").json

    assert (paused["paused"], paused["depth"]) == (True, 1)
    assert [(item["name"], item["paused"]) for item in listed["items"]] == [
        ("high", False),
        ("normal", True),
        ("low", False),
    ]
    assert (resumed["paused"], resumed["paused_at"], listed["cursor"]) == (False, None, None)


@pytest.mark.usefixtures("workers")
def test_a_program_stops_a_worker(program: Callable[..., Any]) -> None:
    answer = program("POST", f"/api/v1/workers/{ADA.id}/stop")

    assert (answer.status_code, answer.json["stopping"]) == (202, True)


def test_a_program_reads_every_task_with_its_signature(program: Callable[..., Any]) -> None:
    items = {item["name"]: item for item in program("GET", "/api/v1/registry").json["items"]}

    assert items["add"]["signature"] == "(a: float, b: float) -> float"
    assert items["nap"]["arguments"][1] == {
        "name": "mark",
        "type": "str",
        "required": False,
        "default": "'naps'",
    }


@pytest.mark.usefixtures("workers")
def test_whoever_uploads_is_told_that_the_queue_is_paused(people: Site, program: Callable[..., Any]) -> None:
    program("POST", "/api/v1/queues/normal/pause")

    page = people.visitor().get("/").text

    assert "The queue is paused." in page
    assert "/workers" not in page  # a visitor may not go there

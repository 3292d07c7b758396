"""Tasks over HTTP as JSON: the contract's fields and states, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.blueprints.people import Site
from thumbapp.accounts.model import Role

Send = Callable[..., Any]
Queue = Callable[..., str]
Work = Callable[[], None]

FIELDS = {
    *("id", "name", "args", "kwargs", "state", "queue", "worker", "attempts", "created_at", "started_at"),
    *("finished_at", "result", "error", "traceback"),
}


def test_a_task_is_queued_done_and_read(program: Send, work: Work) -> None:
    queued = program("POST", "/api/v1/tasks", json={"name": "add", "args": [2, 5], "kwargs": {}})
    work()
    done = program("GET", queued.headers["Location"]).get_json()

    assert queued.status_code == 202
    assert set(done) >= FIELDS
    assert (queued.get_json()["state"], done["state"], done["result"]) == ("queued", "done", 7)
    assert (done["args"], done["attempts"], done["error"]) == ([2, 5], 1, None)
    assert done["finished_at"].endswith("Z")


def test_a_failure_has_error_and_traceback_until_it_is_done(program: Send, queue: Queue, work: Work) -> None:
    task_id = queue("fail", "no luck")
    work()

    failed = program("GET", f"/api/v1/tasks/{task_id}").get_json()
    again = program("POST", f"/api/v1/tasks/{task_id}/retry")

    assert (failed["state"], failed["error"]) == ("failed", "ValueError: no luck")
    assert "raise ValueError" in failed["traceback"]
    assert (again.status_code, again.get_json()["state"], again.get_json()["id"]) == (202, "queued", task_id)
    assert (again.get_json()["error"], again.get_json()["finished_at"]) == (None, None)


def test_the_list_has_pages_and_filters(program: Send, queue: Queue, work: Work) -> None:
    made = [queue("add", 1, number) for number in range(3)] + [queue("fail", "x")]
    work()

    first = program("GET", "/api/v1/tasks?limit=3").get_json()
    rest = program("GET", f"/api/v1/tasks?limit=3&cursor={first['cursor']}").get_json()
    failed = program("GET", "/api/v1/tasks?state=failed").get_json()
    named = program("GET", "/api/v1/tasks?name=add&q=[1,2]").get_json()

    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["cursor"] is None
    assert [item["id"] for item in failed["items"]] == [made[3]]
    assert [(item["id"], item["result"]) for item in named["items"]] == [(made[2], 3)]


def test_a_waiting_task_is_cancelled(program: Send, queue: Queue, work: Work) -> None:
    task_id = queue("add", 2, 5)

    answer = program("POST", f"/api/v1/tasks/{task_id}/cancel")
    work()

    assert (answer.status_code, answer.get_json()["state"]) == (200, "cancelled")
    assert program("GET", f"/api/v1/tasks/{task_id}").get_json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "nope"}, 422, "unknown-task"),
        ({"name": "add", "args": [1]}, 422, "arguments-misfit"),
        ({"name": "add", "args": [1, 2], "kwargs": {"c": 3}}, 422, "arguments-misfit"),
        ({"name": "give", "args": ["x" * 5_000_000]}, 413, "message-too-large"),
        ({"name": "give", "args": ["x" * 1_005_000]}, 413, "message-too-large"),
        ({"name": "give", "args": [{"$": 1}]}, 422, "not-json"),
        ({"name": "add", "args": "1, 2"}, 400, "body-not-json"),
        ({"args": [1, 2]}, 400, "body-not-json"),
        (["add", 1, 2], 400, "body-not-json"),
        (None, 400, "body-not-json"),
    ],
    ids=["unknown", "too few", "too many", "5 MB", "1 MB", "tag", "args text", "no name", "list", "null"],
)
def test_what_cannot_be_queued_is_a_problem(program: Send, body: Any, status: int, code: str) -> None:
    answer = program("POST", "/api/v1/tasks", json=body)

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert program("GET", "/api/v1/tasks").get_json()["items"] == []


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b"name=add", b"[" * 100_000], ids=lambda text: repr(text[:9])
)
def test_a_body_that_is_no_json_is_a_problem(program: Send, text: bytes) -> None:
    answer = program("POST", "/api/v1/tasks", data=text[:200_000], content_type="application/json")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "body-not-json")


def test_what_is_over_or_waits_is_left_alone(program: Send, queue: Queue, work: Work) -> None:
    done = queue("add", 2, 5)
    work()
    waiting = queue("add", 2, 5)

    cancel = program("POST", f"/api/v1/tasks/{done}/cancel")
    retry = program("POST", f"/api/v1/tasks/{waiting}/retry")

    assert (cancel.status_code, cancel.get_json()["code"]) == (409, "wrong-task-state")
    assert (retry.status_code, retry.get_json()["code"]) == (409, "wrong-task-state")


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=x", "since=yesterday"])
def test_a_query_that_means_nothing_is_a_problem(program: Send, query: str) -> None:
    answer = program("GET", f"/api/v1/tasks?{query}")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad-parameter")


def test_a_session_needs_its_token_and_a_user_a_role(people: Site, operator: Any) -> None:
    without = operator.client.post(
        "/api/v1/tasks", json={"name": "add"}, headers={"Origin": "http://localhost"}
    )
    user = people.app.test_client().get("/api/v1/tasks", headers=people.token(Role.USER))
    nobody = people.app.test_client().get("/api/v1/tasks")

    assert (without.status_code, user.status_code, nobody.status_code) == (400, 403, 401)

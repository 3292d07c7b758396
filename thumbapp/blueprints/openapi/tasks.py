"""The calls for tasks, and what they answer."""

from typing import Any, Final

from thumbapp.blueprints.openapi.vocabulary import (
    COUNT,
    TEXT,
    TIME,
    answer,
    parameter,
    problems,
    record,
    ref,
)
from thumbapp.taskqueue.records import STATES

_ANY: Final = {"description": "any JSON"}
_MAYBE: Final = {"type": ["string", "null"]}
_NUMBER: Final = {"type": "number"}

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Call": record(
        "name",
        name=TEXT,
        args={"type": "array", "items": _ANY, "default": []},
        kwargs={"type": "object", "default": {}},
    ),
    "Task": record(
        "id name args kwargs state queue worker attempts created_at started_at finished_at "
        "result error traceback",
        id=TEXT,
        name=TEXT,
        args={"type": ["array", "null"], "description": "null when too long to be kept whole"},
        kwargs={"type": ["object", "null"], "description": "null when too long to be kept whole"},
        state={"type": "string", "enum": list(STATES)},
        queue=TEXT,
        worker=_MAYBE,
        attempts=COUNT,
        created_at=TIME,
        started_at=TIME,
        finished_at=TIME,
        result=_ANY,
        error=_MAYBE,
        traceback=_MAYBE,
        progress={"oneOf": [record("done total", done=_NUMBER, total=_NUMBER), {"type": "null"}]},
        output={"type": ["string", "null"], "description": "what its last run printed and logged"},
        due_at=TIME,
        parent={"type": ["string", "null"], "description": "the task that queued it"},
        children={"type": "array", "items": TEXT, "description": "what follows it in its pipeline"},
    ),
    "Tasks": record("items cursor", items={"type": "array", "items": ref("Task")}, cursor=_MAYBE),
}

_ID: Final = parameter("path", "task_id")
_FILTERS: Final = [
    parameter("query", "state", says="repeatable, or several by comma"),
    parameter("query", "name", says="the task's name, whole"),
    parameter("query", "worker", says="who ran it last, whole"),
    parameter("query", "q", says="in its arguments, or the beginning of its id"),
    parameter("query", "since", says="made then or later: RFC 3339, or 15m, 1h, 24h back"),
    parameter("query", "until", says="made earlier"),
    parameter("query", "cursor"),
    parameter("query", "limit", schema={"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
]
_BODY: Final = {"required": True, "content": {"application/json": {"schema": ref("Call")}}}
_REFUSALS: Final = ("401", "403", "503")

PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/tasks": {
        "get": {
            "summary": "tasks, newest first",
            "parameters": _FILTERS,
            "responses": {"200": answer("tasks", ref("Tasks"))} | problems("400", *_REFUSALS),
        },
        "post": {
            "summary": "queue a task by its name",
            "requestBody": _BODY,
            "responses": {"202": answer("queued", ref("Task"))} | problems("400", "413", "422", *_REFUSALS),
        },
    },
    "/api/v1/tasks/{task_id}": {
        "get": {
            "summary": "one task",
            "parameters": [_ID],
            "responses": {"200": answer("the task", ref("Task"))} | problems("404", *_REFUSALS),
        },
    },
    "/api/v1/tasks/{task_id}/cancel": {
        "post": {
            "summary": "cancel one that waits, ask one that runs to stop",
            "parameters": [_ID],
            "responses": {
                "200": answer("cancelled", ref("Task")),
                "202": answer("asked to stop", ref("Task")),
            }
            | problems("404", "409", *_REFUSALS),
        },
    },
    "/api/v1/tasks/{task_id}/retry": {
        "post": {
            "summary": "queue a failed, dead or cancelled one again",
            "parameters": [_ID],
            "responses": {"202": answer("what runs now", ref("Task"))} | problems("404", "409", *_REFUSALS),
        },
    },
}

"""The calls for workers, queues and the registered tasks, and what they answer."""

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
from thumbapp.taskqueue.delivery import RANKS

_NUMBER: Final = {"type": "number"}
_TRUTH: Final = {"type": "boolean"}
_LAST: Final = {"type": "null"}

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "RunningTask": record("id name running_s thread", id=TEXT, name=TEXT, running_s=_NUMBER, thread=TEXT),
    "Worker": record(
        "id host pid threads versions running started_at heartbeat_age_s late stopping "
        "clock_skew_s memory_bytes children_bytes",
        id=TEXT,
        host=TEXT,
        pid=COUNT,
        threads=COUNT,
        versions={"type": "object", "additionalProperties": TEXT},
        running={"type": "array", "items": ref("RunningTask")},
        started_at=TIME,
        heartbeat_age_s=_NUMBER,
        late=_TRUTH | {"description": "a heartbeat was missed"},
        stopping=_TRUTH | {"description": "it was asked to stop"},
        clock_skew_s=_NUMBER | {"description": "by how much its clock is ahead of the server's"},
        memory_bytes=COUNT,
        children_bytes=COUNT | {"description": "of the processes it decodes in"},
    ),
    "Workers": record("items cursor", items={"type": "array", "items": ref("Worker")}, cursor=_LAST),
    "Queue": record(
        "name depth in_hand oldest_s paused paused_at",
        name={"type": "string", "enum": list(RANKS)},
        depth=COUNT | {"description": "messages that wait"},
        in_hand=COUNT | {"description": "messages that workers hold"},
        oldest_s={"type": ["number", "null"], "description": "how long the oldest waits"},
        paused=_TRUTH,
        paused_at=TIME,
    ),
    "Queues": record("items cursor", items={"type": "array", "items": ref("Queue")}, cursor=_LAST),
    "Argument": {
        "type": "object",
        "required": ["name", "type", "required", "default"],
        "properties": {
            "name": TEXT,
            "type": TEXT | {"description": "its annotation in Python, empty when it has none"},
            "required": _TRUTH,
            "default": TEXT,
        },
    },
    "RegisteredTask": record(
        "name signature about arguments retries priority periodic",
        name=TEXT,
        signature=TEXT,
        about=TEXT,
        arguments={"type": "array", "items": ref("Argument")},
        retries=COUNT,
        priority={"type": ["number", "null"]},
        periodic=_TRUTH,
    ),
    "Registry": record("items cursor", items={"type": "array", "items": ref("RegisteredTask")}, cursor=_LAST),
}

_NAME: Final = parameter("path", "name", schema={"type": "string", "enum": list(RANKS)})
_REFUSALS: Final = ("401", "403", "503")

PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/workers": {
        "get": {
            "summary": "every worker that is alive, with what its threads run",
            "responses": {"200": answer("workers", ref("Workers"))} | problems(*_REFUSALS),
        },
    },
    "/api/v1/workers/{worker_id}/stop": {
        "post": {
            "summary": "have a worker finish or hand back what it runs, and end",
            "parameters": [parameter("path", "worker_id")],
            "responses": {"202": answer("it was asked", ref("Worker"))} | problems("404", *_REFUSALS),
        },
    },
    "/api/v1/queues": {
        "get": {
            "summary": "what waits in each queue",
            "responses": {"200": answer("queues", ref("Queues"))} | problems(*_REFUSALS),
        },
    },
    "/api/v1/queues/{name}/pause": {
        "post": {
            "summary": "let no worker begin a task of a queue",
            "parameters": [_NAME],
            "responses": {"200": answer("the queue", ref("Queue"))} | problems("404", *_REFUSALS),
        },
    },
    "/api/v1/queues/{name}/resume": {
        "post": {
            "summary": "let workers take from a queue again",
            "parameters": [_NAME],
            "responses": {"200": answer("the queue", ref("Queue"))} | problems("404", *_REFUSALS),
        },
    },
    "/api/v1/registry": {
        "get": {
            "summary": "every registered task with what it is called with",
            "responses": {"200": answer("tasks", ref("Registry"))} | problems(*_REFUSALS),
        },
    },
}

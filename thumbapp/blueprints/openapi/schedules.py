"""The calls for schedules, and what they answer."""

from typing import Any, Final

from thumbapp.blueprints.openapi.vocabulary import (
    COUNT,
    PATH,
    TEXT,
    TIME,
    answer,
    one_of,
    parameter,
    problems,
    record,
    ref,
)
from thumbapp.schedules.listing import Show
from thumbapp.schedules.model import Kind, Misfire, Outcome, Overlap, Source

_MAYBE: Final = {"type": ["string", "null"]}
_NUMBER: Final = {"type": ["integer", "null"], "minimum": 0}
_YES: Final = {"type": "boolean"}
_ANYTHING: Final = {"type": "array", "items": {}}

_PLAN: Final[dict[str, Any]] = {
    "name": TEXT,
    "task": TEXT,
    "args": _ANYTHING,
    "kwargs": {"type": "object"},
    "kind": one_of(Kind, "`code` only where the code has a function of its own"),
    "every": _NUMBER | {"description": "seconds, for an interval"},
    "cron": _MAYBE | {"description": "five fields, or six with seconds in front"},
    "at": TIME,
    "tz": TEXT | {"description": "an IANA name such as Europe/Warsaw"},
    "enabled": _YES,
    "description": TEXT,
    "start": TIME,
    "end": TIME,
    "max_runs": COUNT,
    "jitter": COUNT,
    "misfire": one_of(Misfire, "what becomes of slots that nobody could fire"),
    "grace": COUNT,
    "overlap": one_of(Overlap, "what becomes of a slot while a run has not ended"),
    "expires": COUNT,
    "priority": {"type": "integer"},
    "retries": COUNT,
    "retry_delay": COUNT,
    "timeout": COUNT,
    "alert_after": COUNT,
}

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Plan": record("name task kind", **_PLAN),
    "Change": record("", **_PLAN),
    "Slot": record(
        "due outcome",
        due=TIME,
        outcome={"type": "string", "enum": [str(word) for word in Outcome]},
        reason=_MAYBE,
        fired_at=TIME,
        late_ms=_NUMBER,
        started_at=TIME,
        finished_at=TIME,
        duration_ms=_NUMBER,
        worker=_MAYBE,
        attempts=COUNT,
        task_id=_MAYBE,
        task_url=_MAYBE,
        is_manual=_YES,
        slots=COUNT | {"description": "for how many missed in a row it stands"},
    ),
    "Schedule": record(
        "id version name task args kwargs kind every cron at tz enabled start end max_runs misfire grace "
        "overlap runs failures last next",
        **_PLAN,
        id=TEXT,
        version=COUNT,
        url=PATH,
        history_url=PATH,
        words=TEXT,
        source={"type": "string", "enum": [str(word) for word in Source]},
        is_overridden=_YES,
        is_over=_YES,
        trouble=_MAYBE | {"description": "why it cannot run"},
        alert=_MAYBE | {"description": "that it failed again and again, or did not run when due"},
        runs=COUNT,
        failures=COUNT,
        streak=COUNT | {"description": "failures in a row"},
        last=TIME,
        last_run={"oneOf": [ref("Slot"), {"type": "null"}]},
        next=TIME,
        created_at=TIME,
        updated_at=TIME,
        updated_by=TEXT,
    ),
    "Schedules": record("items cursor", items={"type": "array", "items": ref("Schedule")}, cursor=_MAYBE),
    "Slots": record("items cursor", items={"type": "array", "items": ref("Slot")}, cursor=_MAYBE),
    "RunNow": record("id task_id url", id=TEXT, task_id=TEXT, url=PATH),
    "Preview": record(
        "words remarks next",
        words=TEXT,
        remarks={"type": "array", "items": TEXT},
        next={
            "type": "array",
            "items": record("utc local clock_change", utc=TIME, local=TEXT, clock_change=_YES),
        },
    ),
}

_ID: Final = parameter("path", "schedule_id")
_COUNT: Final = parameter("query", "count", schema=COUNT, says="how many runs, 5")
_PAGE: Final = [parameter("query", "cursor"), parameter("query", "limit", schema=COUNT)]
_VERSION: Final = parameter("header", "If-Match", says="the version that was read")
_ONE: Final = answer("the schedule", ref("Schedule"))
_DENIED: Final = problems("401", "403")


def _body(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": ref(name)}}}


PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/schedules": {
        "get": {
            "summary": "the schedules by name",
            "parameters": [
                parameter("query", "q", says="a part of name, task, description or id"),
                parameter("query", "show", schema={"type": "string", "enum": [str(word) for word in Show]}),
                parameter("query", "task"),
                *_PAGE,
            ],
            "responses": {"200": answer("one page", ref("Schedules"))} | _DENIED | problems("400", "503"),
        },
        "post": {
            "summary": "a new schedule; it runs from now on",
            "requestBody": _body("Plan"),
            "responses": {"201": _ONE} | _DENIED | problems("400", "422", "503"),
        },
    },
    "/api/v1/schedules/{schedule_id}": {
        "get": {
            "summary": "one schedule",
            "parameters": [_ID],
            "responses": {"200": _ONE} | _DENIED | problems("404", "503"),
        },
        "put": {
            "summary": "save a changed schedule; what is left out stays",
            "parameters": [_ID, _VERSION],
            "requestBody": _body("Change"),
            "responses": {"200": _ONE} | _DENIED | problems("400", "404", "409", "422", "428", "503"),
        },
        "delete": {
            "summary": "remove it with its history",
            "parameters": [_ID, _VERSION],
            "responses": {"204": answer("removed")} | _DENIED | problems("404", "409", "503"),
        },
    },
    "/api/v1/schedules/{schedule_id}/run": {
        "post": {
            "summary": "run it now; its slots do not move",
            "parameters": [_ID],
            "responses": {"202": answer("queued", ref("RunNow"))}
            | _DENIED
            | problems("404", "409", "422", "503"),
        }
    },
    "/api/v1/schedules/preview": {
        "post": {
            "summary": "what a new schedule would do",
            "parameters": [_COUNT],
            "requestBody": _body("Change"),
            "responses": {"200": answer("words and next runs", ref("Preview"))}
            | _DENIED
            | problems("400", "422"),
        }
    },
    "/api/v1/schedules/{schedule_id}/preview": {
        "post": {
            "summary": "what it would do with a change",
            "parameters": [_ID, _COUNT],
            "requestBody": _body("Change"),
            "responses": {"200": answer("words and next runs", ref("Preview"))}
            | _DENIED
            | problems("400", "404", "422"),
        }
    },
    "/api/v1/schedules/{schedule_id}/history": {
        "get": {
            "summary": "its slots, the newest first",
            "parameters": [_ID, *_PAGE],
            "responses": {"200": answer("one page", ref("Slots"))} | _DENIED | problems("400", "404", "503"),
        }
    },
}

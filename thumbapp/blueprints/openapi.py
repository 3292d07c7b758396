"""The OpenAPI description of the JSON API, served at ``/api/v1/openapi.json``.

Written next to the views it describes; a test compares it with the application's addresses.
"""

from enum import StrEnum
from functools import cache
from typing import Any, Final

from apispec import APISpec

from thumbapp import __version__
from thumbapp.imaging.recipe import Animation, Effort, Fit, Format, Gravity, Metadata
from thumbapp.jobs.model import JobState

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TIME: Final = {"type": ["string", "null"], "format": "date-time"}
_PATH: Final = {"type": "string", "format": "uri-reference"}


@cache
def document() -> dict[str, Any]:
    """Return the description as plain values."""
    spec = APISpec(
        title="ThumbApp",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Pictures in, thumbnails out. Errors are RFC 9457 problem details."},
    )
    for name, schema in _SCHEMAS.items():
        spec.components.schema(name, schema)
    for path, operations in _PATHS.items():
        spec.path(path=path, operations=operations)
    return spec.to_dict()


def _object(required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object; *required* names its sure fields, by blanks."""
    return {"type": "object", "required": required.split(), "properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(words: type[StrEnum], says: str, *, default: str = "") -> dict[str, Any]:
    """Return the schema of a word; the first is the default unless one is named."""
    known = [str(word) for word in words]
    return {"type": "string", "enum": known, "default": default or known[0], "description": says}


def _answer(description: str, schema: dict[str, Any] | None = None, *, kind: str = "application/json") -> Any:
    content = {"content": {kind: {"schema": schema}}} if schema else {}
    return {"description": description} | content


def _problems(*statuses: str) -> dict[str, Any]:
    return {
        status: _answer(_MEANING[status], _ref("Problem"), kind="application/problem+json")
        for status in statuses
    }


def _in(where: str, name: str, *, schema: Any = None, says: str = "") -> dict[str, Any]:
    return {
        "in": where,
        "name": name,
        "required": where == "path",
        "schema": schema or _TEXT,
        "description": says,
    }


_MEANING: Final = {
    "400": "the request cannot be understood",
    "403": "somebody else's job",
    "404": "no such job",
    "409": "not in this state",
    "410": "removed after the retention time",
    "413": "too large",
    "415": "no picture",
    "422": "a picture that is refused",
    "503": "Redis, the disk or the queue cannot take it now; see Retry-After",
}

_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Problem": _object(
        "title status code detail",
        type=_TEXT,
        title=_TEXT,
        status=_COUNT,
        code=_TEXT,
        detail=_TEXT,
        request_id=_TEXT,
    ),
    "Reason": _object("code message", code=_TEXT, message=_TEXT),
    "Thumbnail": _object(
        "name width height bytes format url",
        name=_TEXT,
        width=_COUNT,
        height=_COUNT,
        bytes=_COUNT,
        format=_TEXT,
        url=_PATH,
    ),
    "Original": _object(
        "name format width height bytes mode frames orientation profile notes",
        name=_TEXT,
        format=_TEXT,
        width=_COUNT,
        height=_COUNT,
        bytes=_COUNT,
        mode=_TEXT,
        frames=_COUNT,
        orientation=_COUNT | {"minimum": 1, "maximum": 8},
        profile={"type": ["string", "null"], "description": "the colour profile's name"},
        notes={"type": "array", "items": _TEXT},
    ),
    "Made": _object(
        "name size width height bytes format sha256",
        name=_TEXT,
        size=_TEXT,
        width=_COUNT,
        height=_COUNT,
        bytes=_COUNT,
        format=_TEXT,
        sha256=_TEXT,
    ),
    "Manifest": _object(
        "original recipe thumbnails",
        original=_ref("Original"),
        recipe={"type": "object"},
        thumbnails={"type": "array", "items": _ref("Made")},
    ),
    "Job": _object(
        "id state filename progress thumbnails archive_url error created_at started_at finished_at",
        id=_TEXT,
        state={"type": "string", "enum": [str(state) for state in JobState]},
        filename=_TEXT,
        batch={"type": ["string", "null"]},
        place={"type": ["integer", "null"], "description": "place in the queue, 1 being next"},
        progress=_object("done total", done=_COUNT, total=_COUNT),
        thumbnails={"type": "array", "items": _ref("Thumbnail")},
        archive_url={"type": ["string", "null"], "format": "uri-reference"},
        error={"oneOf": [_ref("Reason"), {"type": "null"}]},
        manifest={
            "oneOf": [_ref("Manifest"), {"type": "null"}],
            "description": "null until the job is done; lists and batches leave it out",
        },
        created_at=_TIME,
        started_at=_TIME,
        finished_at=_TIME,
    ),
    "Accepted": _object(
        "id state url events_url",
        id=_TEXT,
        state=_TEXT,
        url=_PATH,
        events_url=_PATH,
        batch=_TEXT,
        error=_ref("Reason"),
        delete_token=_TEXT,
    ),
    "AcceptedBatch": _object("batch jobs", batch=_TEXT, jobs={"type": "array", "items": _ref("Accepted")}),
    "Jobs": _object(
        "items cursor",
        items={"type": "array", "items": _ref("Job")},
        cursor={"type": ["string", "null"]},
    ),
    "Batch": _object(
        "id jobs archive_url created_at",
        id=_TEXT,
        jobs={"type": "array", "items": _ref("Job")},
        archive_url={"type": ["string", "null"], "format": "uri-reference"},
        created_at=_TIME,
    ),
    "Upload": _object(
        "image",
        image={"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}},
        sizes=_TEXT | {"default": "128x128", "description": "300x200, 640, w1200, h800; by commas"},
        fit=_one_of(Fit, "how a picture meets its box"),
        gravity=_one_of(Gravity, "the part that fill keeps, where pad puts the picture"),
        background=_TEXT | {"default": "#ffffff", "description": "under pad, and under what was transparent"},
        enlarge={"type": "string", "enum": ["0", "1"], "default": "0"},
        format=_one_of(Format, "what thumbnails are written as"),
        quality=_TEXT | {"description": "1 to 100; absent or 0: the format's own"},
        effort=_one_of(Effort, "what to spend", default=Effort.DEFAULT),
        metadata=_one_of(Metadata, "credit keeps copyright, credit and colour profile"),
        animation=_one_of(Animation, "whether a moving picture stays one"),
        include_original={"type": "string", "enum": ["0", "1"], "default": "1"},
        batch=_TEXT | {"description": "`new`, or a batch of the same owner to add to"},
    ),
}

_JOB: Final = _in("path", "job_id")
_BATCH: Final = _in("path", "batch_id")
_ACCEPTED: Final = _answer("queued", {"oneOf": [_ref("Accepted"), _ref("AcceptedBatch")]})
_ZIP: Final = _answer("a stored zip", {"type": "string"}, kind="application/zip")
_EVENTS: Final = _answer(
    "a stream of `job` events, each with the whole state", _TEXT, kind="text/event-stream"
)
_POLL: Final = {"204": _answer("no stream is free: ask every few seconds")}

_PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/openapi.json": {
        "get": {"summary": "this description", "responses": {"200": _answer("OpenAPI", {"type": "object"})}}
    },
    "/api/v1/jobs": {
        "get": {
            "summary": "own jobs, newest first",
            "parameters": [
                _in("query", "state"),
                _in("query", "cursor"),
                _in("query", "limit", schema=_COUNT),
            ],
            "responses": {"200": _answer("one page", _ref("Jobs"))} | _problems("400", "503"),
        },
        "post": {
            "summary": "make thumbnails of one or more pictures",
            "parameters": [_in("header", "Idempotency-Key", says="the same key makes the jobs once")],
            "requestBody": {"content": {"multipart/form-data": {"schema": _ref("Upload")}}},
            "responses": {"202": _ACCEPTED} | _problems("400", "409", "413", "415", "422", "503"),
        },
    },
    "/api/v1/jobs/{job_id}": {
        "get": {
            "summary": "one job",
            "parameters": [_JOB],
            "responses": {"200": _answer("the job", _ref("Job")), "304": _answer("unchanged")}
            | _problems("404", "410", "503"),
        },
        "delete": {
            "summary": "cancel the job while it waits or runs, delete it otherwise",
            "parameters": [_JOB, _in("header", "X-Delete-Token", says="for a job made without a session")],
            "responses": {"204": _answer("done")} | _problems("403", "404", "410", "503"),
        },
    },
    "/api/v1/jobs/{job_id}/retry": {
        "post": {
            "summary": "queue a failed or cancelled job again",
            "parameters": [_JOB],
            "responses": {"202": _ACCEPTED} | _problems("403", "404", "409", "410", "503"),
        }
    },
    "/api/v1/jobs/{job_id}/events": {
        "get": {
            "summary": "the job's progress",
            "parameters": [_JOB],
            "responses": {"200": _EVENTS} | _POLL | _problems("404", "410"),
        }
    },
    "/api/v1/jobs/{job_id}/archive": {
        "get": {
            "summary": "the zip",
            "parameters": [_JOB],
            "responses": {"200": _ZIP} | _problems("404", "410"),
        }
    },
    "/api/v1/jobs/{job_id}/thumbnails/{name}": {
        "get": {
            "summary": "one thumbnail",
            "parameters": [_JOB, _in("path", "name")],
            "responses": {"200": _answer("the picture", {"type": "string"}, kind="image/*")}
            | _problems("404", "410"),
        }
    },
    "/api/v1/batches/{batch_id}": {
        "get": {
            "summary": "the jobs of one upload",
            "parameters": [_BATCH],
            "responses": {"200": _answer("the batch", _ref("Batch"))} | _problems("404", "410"),
        }
    },
    "/api/v1/batches/{batch_id}/events": {
        "get": {
            "summary": "the progress of the batch's jobs",
            "parameters": [_BATCH],
            "responses": {"200": _EVENTS} | _POLL | _problems("404", "410"),
        }
    },
    "/api/v1/batches/{batch_id}/archive": {
        "get": {
            "summary": "one zip for the whole batch",
            "parameters": [_BATCH],
            "responses": {"200": _ZIP} | _problems("404", "410"),
        }
    },
}

"""The calls for jobs and batches, and what they answer."""

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
from thumbapp.imaging.recipe import Animation, Effort, Fit, Format, Gravity, Metadata
from thumbapp.jobs.model import JobState

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Reason": record("code message", code=TEXT, message=TEXT),
    "Thumbnail": record(
        "name width height bytes format url",
        name=TEXT,
        width=COUNT,
        height=COUNT,
        bytes=COUNT,
        format=TEXT,
        url=PATH,
    ),
    "Original": record(
        "name format width height bytes mode frames orientation profile notes",
        name=TEXT,
        format=TEXT,
        width=COUNT,
        height=COUNT,
        bytes=COUNT,
        mode=TEXT,
        frames=COUNT,
        orientation=COUNT | {"minimum": 1, "maximum": 8},
        profile={"type": ["string", "null"], "description": "the colour profile's name"},
        notes={"type": "array", "items": TEXT},
    ),
    "Made": record(
        "name size width height bytes format sha256",
        name=TEXT,
        size=TEXT,
        width=COUNT,
        height=COUNT,
        bytes=COUNT,
        format=TEXT,
        sha256=TEXT,
    ),
    "Manifest": record(
        "original recipe thumbnails",
        original=ref("Original"),
        recipe={"type": "object"},
        thumbnails={"type": "array", "items": ref("Made")},
    ),
    "Job": record(
        "id state filename progress thumbnails archive_url error created_at started_at finished_at",
        id=TEXT,
        state={"type": "string", "enum": [str(state) for state in JobState]},
        filename=TEXT,
        batch={"type": ["string", "null"]},
        place={"type": ["integer", "null"], "description": "place in the queue, 1 being next"},
        progress=record("done total", done=COUNT, total=COUNT),
        thumbnails={"type": "array", "items": ref("Thumbnail")},
        archive_url={"type": ["string", "null"], "format": "uri-reference"},
        error={"oneOf": [ref("Reason"), {"type": "null"}]},
        manifest={
            "oneOf": [ref("Manifest"), {"type": "null"}],
            "description": "null until the job is done; lists and batches leave it out",
        },
        created_at=TIME,
        started_at=TIME,
        finished_at=TIME,
    ),
    "Accepted": record(
        "id state url events_url",
        id=TEXT,
        state=TEXT,
        url=PATH,
        events_url=PATH,
        batch=TEXT,
        error=ref("Reason"),
        delete_token=TEXT,
    ),
    "AcceptedBatch": record("batch jobs", batch=TEXT, jobs={"type": "array", "items": ref("Accepted")}),
    "Jobs": record(
        "items cursor",
        items={"type": "array", "items": ref("Job")},
        cursor={"type": ["string", "null"]},
    ),
    "Batch": record(
        "id jobs archive_url created_at",
        id=TEXT,
        jobs={"type": "array", "items": ref("Job")},
        archive_url={"type": ["string", "null"], "format": "uri-reference"},
        created_at=TIME,
    ),
    "Upload": record(
        "image",
        image={"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}},
        sizes=TEXT | {"default": "128x128", "description": "300x200, 640, w1200, h800; by commas"},
        fit=one_of(Fit, "how a picture meets its box"),
        gravity=one_of(Gravity, "the part that fill keeps, where pad puts the picture"),
        background=TEXT | {"default": "#ffffff", "description": "under pad, and under what was transparent"},
        enlarge={"type": "string", "enum": ["0", "1"], "default": "0"},
        format=one_of(Format, "what thumbnails are written as"),
        quality=TEXT | {"description": "1 to 100; absent or 0: the format's own"},
        effort=one_of(Effort, "what to spend", default=Effort.DEFAULT),
        metadata=one_of(Metadata, "credit keeps copyright, credit and colour profile"),
        animation=one_of(Animation, "whether a moving picture stays one"),
        include_original={"type": "string", "enum": ["0", "1"], "default": "1"},
        batch=TEXT | {"description": "`new`, or a batch of the same owner to add to"},
    ),
}

_JOB: Final = parameter("path", "job_id")
_BATCH: Final = parameter("path", "batch_id")
_ACCEPTED: Final = answer("queued", {"oneOf": [ref("Accepted"), ref("AcceptedBatch")]})
_ZIP: Final = answer("a stored zip", {"type": "string"}, kind="application/zip")
_EVENTS: Final = answer("a stream of `job` events, each with the whole state", TEXT, kind="text/event-stream")
_POLL: Final = {"204": answer("no stream is free: ask every few seconds")}

PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/jobs": {
        "get": {
            "summary": "own jobs, newest first",
            "parameters": [
                parameter("query", "state"),
                parameter("query", "cursor"),
                parameter("query", "limit", schema=COUNT),
            ],
            "responses": {"200": answer("one page", ref("Jobs"))} | problems("400", "503"),
        },
        "post": {
            "summary": "make thumbnails of one or more pictures",
            "parameters": [parameter("header", "Idempotency-Key", says="the same key makes the jobs once")],
            "requestBody": {"content": {"multipart/form-data": {"schema": ref("Upload")}}},
            "responses": {"202": _ACCEPTED} | problems("400", "409", "413", "415", "422", "503"),
        },
    },
    "/api/v1/jobs/{job_id}": {
        "get": {
            "summary": "one job",
            "parameters": [_JOB],
            "responses": {"200": answer("the job", ref("Job")), "304": answer("unchanged")}
            | problems("404", "410", "503"),
        },
        "delete": {
            "summary": "cancel the job while it waits or runs, delete it otherwise",
            "parameters": [
                _JOB,
                parameter("header", "X-Delete-Token", says="for a job made without a session"),
            ],
            "responses": {"204": answer("done")} | problems("403", "404", "410", "503"),
        },
    },
    "/api/v1/jobs/{job_id}/retry": {
        "post": {
            "summary": "queue a failed or cancelled job again",
            "parameters": [_JOB],
            "responses": {"202": _ACCEPTED} | problems("403", "404", "409", "410", "503"),
        }
    },
    "/api/v1/jobs/{job_id}/events": {
        "get": {
            "summary": "the job's progress",
            "parameters": [_JOB],
            "responses": {"200": _EVENTS} | _POLL | problems("404", "410"),
        }
    },
    "/api/v1/jobs/{job_id}/archive": {
        "get": {
            "summary": "the zip",
            "parameters": [_JOB],
            "responses": {"200": _ZIP} | problems("404", "410"),
        }
    },
    "/api/v1/jobs/{job_id}/thumbnails/{name}": {
        "get": {
            "summary": "one thumbnail",
            "parameters": [_JOB, parameter("path", "name")],
            "responses": {"200": answer("the picture", {"type": "string"}, kind="image/*")}
            | problems("404", "410"),
        }
    },
    "/api/v1/batches/{batch_id}": {
        "get": {
            "summary": "the jobs of one upload",
            "parameters": [_BATCH],
            "responses": {"200": answer("the batch", ref("Batch"))} | problems("404", "410"),
        }
    },
    "/api/v1/batches/{batch_id}/events": {
        "get": {
            "summary": "the progress of the batch's jobs",
            "parameters": [_BATCH],
            "responses": {"200": _EVENTS} | _POLL | problems("404", "410"),
        }
    },
    "/api/v1/batches/{batch_id}/archive": {
        "get": {
            "summary": "one zip for the whole batch",
            "parameters": [_BATCH],
            "responses": {"200": _ZIP} | problems("404", "410"),
        }
    },
}

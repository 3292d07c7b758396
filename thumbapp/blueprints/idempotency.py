"""``Idempotency-Key``: the same upload sent twice makes its jobs once.

The key is bound to who sends it. While the first request is at work a second one is told to wait;
afterwards, for a day, it is shown the same jobs. Another upload with that key is refused, as the IETF's
draft on the header has it (draft-ietf-httpapi-idempotency-key-header, section 2.7).
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import orjson
from flask import request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints.context import Parts
from thumbapp.errors import IdempotencyMismatch, StillWorking
from thumbapp.jobs.service import JobService, Submission

KEPT_S: Final = 24 * 3600
_AT_WORK_S: Final = 300


def once(
    parts: Parts,
    *,
    scope: str,
    act: Callable[[], Submission],
    show: Callable[[Submission], AnyResponse],
) -> AnyResponse:
    """Return what *act* made, or what it made the first time the request's key was used in *scope*."""
    given = request.headers.get("Idempotency-Key", "")
    if not given:
        return show(act())
    client: Any = parts.redis
    key = parts.settings.namespace + "idempotency:" + hashlib.sha256(f"{scope}\0{given}".encode()).hexdigest()
    asked = _fingerprint()
    if not client.set(key, orjson.dumps({"print": asked}), nx=True, ex=_AT_WORK_S):
        return show(_recall(client.get(key), asked, parts.jobs))
    try:
        made = act()
    except BaseException:
        client.delete(key)
        raise
    kept = {"print": asked, "batch": made.batch, "ids": [job.id for job in made.jobs]}
    client.set(key, orjson.dumps(kept), ex=KEPT_S)
    return show(made)


def _fingerprint() -> str:
    """Return the SHA-256 of what the request asks for, as hex: its fields, and its files with their names."""
    fields = [field for field in request.form.items(multi=True) if field[0] != "csrf_token"]
    seen = hashlib.sha256(orjson.dumps(sorted(fields)))
    for field, file in request.files.items(multi=True):
        stream: Any = file.stream
        content = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        seen.update(orjson.dumps([field, file.filename, content]))
    return seen.hexdigest()


def _recall(kept: bytes | None, asked: str, jobs: JobService) -> Submission:
    """Return what the first request with the key has made, provided that it asked for the same."""
    made = orjson.loads(kept) if kept else {}
    if made.get("print", asked) != asked:
        raise IdempotencyMismatch
    if "ids" not in made:
        raise StillWorking
    return Submission(tuple(jobs.find(job_id) for job_id in made["ids"]), made["batch"])

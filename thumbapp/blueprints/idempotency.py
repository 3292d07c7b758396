"""``Idempotency-Key``: the same upload sent twice makes its jobs once.

The key is bound to who sends it. While the first request is at work a second one is told to wait;
afterwards, for a day, it is shown the same jobs.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import orjson
from flask import request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints.context import Parts
from thumbapp.errors import StillWorking
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
    if not client.set(key, b"", nx=True, ex=_AT_WORK_S):
        return show(_recall(client.get(key), parts.jobs))
    try:
        made = act()
    except BaseException:
        client.delete(key)
        raise
    client.set(key, orjson.dumps({"batch": made.batch, "ids": [job.id for job in made.jobs]}), ex=KEPT_S)
    return show(made)


def _recall(kept: bytes | None, jobs: JobService) -> Submission:
    if not kept:
        raise StillWorking
    made = orjson.loads(kept)
    return Submission(tuple(jobs.find(job_id) for job_id in made["ids"]), made["batch"])

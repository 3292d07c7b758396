"""Whether the site is alive and whether it can do its work, for monitors and load balancers."""

import redis
from flask import Blueprint, Response, jsonify

from thumbapp.blueprints.context import parts, worker_status
from thumbapp.errors import Unavailable

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """Answer as long as the process serves requests at all."""
    return jsonify(status="alive")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer 200 when uploads can be taken, 503 when Redis or the disk cannot; no worker only degrades."""
    failed = _failures()
    if failed:
        return jsonify(status="unavailable", failed=failed), 503
    degraded = [] if worker_status().alive else ["worker"]
    return jsonify(status="degraded" if degraded else "ready", degraded=degraded), 200


def _failures() -> list[str]:
    failed = []
    try:
        parts().redis.ping()
    except redis.RedisError:
        failed.append("redis")
    try:
        parts().media.check_room()
    except Unavailable:
        failed.append("disk")
    return failed

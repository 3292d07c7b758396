"""The JSON API for schedules, ``/api/v1/schedules``; the fields are those of the contract."""

from typing import Any, Final

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import schedules
from thumbapp.blueprints.identity import asker
from thumbapp.blueprints.request_params import json_body, number_param
from thumbapp.blueprints.schedule_json import preview_json, schedule_json, slot_json
from thumbapp.blueprints.schedule_query import cursor_param, requested_listing
from thumbapp.blueprints.security import protect_cookie_request
from thumbapp.errors import BadParameter, VersionNeeded
from thumbapp.schedules.listing import MOST, ScheduleRow
from thumbapp.schedules.model import Schedule
from thumbapp.schedules.recurrence import MOST_SHOWN

_MOST_BYTES: Final = 1_000_000

bp = Blueprint("schedule_api", __name__, url_prefix="/api/v1/schedules")
bp.before_request(protect_cookie_request)


@bp.get("")
def index() -> Response:
    """Return the schedules by name; ``q``, ``show`` and ``task`` narrow them."""
    page = requested_listing(limit=number_param("limit", default=200, most=MOST))
    return jsonify(items=[schedule_json(row) for row in page.rows], cursor=page.cursor)


@bp.post("")
def create() -> AnyResponse:
    """Save a new schedule; 201 with its object."""
    told = _plan_told()
    audit_trail.note("schedule.create", str(told.get("name", ""))[:100])
    made = schedules().create(told, who=asker().name)
    response = _answer(made, status=201)
    response.headers["Location"] = url_for(".show", schedule_id=made.id)
    return response


@bp.get("/<schedule_id>")
def show(schedule_id: str) -> Response:
    """Return one schedule; its version is the ETag."""
    return _answer(schedules().store.find(schedule_id))


@bp.put("/<schedule_id>")
def edit(schedule_id: str) -> Response:
    """Save a changed schedule; what is left out stays, and what can only be read is passed over."""
    told, seen = _plan_told(), schedules().store.find(schedule_id)
    audit_trail.note("schedule.edit", seen.name)
    version = _version_asked()
    if version is None:
        raise VersionNeeded(seen.version)
    return _answer(schedules().edit(schedule_id, told, version=version, who=asker().name))


@bp.delete("/<schedule_id>")
def delete(schedule_id: str) -> Response:
    """Remove a schedule with its history; with If-Match only in that version."""
    removed = schedules().remove(schedule_id, version=_version_asked())
    audit_trail.note("schedule.delete", removed.name)
    return Response(status=204)


@bp.post("/<schedule_id>/run")
def run(schedule_id: str) -> AnyResponse:
    """Run a schedule now, beside its slots; 202 with the task."""
    audit_trail.note("schedule.run", schedules().store.find(schedule_id).name)
    task = schedules().run_now(schedule_id)
    response = jsonify(id=task, task_id=task, url=url_for("monitor_api.task", task_id=task))
    response.status_code = 202
    return response


@bp.post("/preview")
def preview() -> Response:
    """Return what a new schedule would do; nothing is saved."""
    audit_trail.changes_nothing()
    return jsonify(preview_json(schedules().preview(_plan_told(), count=_count_asked())))


@bp.post("/<schedule_id>/preview")
def preview_of(schedule_id: str) -> Response:
    """Return what a schedule would do with what the body changes; nothing is saved."""
    audit_trail.changes_nothing()
    before = schedules().store.find(schedule_id)
    told = _plan_told() if request.content_length else {}
    return jsonify(preview_json(schedules().preview(told, before=before, count=_count_asked())))


@bp.get("/<schedule_id>/history")
def history(schedule_id: str) -> Response:
    """Return the slots of a schedule, the newest first; those that have not ended come before."""
    limit = number_param("limit", default=50, most=500)
    slots, cursor = schedules().history(schedule_id, below=cursor_param(), limit=limit)
    return jsonify(items=[slot_json(slot) for slot in slots], cursor=cursor)


def _plan_told() -> dict[str, Any]:
    return json_body(most_bytes=_MOST_BYTES)


def _count_asked() -> int:
    return number_param("count", default=5, most=MOST_SHOWN)


def _version_asked() -> int | None:
    """Return the version of the header If-Match, in quotes or not; None without one."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not text:
        return None
    if not text.isdecimal() or len(text) > 15:
        raise BadParameter("If-Match", text, "the version of the schedule, a number")
    return int(text)


def _answer(schedule: Schedule, *, status: int = 200) -> Response:
    alert = schedules().alerts().get(schedule.id, "")
    response = jsonify(schedule_json(ScheduleRow(schedule, schedules().trouble(schedule), alert)))
    response.status_code = status
    response.set_etag(str(schedule.version))
    return response

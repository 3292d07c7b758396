"""Many keys at once: counted and sampled, asked about, then worked through in steps that can be stopped."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from flask import Blueprint, jsonify, redirect, render_template, request, session
from werkzeug.wrappers import Response

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.problems import refused
from thumbapp.errors import ConfirmationNeeded, GateRefused, ThumbAppError
from thumbapp.explorer import bulk
from thumbapp.explorer.bulk import WITHIN_S, Task
from thumbapp.explorer.rules import Mode
from thumbapp.forms.explorer.bulk import WORDS, read_task

bp = Blueprint("explorer_bulk", __name__, url_prefix="/redis/bulk")
_DONE: Final = "redis_bulk"
_STEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work is: keys changed and passed over since its beginning; ``cursor`` None at the end."""

    changed: int
    passed_over: int
    scanned: int
    total: int
    cursor: str | None
    confirm: str


@bp.get("")
def show() -> str:
    """Show how many keys the search finds, some of them, and what can be done to them."""
    return _page(current_location(), done=session.pop(_DONE, None))


@bp.post("")
def work() -> Response:
    """Do a step of what is asked for; the first one asks whether it is meant."""
    location = current_location()
    audit_trail.note("redis.bulk", f"{location.database} {request.form.get('operation', '')[:20]}")
    try:
        task = read_task(request.form, location.search)
        step = _step(location, task, request.form, within_s=_STEP_S if _is_script() else WITHIN_S)
    except ThumbAppError as error:
        if isinstance(error, GateRefused):
            audit_trail.left_to_the_gate()
        asked = error if isinstance(error, ConfirmationNeeded) else None
        return refused(_page(location, error=error, asked=asked, form=request.form), error)
    audit_trail.left_to_the_gate()
    return _answer(location, step, request.form)


def _step(location: Location, task: Task, form: Mapping[str, str], *, within_s: float) -> Step:
    """Work for *within_s* seconds from the cursor of *form* on."""
    *_, last = bulk.run(
        location.gate,
        task,
        caller=modes.caller(),
        db=location.db,
        confirm=form.get("confirm", ""),
        cursor=form.get("cursor", ""),
        within_s=within_s,
    )
    with location.gate.server.pool.connection(location.db) as connection:
        size = connection.ask("DBSIZE")
    return Step(
        _so_far(form, "changed") + last.changed,
        _so_far(form, "passed_over") + last.passed_over,
        last.scanned,
        max(size if isinstance(size, int) else 0, last.scanned),
        last.cursor,
        last.confirm,
    )


def _answer(location: Location, step: Step, form: Mapping[str, str]) -> Response:
    if _is_script():
        return jsonify(asdict(step))
    if step.cursor is not None:
        page = render_template(
            "explorer/bulk_step.html", location=location, step=step, form=form, words=WORDS
        )
        return Response(page, mimetype="text/html")
    session[_DONE] = {
        "operation": form["operation"],
        "changed": step.changed,
        "passed_over": step.passed_over,
    }
    return redirect(location.url("explorer_bulk.show"), 303)


def _page(
    location: Location,
    *,
    error: ThumbAppError | None = None,
    asked: ConfirmationNeeded | None = None,
    form: Mapping[str, str] | None = None,
    done: Mapping[str, object] | None = None,
) -> str:
    """Return the page; what the search finds is counted anew unless it was just now."""
    found, problem = None, error
    if asked is None:
        try:
            found = bulk.preview(location.gate, location.search, db=location.db)
        except ThumbAppError as refusal:
            problem = refusal
    return render_template(
        "explorer/bulk.html",
        location=location,
        found=found,
        error=None if asked else problem,
        asked=asked,
        form=form or {},
        done=done,
        words=WORDS,
        may_change=modes.mode_now().covers(Mode.EDIT) and not location.gate.server.is_read_only,
    )


def _is_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _so_far(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 13 else 0

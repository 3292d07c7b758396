"""The pages of schedules: the list, one with its history and form, a new one, and what buttons do."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints import trail
from thumbapp.blueprints.access import safe_path
from thumbapp.blueprints.identity import asker
from thumbapp.blueprints.problems import refused
from thumbapp.blueprints.schedule_api import schedules
from thumbapp.blueprints.schedule_pages import (
    detail_page,
    form_page,
    list_page,
    preview_of,
    refused_page,
    signature_of,
)
from thumbapp.errors import (
    BadParameter,
    BadSchedule,
    FromCode,
    ScheduleNotFound,
    StaleSchedule,
    StillRunning,
)
from thumbapp.forms.schedules import ScheduleForm
from thumbapp.schedules.demo import add_demo
from thumbapp.schedules.model import Schedule

bp = Blueprint("schedules", __name__, url_prefix="/schedules")

MOST_AT_ONCE = 1_000
Act = Callable[[Schedule], object]


@bp.get("")
def index() -> str:
    """Show the schedules by name."""
    return render_template("schedules/index.html", page=list_page())


@bp.get("/panel")
def panel() -> str:
    """Return the changing part of the list, for the live update."""
    return list_page().panel()


@bp.post("/demo")
def demo() -> Response:
    """Switch on the two schedules to begin with."""
    made = add_demo(schedules(), who=asker().name)
    trail.note("schedule.demo", ", ".join(one.name for one in made))
    flash("The demo runs: one schedule every ten seconds, one at 15:05 in Warsaw.", "ok")
    return redirect(url_for(".index"), 303)


@bp.route("/new", methods=["GET", "POST"])
def create() -> Response | str:
    """Show the form of a new schedule; save what it sends and go to its page."""
    form = ScheduleForm(tz=schedules().timezone)
    if not form.is_submitted() or "look" in request.form:
        return _looked_at(form, None)
    try:
        trail.note("schedule.create", form.name.data or "")
        made = schedules().create(form.told_with(signature_of(form), request.form), who=asker().name)
    except BadSchedule as error:
        return refused(render_template("schedules/new.html", page=refused_page(form, error)), error)
    flash(f"{made.name} was saved.", "ok")
    return redirect(url_for(".show", schedule_id=made.id), 303)


@bp.get("/preview")
def preview() -> str:
    """Return what the form in the query would do, while somebody types."""
    schedule = _known(request.args.get("of", ""))
    shown, error = preview_of(ScheduleForm(formdata=request.args), schedule)
    return render_template("schedules/_preview.html", preview=shown, error=error)


@bp.get("/arguments")
def arguments() -> str:
    """Return the fields for the arguments of a task, once it has been chosen."""
    page = form_page(ScheduleForm(formdata=request.args), _known(request.args.get("of", "")))
    return render_template("schedules/_arguments.html", page=page)


@bp.get("/<schedule_id>")
def show(schedule_id: str) -> str:
    """Show one schedule with its history and its form."""
    return render_template("schedules/show.html", page=detail_page(schedule_id))


@bp.get("/<schedule_id>/panel")
def show_panel(schedule_id: str) -> str:
    """Return the changing part of a schedule's page, for the live update."""
    return detail_page(schedule_id).panel()


@bp.post("/<schedule_id>")
def edit(schedule_id: str) -> Response | str:
    """Save a changed schedule; when somebody else has saved it meanwhile, show both."""
    form, seen = ScheduleForm(), schedules().store.find(schedule_id)
    if "look" in request.form:
        return _looked_at(form, seen)
    try:
        trail.note("schedule.edit", seen.name)
        told = form.told_with(signature_of(form), request.form)
        made = schedules().edit(schedule_id, told, version=form.seen_version, who=asker().name)
    except (BadSchedule, StaleSchedule) as error:
        page = detail_page(schedule_id, refused_page(form, error, schedules().store.find(schedule_id)))
        return refused(render_template("schedules/show.html", page=page), error)
    flash(f"{made.name} was saved.", "ok")
    return redirect(url_for(".show", schedule_id=made.id), 303)


@bp.post("/<schedule_id>/run")
def run(schedule_id: str) -> Response:
    """Run a schedule now, beside its slots."""
    return _act("run", schedule_id, _run, "{name} was put into the queue.")


@bp.post("/<schedule_id>/switch")
def switch(schedule_id: str) -> Response:
    """Switch a schedule on or off."""
    if request.form.get("on") == "1":
        return _act("enable", schedule_id, _enable, "{name} is on.")
    return _act("disable", schedule_id, _disable, "{name} is off; nothing of it begins any more.")


@bp.post("/<schedule_id>/reset")
def reset(schedule_id: str) -> Response:
    """Give a schedule of the code the plan that it has there."""
    return _act("reset", schedule_id, _reset, "{name} is as the code has it.")


@bp.post("/<schedule_id>/duplicate")
def duplicate(schedule_id: str) -> Response:
    """Save a copy, switched off, and go to it."""
    made = schedules().duplicate(schedule_id, who=asker().name)
    trail.note("schedule.duplicate", made.name)
    flash(f"{made.name} was made. It is off; change it, then switch it on.", "ok")
    return redirect(url_for(".show", schedule_id=made.id, _anchor="edit"), 303)


@bp.post("/<schedule_id>/delete")
def delete(schedule_id: str) -> Response:
    """Remove a schedule with its history, and go to the list."""
    return _act("remove", schedule_id, _remove, "{name} was deleted.", then=url_for(".index"))


@bp.post("/bulk")
def bulk() -> Response | str:
    """Do one thing to all schedules that are ticked; deleting is asked for once more, with their number."""
    act, ids = request.form.get("action", ""), request.form.getlist("id")[:MOST_AT_ONCE]
    if act not in _ACTS:
        raise BadParameter("action", act, " ".join(_ACTS))
    chosen = schedules().store.load(ids)
    if act == "delete" and chosen and request.form.get("sure") != "1":
        trail.nothing()
        return render_template("schedules/delete.html", picked=chosen, back=_back())
    trail.note(f"schedule.{act}", f"{len(chosen):,}: " + ", ".join(one.name for one in chosen)[:300])
    done, refusals = _act_on_all(_ACTS[act][0], chosen)
    flash(
        _ACTS[act][1].format(count=f"{done:,} schedule{'' if done == 1 else 's'}"), "ok" if done else "info"
    )
    for sentence in refusals[:5]:
        flash(sentence, "danger")
    return redirect(_back(), 303)


def _enable(one: Schedule) -> object:
    return schedules().switch(one.id, on=True, who=asker().name)


def _disable(one: Schedule) -> object:
    return schedules().switch(one.id, on=False, who=asker().name)


def _run(one: Schedule) -> object:
    return schedules().run_now(one.id)


def _reset(one: Schedule) -> object:
    return schedules().reset(one.id, who=asker().name)


def _remove(one: Schedule) -> object:
    return schedules().remove(one.id)


_ACTS: dict[str, tuple[Act, str]] = {
    "enable": (_enable, "{count} switched on."),
    "disable": (_disable, "{count} switched off."),
    "run": (_run, "{count} put into the queue."),
    "delete": (_remove, "{count} deleted."),
}


def _act_on_all(act: Act, chosen: list[Schedule]) -> tuple[int, list[str]]:
    """Return how many were done, and why the others were not."""
    refusals = []
    for one in chosen:
        try:
            act(one)
        except (BadSchedule, StillRunning, FromCode, ScheduleNotFound, StaleSchedule) as error:
            refusals.append(f"{one.name}: {error}")
    return len(chosen) - len(refusals), refusals


def _act(word: str, schedule_id: str, act: Act, says: str, *, then: str = "") -> Response:
    """Do one thing to a schedule, say so, and go back to where the button was."""
    seen = schedules().store.find(schedule_id)
    trail.note(f"schedule.{word}", seen.name)
    try:
        act(seen)
        flash(says.format(name=seen.name), "ok")
    except (BadSchedule, StillRunning, FromCode) as error:
        trail.refused(error)
        flash(str(error), "danger")
    return redirect(then or _back(), 303)


def _back() -> str:
    """Return the page of ours that the button was on; the list for any other."""
    path = request.form.get("back", "")
    return safe_path(path) if path.startswith("/schedules") else url_for(".index")


def _known(schedule_id: str) -> Schedule | None:
    found = schedules().store.load([schedule_id]) if schedule_id else []
    return found[0] if found else None


def _looked_at(form: ScheduleForm, schedule: Schedule | None) -> str:
    """Return the page with the form as it is written; nothing is saved."""
    trail.nothing()
    if schedule is None:
        return render_template("schedules/new.html", page=form_page(form))
    page = detail_page(schedule.id, form_page(form, schedule))
    return render_template("schedules/show.html", page=page)

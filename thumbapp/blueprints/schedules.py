"""The pages of schedules: the list, one with its history and form, a new one, and what buttons do."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints import schedule_actions as actions
from thumbapp.blueprints.context import schedules
from thumbapp.blueprints.identity import asker
from thumbapp.blueprints.problems import refused
from thumbapp.blueprints.schedule_pages import (
    detail_page,
    form_page,
    known,
    list_page,
    new_page,
    preview_of,
    show_page,
    told_in,
)
from thumbapp.errors import BadSchedule, StaleSchedule
from thumbapp.forms.schedules import ScheduleForm
from thumbapp.schedules.demo import add_demo
from thumbapp.schedules.model import Schedule

bp = Blueprint("schedules", __name__, url_prefix="/schedules")


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
    audit_trail.note("schedule.demo", ", ".join(one.name for one in made))
    flash("The demo runs: one schedule every ten seconds, one at 15:05 in Warsaw.", "ok")
    return redirect(url_for(".index"), 303)


@bp.route("/new", methods=["GET", "POST"])
def create() -> Response | str:
    """Show the form of a new schedule; save what it sends and go to its page."""
    form = ScheduleForm(tz=schedules().timezone)
    if not form.is_submitted() or "look" in request.form:
        return new_page(form)
    audit_trail.note("schedule.create", form.name.data or "")
    try:
        return _saved(schedules().create(told_in(form), who=asker().name))
    except BadSchedule as error:
        return refused(new_page(form, error), error)


@bp.get("/preview")
def preview() -> str:
    """Return what the form in the query would do, while somebody types."""
    shown, error = preview_of(ScheduleForm(formdata=request.args), known(request.args.get("of", "")))
    return render_template("schedules/_preview.html", preview=shown, error=error)


@bp.get("/arguments")
def arguments() -> str:
    """Return the fields for the arguments of a task, once it has been chosen."""
    page = form_page(ScheduleForm(formdata=request.args), known(request.args.get("of", "")))
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
        return show_page(schedule_id, form)
    audit_trail.note("schedule.edit", seen.name)
    try:
        told, version = told_in(form), form.seen_version
        return _saved(schedules().edit(schedule_id, told, version=version, who=asker().name))
    except (BadSchedule, StaleSchedule) as error:
        return refused(show_page(schedule_id, form, error), error)


@bp.post("/<schedule_id>/run")
def run(schedule_id: str) -> Response:
    """Run a schedule now, beside its slots."""
    return actions.apply("run", schedule_id)


@bp.post("/<schedule_id>/switch")
def switch(schedule_id: str) -> Response:
    """Switch a schedule on or off."""
    return actions.apply("enable" if request.form.get("on") == "1" else "disable", schedule_id)


@bp.post("/<schedule_id>/reset")
def reset(schedule_id: str) -> Response:
    """Give a schedule of the code the plan that it has there."""
    return actions.apply("reset", schedule_id)


@bp.post("/<schedule_id>/duplicate")
def duplicate(schedule_id: str) -> Response:
    """Save a copy, switched off, and go to it."""
    made = schedules().duplicate(schedule_id, who=asker().name)
    audit_trail.note("schedule.duplicate", made.name)
    flash(f"{made.name} was made. It is off; change it, then switch it on.", "ok")
    return redirect(url_for(".show", schedule_id=made.id, _anchor="edit"), 303)


@bp.post("/<schedule_id>/delete")
def delete(schedule_id: str) -> Response:
    """Remove a schedule with its history, and go to the list."""
    return actions.apply("delete", schedule_id)


@bp.post("/bulk")
def bulk() -> Response | str:
    """Do one thing to all schedules that are ticked; deleting is asked for once more, with their number."""
    return actions.apply_to_all(request.form.get("action", ""), request.form.getlist("id"))


def _saved(schedule: Schedule) -> Response:
    flash(f"{schedule.name} was saved.", "ok")
    return redirect(url_for(".show", schedule_id=schedule.id), 303)

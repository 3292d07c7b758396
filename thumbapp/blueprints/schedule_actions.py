"""What the buttons of schedules do, to one or to all that are ticked: done, said, and back again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.access import safe_path
from thumbapp.blueprints.context import schedules
from thumbapp.blueprints.filters import counted
from thumbapp.blueprints.identity import asker
from thumbapp.errors import (
    BadParameter,
    BadSchedule,
    FromCode,
    NotFromCode,
    ScheduleNotFound,
    StaleSchedule,
    StillRunning,
    ThumbAppError,
)
from thumbapp.schedules.model import Schedule

MOST_AT_ONCE: Final = 1_000
_SHOWN: Final = 5
_REFUSALS: Final = (BadSchedule, StillRunning, FromCode, NotFromCode, ScheduleNotFound, StaleSchedule)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: how, and what is said of one and of several."""

    do: Callable[[Schedule], object]
    says: str
    says_of_many: str = ""


def apply(word: str, schedule_id: str) -> Response:
    """Do *word* to a schedule, say so, and go back to where the button was."""
    seen = schedules().store.find(schedule_id)
    audit_trail.note(f"schedule.{word}", seen.name)
    refusal = _try(ACTIONS[word], seen)
    if refusal:
        audit_trail.refused(refusal)
        flash(str(refusal), "danger")
    else:
        flash(ACTIONS[word].says.format(name=seen.name), "ok")
    return redirect(url_for("schedules.index") if word == "delete" and not refusal else _back(), 303)


def apply_to_all(word: str, ids: list[str]) -> Response | str:
    """Do *word* to the schedules *ids*; before deleting, ask once, with their number."""
    offered = [name for name, one in ACTIONS.items() if one.says_of_many]
    if word not in offered:
        raise BadParameter("action", word, " ".join(offered))
    picked = schedules().store.load(ids[:MOST_AT_ONCE])
    if word == "delete" and picked and request.form.get("sure") != "1":
        audit_trail.changes_nothing()
        return render_template("schedules/delete.html", picked=picked, back=_back())
    audit_trail.note(f"schedule.{word}", f"{len(picked):,}: " + ", ".join(one.name for one in picked)[:300])
    _say(ACTIONS[word], picked, [(one, _try(ACTIONS[word], one)) for one in picked])
    return redirect(_back(), 303)


def _try(one: Action, schedule: Schedule) -> ThumbAppError | None:
    """Do *one* to *schedule*; return why it was refused, None when it was not."""
    try:
        one.do(schedule)
    except _REFUSALS as error:
        return error
    return None


def _say(one: Action, picked: list[Schedule], outcomes: list[tuple[Schedule, ThumbAppError | None]]) -> None:
    refusals = [(schedule, error) for schedule, error in outcomes if error]
    done = len(picked) - len(refusals)
    flash(one.says_of_many.format(count=counted(done, "schedule")), "ok" if done else "info")
    for schedule, error in refusals[:_SHOWN]:
        flash(f"{schedule.name}: {error}", "danger")


def _back() -> str:
    """Return the page of ours that the button was on; the list for any other."""
    path = request.form.get("back", "")
    return safe_path(path) if path.startswith("/schedules") else url_for("schedules.index")


ACTIONS: Final[dict[str, Action]] = {
    "enable": Action(
        lambda one: schedules().switch(one.id, on=True, who=asker().name),
        "{name} is on.",
        "{count} switched on.",
    ),
    "disable": Action(
        lambda one: schedules().switch(one.id, on=False, who=asker().name),
        "{name} is off; nothing of it begins any more.",
        "{count} switched off.",
    ),
    "run": Action(
        lambda one: schedules().run_now(one.id),
        "{name} was put into the queue.",
        "{count} put into the queue.",
    ),
    "delete": Action(lambda one: schedules().remove(one.id), "{name} was deleted.", "{count} deleted."),
    "reset": Action(lambda one: schedules().reset(one.id, who=asker().name), "{name} is as the code has it."),
}

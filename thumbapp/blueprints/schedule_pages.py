"""What the pages of schedules show, computed here so that the templates only place it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from inspect import Signature
from typing import Any

from flask import g, render_template, request, url_for

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.access import may
from thumbapp.blueprints.context import parts, schedules
from thumbapp.blueprints.filters import clock
from thumbapp.blueprints.schedule_query import cursor_param, requested_listing
from thumbapp.charts import Chart, Look, Series, draw, milliseconds
from thumbapp.errors import BadSchedule, StaleSchedule
from thumbapp.forms.schedules import PREFIX, ScheduleForm
from thumbapp.forms.tasks import Argument, arguments_of
from thumbapp.schedules.listing import Listing, ScheduleRow
from thumbapp.schedules.model import Kind, Schedule, Slot, Source
from thumbapp.schedules.parsing import available_zones
from thumbapp.schedules.recurrence import Upcoming
from thumbapp.schedules.service import Preview

ROWS_A_PAGE = 100
SLOTS_A_PAGE = 25
# Below this span the columns of the chart are minutes and seconds, else hours and minutes.
_SHORT = timedelta(minutes=10)
_COMPARED = (
    *("name", "description", "task", "kind", "cron", "at", "tz", "enabled", "start", "end", "max_runs"),
    *("jitter", "misfire", "grace", "overlap", "expires", "priority", "retries", "retry_delay", "timeout"),
    "alert_after",
)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list, and whether there is nothing yet but what the code brings."""

    listing: Listing
    now: datetime
    is_new: bool

    @property
    def rows(self) -> list[ScheduleRow]:
        """The schedules on this page."""
        return self.listing.rows

    def panel(self) -> str:
        """Return the part of the page that changes by itself."""
        return render_template("schedules/_table.html", page=self)


@dataclass(frozen=True, slots=True)
class FormPage:
    """The form of a new schedule, or of one that there is; ``theirs`` is what somebody saved meanwhile."""

    form: ScheduleForm
    schedule: Schedule | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    preview: Preview | None = None
    preview_error: str = ""
    theirs: Schedule | None = None

    @property
    def tasks(self) -> list[str]:
        """The tasks that may be chosen; one that is not there any more is among them, as it is chosen."""
        known = list(schedules().queue.names())
        chosen = self.form.task.data or ""
        return known if not chosen or chosen in known else [chosen, *known]

    @property
    def is_task_known(self) -> bool:
        """Whether the chosen task is there."""
        return self.form.task.data in schedules().queue.names()

    @property
    def kinds(self) -> list[tuple[Kind, str]]:
        """The kinds that may be chosen, in words; the code's own only where it is so."""
        offered = [(Kind.INTERVAL, "every so often"), (Kind.CRON, "by the clock"), (Kind.ONCE, "once")]
        is_code = self.schedule is not None and self.schedule.plan.kind is Kind.CODE
        return [*offered, (Kind.CODE, "as the code says")] if is_code else offered

    @property
    def zones(self) -> tuple[str, ...]:
        """The names of all time zones."""
        return available_zones()

    @property
    def fields(self) -> list[Argument]:
        """The arguments of the chosen task as they are written; none while no task is chosen."""
        wrong = {name.removeprefix(PREFIX): says for name, says in self.wrong.items()}
        return argument_fields(self.form, self.schedule, typed=_typed(), errors=wrong)

    @property
    def as_json(self) -> bool:
        """Whether the arguments are written as JSON: where the task is unknown, or they do not fit it."""
        return self.form.is_json or (bool(self.form.task.data) and not _fits(self.form, self.schedule))

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """Each field in which what somebody saved differs from what is written: label, theirs, ours."""
        if self.theirs is None:
            return []
        theirs = ScheduleForm.of(self.theirs.plan, version=self.theirs.version)
        rows = [(self.form[name].label.text, *_both(theirs, self.form, name)) for name in _COMPARED]
        rows.insert(3, ("Every, in seconds", str(theirs.told()["every"]), str(self.form.told()["every"])))
        ours = argument_fields(self.form, self.schedule, typed=_typed())
        known = argument_fields(theirs, self.theirs)
        rows.insert(4, ("Arguments", _call(theirs, known), _call(self.form, ours)))
        return [row for row in rows if row[1] != row[2]]


@dataclass(frozen=True, slots=True)
class DetailPage:
    """One schedule with what has become of its slots, and its form."""

    row: ScheduleRow
    slots: list[Slot]
    cursor: str | None
    upcoming: list[Upcoming]
    now: datetime
    form: FormPage

    @property
    def one(self) -> Schedule:
        """The schedule."""
        return self.row.schedule

    @property
    def chart(self) -> Chart:
        """How long the runs on this page took, and how late they were fired, the oldest first."""
        ran = [slot for slot in reversed(self.slots) if slot.fired_at and slot.outcome.is_final]
        is_short = bool(ran) and ran[-1].due - ran[0].due < _SHORT
        columns = [clock(slot.due)[3:8] if is_short else clock(slot.due)[:5] for slot in ran]
        took = Series("took", [slot.duration_ms for slot in ran])
        late = Series("late by", [slot.late_ms for slot in ran], look=Look.DASHED, role="other")
        return draw("runs", "Duration and lateness", columns, took, late, over="due", say=milliseconds)

    @property
    def is_from_code(self) -> bool:
        """Whether the code has it."""
        return self.one.source is Source.CODE

    @property
    def can_remove(self) -> bool:
        """Whether it may be removed: what the code has cannot be."""
        return not self.is_from_code or self.one.plan.task not in schedules().queue.code_plans()

    def task_path(self, slot: Slot) -> str:
        """Return the address of the page of the task that *slot* ran."""
        return url_for("monitor.task", task_id=slot.task_id)

    def panel(self) -> str:
        """Return the part of the page that changes by itself."""
        return render_template("schedules/_panel.html", page=self)


def list_page() -> ListPage:
    """Return the page of the list that the query asks for."""
    listing = requested_listing(limit=ROWS_A_PAGE)
    asks_for_all = not any(request.args.get(name) for name in ("q", "show", "task", "cursor"))
    is_new = asks_for_all and all(row.schedule.source is Source.CODE for row in listing.rows)
    return ListPage(listing, schedules().store.now(), is_new)


def detail_page(schedule_id: str, form: FormPage | None = None) -> DetailPage:
    """Return the page of one schedule, with *form* as somebody has filled it in."""
    one = schedules().store.find(schedule_id)
    slots, cursor = schedules().history(schedule_id, below=cursor_param(), limit=SLOTS_A_PAGE)
    row = ScheduleRow(one, schedules().trouble(one), schedules().alerts().get(one.id, ""))
    return DetailPage(
        row,
        slots,
        cursor,
        schedules().upcoming(one),
        schedules().store.now(),
        form or form_page(ScheduleForm.of(one.plan, version=one.version), one),
    )


def new_page(form: ScheduleForm, error: BadSchedule | None = None) -> str:
    """Return the page of a new schedule with *form* as it is written, and what is wrong with it."""
    audit_trail.changes_nothing()
    page = form_page(form) if error is None else refused_page(form, error)
    return render_template("schedules/new.html", page=page)


def show_page(schedule_id: str, form: ScheduleForm, error: BadSchedule | StaleSchedule | None = None) -> str:
    """Return the page of one schedule with *form* as it is written, and what is wrong with it."""
    audit_trail.changes_nothing()
    seen = schedules().store.find(schedule_id)
    written = form_page(form, seen) if error is None else refused_page(form, error, seen)
    return render_template("schedules/show.html", page=detail_page(schedule_id, written))


def told_in(form: ScheduleForm) -> dict[str, Any]:
    """Return what is written in *form*; raises BadSchedule for arguments that cannot be read."""
    return form.told_with(signature_of(form), request.form)


def known(schedule_id: str) -> Schedule | None:
    """Return the schedule with that id, None when there is none."""
    found = schedules().store.load([schedule_id]) if schedule_id else []
    return found[0] if found else None


def form_page(form: ScheduleForm, schedule: Schedule | None = None) -> FormPage:
    """Return the page of *form* with what it would do."""
    preview, error = preview_of(form, schedule)
    return FormPage(form, schedule, preview=preview, preview_error=error)


def refused_page(
    form: ScheduleForm, error: BadSchedule | StaleSchedule, schedule: Schedule | None = None
) -> FormPage:
    """Return the page of *form* with what is wrong at its fields; with both versions, when it is stale."""
    if isinstance(error, StaleSchedule) and schedule is not None:
        form.version.data = str(schedule.version)
        return FormPage(form, schedule, preview=preview_of(form, schedule)[0], theirs=schedule)
    wrong = error.fields if isinstance(error, BadSchedule) else {}
    form.refuse(wrong)
    return FormPage(form, schedule, wrong=wrong, preview=preview_of(form, schedule)[0])


def preview_of(form: ScheduleForm, schedule: Schedule | None) -> tuple[Preview | None, str]:
    """Return what *form* would do, or what is wrong about its times; neither while nothing is written."""
    told = form.told()
    if not any(told[name] for name in ("every", "cron", "at")) and told["kind"] != Kind.CODE:
        return None, ""
    try:
        return schedules().preview(told, before=schedule), ""
    except BadSchedule as error:
        return None, " ".join(error.fields.values())


def signature_of(form: ScheduleForm) -> Signature | None:
    """Return what the task that *form* names is called with; None when there is no such task."""
    name = form.task.data or ""
    return schedules().queue.signature(name) if name in schedules().queue.names() else None


def argument_fields(
    form: ScheduleForm,
    schedule: Schedule | None,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[Argument]:
    """Return the fields for the task that *form* names: as they were *typed*, else as *schedule* has them."""
    signature = signature_of(form)
    if signature is None:
        return []
    if typed is not None and not form.is_json:
        return arguments_of(signature, typed=typed, errors=errors)
    plan = schedule.plan if schedule is not None and schedule.plan.task == form.task.data else None
    if plan is None:
        return arguments_of(signature)
    return arguments_of(signature, args=list(plan.args), kwargs=dict(plan.kwargs))


def _fits(form: ScheduleForm, schedule: Schedule | None) -> bool:
    """Whether the arguments can stand in fields: the task is there, and what *schedule* has fits it."""
    signature = signature_of(form)
    if signature is None or _typed() is not None or schedule is None or schedule.plan.task != form.task.data:
        return signature is not None
    try:
        signature.bind(*schedule.plan.args, **schedule.plan.kwargs)
    except TypeError:
        return False
    return True


def alerts() -> dict[str, str]:
    """Return, by id, why schedules are in trouble, for who may look at them; asked once a request."""
    if not may("schedules.index"):
        return {}
    if "schedule_alerts" not in g:
        g.schedule_alerts = parts().schedules.alerts()
    found: dict[str, str] = g.schedule_alerts
    return found


def _both(theirs: ScheduleForm, ours: ScheduleForm, name: str) -> tuple[str, str]:
    return str(theirs[name].data or ""), str(ours[name].data or "").replace("\r\n", "\n")


def _typed() -> Mapping[str, str] | None:
    """Return the form that was sent; None when none was."""
    return request.form if "task" in request.form else None


def _call(form: ScheduleForm, fields: list[Argument]) -> str:
    """Return the arguments in *form* as one line."""
    if not fields or form.is_json:
        return f"{form.args.data or '[]'} {form.kwargs.data or '{}'}"
    return ", ".join(f"{each.name} = {each.value}" for each in fields if each.value)

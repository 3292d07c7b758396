"""Schedules, their slots and what they would do, as the JSON API tells of them."""

from typing import Any

from flask import url_for

from thumbapp.blueprints.job_json import timestamp
from thumbapp.schedules.listing import Row
from thumbapp.schedules.model import Schedule, Slot
from thumbapp.schedules.service import Preview
from thumbapp.schedules.words import sentence

_PLAN = (
    *("name", "task", "kwargs", "kind", "tz", "enabled", "description", "max_runs", "jitter", "misfire"),
    *("grace", "overlap", "expires", "priority", "retries", "retry_delay", "timeout", "alert_after"),
)


def schedule_json(row: Row) -> dict[str, Any]:
    """Return the schedule of *row*: what can be sent back to change it, then what can only be read."""
    return plan_json(row.schedule) | _state_json(row)


def plan_json(schedule: Schedule) -> dict[str, Any]:
    """Return what can be edited; what belongs to another kind is null."""
    plan = schedule.plan
    return {name: getattr(plan, name) for name in _PLAN} | {
        "args": list(plan.args),
        "every": plan.every or None,
        "cron": plan.cron or None,
        "at": timestamp(plan.at),
        "start": timestamp(plan.start),
        "end": timestamp(plan.end),
    }


def _state_json(row: Row) -> dict[str, Any]:
    one = row.schedule
    last = one.last
    return {
        "id": one.id,
        "version": one.version,
        "url": url_for("schedule_api.show", schedule_id=one.id),
        "history_url": url_for("schedule_api.history", schedule_id=one.id),
        "words": sentence(one.plan),
        "source": one.source,
        "is_overridden": one.is_overridden,
        "is_over": one.is_over,
        "trouble": row.trouble or None,
        "alert": row.alert or None,
        "runs": one.runs,
        "failures": one.failures,
        "streak": one.streak,
        "last": timestamp(last.started_at or last.fired_at or last.due) if last else None,
        "last_run": slot_json(last) if last else None,
        "next": timestamp(one.slot),
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.updated_at),
        "updated_by": one.updated_by,
    }


def slot_json(slot: Slot) -> dict[str, Any]:
    """Return one slot: when it was due, what became of it and why."""
    return {
        "due": timestamp(slot.due),
        "outcome": slot.outcome,
        "reason": slot.reason or None,
        "fired_at": timestamp(slot.fired_at),
        "late_ms": slot.late_ms if slot.fired_at else None,
        "started_at": timestamp(slot.started_at),
        "finished_at": timestamp(slot.finished_at),
        "duration_ms": slot.duration_ms,
        "worker": slot.worker or None,
        "attempts": slot.attempts,
        "task_id": slot.task_id or None,
        "task_url": url_for("monitor_api.task", task_id=slot.task_id) if slot.task_id else None,
        "is_manual": slot.is_manual,
        "slots": slot.slots,
    }


def preview_json(preview: Preview) -> dict[str, Any]:
    """Return what a plan would do: in words, what may surprise, its next runs in UTC and on its own clock."""
    runs = [
        {"utc": timestamp(run.utc), "local": run.local.isoformat(), "clock_change": run.is_on_change}
        for run in preview.runs
    ]
    return {"words": preview.words, "remarks": preview.remarks, "next": runs}

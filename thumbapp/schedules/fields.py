"""A schedule and its slots as plain values that programs are told: by the API and the command line alike."""

from typing import Any

from thumbapp.moments import rfc3339
from thumbapp.schedules.descriptor import describe
from thumbapp.schedules.listing import ScheduleRow
from thumbapp.schedules.model import Plan, Schedule, Slot

_PLAIN = (
    *("name", "task", "kwargs", "kind", "tz", "enabled", "description", "max_runs", "jitter", "misfire"),
    *("grace", "overlap", "expires", "priority", "retries", "retry_delay", "timeout", "alert_after"),
)


def schedule_fields(row: ScheduleRow) -> dict[str, Any]:
    """Return the schedule of *row*: what can be sent back to change it, then what can only be read."""
    return plan_fields(row.schedule.plan) | _state(row, row.schedule)


def plan_fields(plan: Plan) -> dict[str, Any]:
    """Return what can be edited; what belongs to another kind is null."""
    return {name: getattr(plan, name) for name in _PLAIN} | {
        "args": list(plan.args),
        "every": plan.every or None,
        "cron": plan.cron or None,
        "at": rfc3339(plan.at),
        "start": rfc3339(plan.start),
        "end": rfc3339(plan.end),
    }


def _state(row: ScheduleRow, one: Schedule) -> dict[str, Any]:
    last = one.last
    return {
        "id": one.id,
        "version": one.version,
        "words": describe(one.plan),
        "source": one.source,
        "is_overridden": one.is_overridden,
        "is_over": one.is_over,
        "trouble": row.trouble or None,
        "alert": row.alert or None,
        "runs": one.runs,
        "failures": one.failures,
        "streak": one.streak,
        "last": rfc3339(last.started_at or last.fired_at or last.due) if last else None,
        "last_run": slot_fields(last) if last else None,
        "next": rfc3339(one.slot),
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at),
        "updated_by": one.updated_by,
    }


def slot_fields(slot: Slot) -> dict[str, Any]:
    """Return one slot: when it was due, what became of it and why."""
    return {
        "due": rfc3339(slot.due),
        "outcome": slot.outcome,
        "reason": slot.reason or None,
        "fired_at": rfc3339(slot.fired_at),
        "late_ms": slot.late_ms if slot.fired_at else None,
        "started_at": rfc3339(slot.started_at),
        "finished_at": rfc3339(slot.finished_at),
        "duration_ms": slot.duration_ms,
        "worker": slot.worker or None,
        "attempts": slot.attempts,
        "task_id": slot.task_id or None,
        "is_manual": slot.is_manual,
        "slots": slot.slots,
    }

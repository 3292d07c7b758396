"""Schedules, their slots and what they would do, as the JSON API tells of them: with addresses."""

from typing import Any

from flask import url_for

from thumbapp.moments import rfc3339
from thumbapp.schedules.fields import schedule_fields, slot_fields
from thumbapp.schedules.listing import ScheduleRow
from thumbapp.schedules.model import Slot
from thumbapp.schedules.service import Preview


def schedule_json(row: ScheduleRow) -> dict[str, Any]:
    """Return the schedule of *row*."""
    one = row.schedule
    return schedule_fields(row) | {
        "last_run": slot_json(one.last) if one.last else None,
        "url": url_for("schedule_api.show", schedule_id=one.id),
        "history_url": url_for("schedule_api.history", schedule_id=one.id),
    }


def slot_json(slot: Slot) -> dict[str, Any]:
    """Return one slot: when it was due, what became of it and why."""
    task_url = url_for("monitor_api.task", task_id=slot.task_id) if slot.task_id else None
    return slot_fields(slot) | {"task_url": task_url}


def preview_json(preview: Preview) -> dict[str, Any]:
    """Return what a plan would do: in words, what may surprise, its next runs in UTC and on its own clock."""
    runs = [
        {"utc": rfc3339(run.utc), "local": run.local.isoformat(), "clock_change": run.is_on_change}
        for run in preview.runs
    ]
    return {"words": preview.words, "remarks": preview.remarks, "next": runs}

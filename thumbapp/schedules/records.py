"""Schedules and slots as Redis keeps them: flat text fields, times in milliseconds."""

from collections.abc import Mapping
from typing import Any

import orjson

from thumbapp.schedules.model import Outcome, Plan, Schedule, Slot, Source, from_ms, to_ms


def to_record(schedule: Schedule) -> dict[str, str | bytes]:
    """Return what an edit writes of *schedule*; its counters, its version and its slots are not among it."""
    return {
        "name": schedule.plan.name,
        "plan": schedule.plan.to_json(),
        "code": schedule.code.to_json() if schedule.code else "",
        "source": schedule.source,
        "anchor": str(to_ms(schedule.anchor)),
        "overlap": schedule.plan.overlap,
        "max_runs": str(schedule.plan.max_runs),
        "alert_after": str(schedule.plan.alert_after),
        "created": str(to_ms(schedule.created_at)) if schedule.created_at else "",
        "updated": str(to_ms(schedule.updated_at)) if schedule.updated_at else "",
        "by": schedule.updated_by,
    }


def from_record(schedule_id: str, record: Mapping[bytes, bytes], due_ms: float | None) -> Schedule:
    """Return the schedule that *record* holds, which is due at *due_ms*."""
    told = {name.decode(): value.decode() for name, value in record.items()}
    return Schedule(
        id=schedule_id,
        version=int(told["version"]),
        plan=Plan.from_json(told["plan"]),
        anchor=from_ms(int(told["anchor"])),
        source=Source(told["source"]),
        code=Plan.from_json(told["code"]) if told.get("code") else None,
        slot=from_ms(int(told["slot"])) if told.get("slot") else None,
        due=from_ms(due_ms) if due_ms is not None else None,
        runs=int(told.get("runs", 0)),
        fires=int(told.get("fires", 0)),
        failures=int(told.get("failures", 0)),
        streak=int(told.get("streak", 0)),
        last=slot_from(orjson.loads(told["last"])) if told.get("last") else None,
        created_at=from_ms(int(told["created"])) if told.get("created") else None,
        updated_at=from_ms(int(told["updated"])) if told.get("updated") else None,
        updated_by=told.get("by", ""),
    )


def slot_from(told: Mapping[str, Any]) -> Slot:
    """Return the slot that the fields in *told* describe: an open one's JSON, or an entry of the history."""
    began, fired, took = (told.get(name) for name in ("began", "fired", "took"))
    return Slot(
        due=from_ms(int(told["due"] or 0)),
        outcome=Outcome(told["outcome"]),
        fired_at=from_ms(int(fired)) if fired else None,
        late_ms=int(told.get("late") or 0),
        reason=told.get("reason", ""),
        started_at=from_ms(int(began)) if began else None,
        duration_ms=int(took) if took not in (None, "") else None,
        worker=told.get("worker", ""),
        attempts=int(told.get("attempts") or 0),
        task_id=told.get("task", ""),
        is_manual=bool(told.get("manual")),
        slots=int(told.get("slots") or 1),
    )


def entry_of(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of the history's entry for the slot *told*, in the order in which Lua writes them."""
    return {name: str(told.get(name) or ("0" if told.get(name) == 0 else "")) for name in _ENTRY}


_ENTRY = (
    *("due", "outcome", "fired", "late", "reason", "began", "took"),
    *("worker", "attempts", "task", "manual", "slots"),
)

"""Schedules as people handle them: made, edited, switched, run by hand, kept in step with the code.

Who may do it and who is told of it is decided above; what a task is comes in as `TaskQueue`.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import redis

from thumbapp.errors import BadSchedule, FromCode, NotFromCode, StaleSchedule
from thumbapp.schedules.descriptor import describe, remarks
from thumbapp.schedules.dispatcher import Dispatcher
from thumbapp.schedules.draft import NAME_LENGTH, Told, judge_call, read_plan, read_timing
from thumbapp.schedules.keys import name_key, task_id
from thumbapp.schedules.model import Plan, Schedule, Slot, Source, cut, named, to_ms
from thumbapp.schedules.recurrence import Upcoming, anchor_of, due_at, next_slot, upcoming
from thumbapp.schedules.store import ScheduleStore, SlotMoved
from thumbapp.schedules.task_queue import TaskQueue

OVERDUE_S: Final = 60.0
_TRIES: Final = 20
_OVERDUE: Final = f"It is more than {OVERDUE_S:,.0f} s past due; no worker has fired it."
_EDITED: Final = "The schedule was changed before it was fired."
_SWITCHED_OFF: Final = "The schedule was switched off before it began."

Change = Callable[[Schedule], Schedule]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan would do: in words, what may surprise, and the next runs."""

    words: str
    remarks: list[str]
    runs: list[Upcoming]


class Schedules:
    """All schedules in *client*'s server; a new one is of the zone *timezone* unless it says another."""

    def __init__(
        self, client: redis.Redis, *, namespace: str, queue: TaskQueue, timezone: str = "UTC"
    ) -> None:
        self.store = ScheduleStore(client, namespace=namespace)
        self.dispatcher = Dispatcher(client, namespace=namespace)
        self.queue = queue
        self.timezone = timezone

    # --- looking ------------------------------------------------------------------------------------

    def trouble(self, schedule: Schedule) -> str:
        """Return why *schedule* cannot run here, "" when it can."""
        task = schedule.plan.task
        if schedule.source is Source.CODE and task not in self.queue.code_plans():
            return f"The task {task!r} is not periodic in the code any more."
        return "" if task in self.queue.names() else f"No task is called {task!r}."

    def alerts(self) -> dict[str, str]:
        """Return, by id, why a schedule that failed again and again or did not run when due is in trouble."""
        told = self.store.alerts(overdue_s=OVERDUE_S)
        return {one: reason or _OVERDUE for one, reason in told.items()}

    def history(self, schedule_id: str, *, below: str = "", limit: int = 50) -> tuple[list[Slot], str | None]:
        """Return up to *limit* slots, the newest first, and where to go on below them; None at the end.

        The first page begins with those that have not ended.
        """
        self.store.find(schedule_id)
        waiting = [] if below else self.store.open_slots(schedule_id)
        ended = self.store.history(schedule_id, below=below or "+", limit=limit + 1)
        page = ended[:limit]
        over = {slot.task_id for _, slot in ended}  # ended between the two questions
        slots = [slot for slot in waiting if slot.task_id not in over] + [slot for _, slot in page]
        return slots, page[-1][0] if len(ended) > limit else None

    # --- making and editing -------------------------------------------------------------------------

    def preview(self, told: Told, *, before: Schedule | None = None, count: int = 5) -> Preview:
        """Return what the plan in *told* would do; nothing is saved.

        Name, task and arguments may still be missing. Raises BadSchedule for what is wrong about time.
        """
        now = self.store.now()
        plan = read_timing(told, now=now, before=before.plan if before else None, tz=self.timezone)
        anchor = self._anchor(plan, before, now)
        return Preview(describe(plan), remarks(plan), upcoming(plan, anchor, now, count=count))

    def upcoming(self, schedule: Schedule, *, count: int = 5) -> list[Upcoming]:
        """Return the next runs of *schedule* as it is."""
        if schedule.slot is None:
            return []
        plan = replace(schedule.plan, max_runs=schedule.runs_left or 0)
        following = upcoming(plan, schedule.anchor, schedule.slot, count=count)
        return [Upcoming.of(schedule.slot, plan), *following][: min(count, plan.max_runs or count)]

    def create(self, told: Told, *, who: str = "") -> Schedule:
        """Save and return a new schedule with the plan in *told*. Raises BadSchedule."""
        now = self.store.now()
        plan = self._read(told, now, None)
        return self._add(plan, now, who=who)

    def edit(self, schedule_id: str, told: Told, *, version: int, who: str = "") -> Schedule:
        """Save what *told* changes of a schedule that was read at *version*, and return it.

        Raises:
            BadSchedule: a field is wrong.
            StaleSchedule: somebody saved it meanwhile.
            ScheduleNotFound: it was removed.
        """

        def edited(seen: Schedule) -> Schedule:
            if seen.version != version:
                raise StaleSchedule(seen.version, seen.updated_by)
            return replace(seen, plan=self._read(told, self.store.now(), seen))

        return self._change(schedule_id, edited, who=who)

    def switch(self, schedule_id: str, *, on: bool, who: str = "") -> Schedule:
        """Switch a schedule on or off and return it.

        Off, nothing of it begins any more; on, what passed is not made up.
        """
        return self._change(
            schedule_id, lambda seen: replace(seen, plan=replace(seen.plan, enabled=on)), who=who
        )

    def reset(self, schedule_id: str, *, who: str = "") -> Schedule:
        """Give a schedule that comes from the code the plan it has there again; raises NotFromCode."""

        def as_in_code(seen: Schedule) -> Schedule:
            if seen.code is None:
                raise NotFromCode(seen.name)
            return replace(seen, plan=seen.code)

        return self._change(schedule_id, as_in_code, who=who)

    def duplicate(self, schedule_id: str, *, who: str = "") -> Schedule:
        """Save and return a copy of a schedule, switched off, under a name that is free."""
        seen, now = self.store.find(schedule_id), self.store.now()
        plan = replace(seen.plan, enabled=False)
        return self._add(self._with_free_name(plan, "copy"), now, who=who)

    def remove(self, schedule_id: str, *, version: int | None = None) -> Schedule:
        """Remove a schedule with its history and return what it was; raises FromCode for the code's."""
        seen = self.store.find(schedule_id)
        if seen.source is Source.CODE and seen.plan.task in self.queue.code_plans():
            raise FromCode(seen.name)
        self.store.remove(seen, version=version)
        return seen

    def run_now(self, schedule_id: str) -> str:
        """Run a schedule beside its slots, which do not move; return the id of the task.

        Raises:
            StillRunning: a run has not ended, and the overlap policy is to skip.
            BadSchedule: its task is not there, or its arguments do not fit it any more.
        """
        seen, now = self.store.find(schedule_id), self.store.now()
        judge_call(seen.plan, self.queue)
        task = task_id(seen.id, to_ms(now), by_hand=secrets.token_hex(3))
        self.dispatcher.run_now(seen, self.queue.envelope(seen.plan, task, now))
        return task

    # --- the code's own -----------------------------------------------------------------------------

    def sync_code(self) -> None:
        """Make the schedules that stand in the code, and let those that changed there follow.

        What somebody edited stays edited. One that the code has no more stays too, and does not run.
        """
        for task, plan in self.queue.code_plans().items():
            self._sync(f"c{hashlib.sha256(task.encode()).hexdigest()[:15]}", plan)

    def _sync(self, schedule_id: str, plan: Plan) -> None:
        found = self.store.load([schedule_id])
        if not found:
            self._add_from_code(schedule_id, plan)
            return
        [seen] = found
        is_parked = seen.slot is not None and seen.due is None  # while the code did not have it
        if is_parked or seen.code is None or seen.code != named(plan, seen.code.name):
            self._change(schedule_id, lambda one: _following(one, plan), who="")

    def _add_from_code(self, schedule_id: str, plan: Plan) -> None:
        now = self.store.now()
        for name in (plan.name, f"{plan.name} (code)", f"{plan.name} ({schedule_id})"):
            one = named(plan, name)
            fresh = Schedule(schedule_id, 0, one, anchor_of(one, now), Source.CODE, code=one, created_at=now)
            try:
                self.store.save(self._placed(replace(fresh, updated_at=now), None, now), None)
            except BadSchedule:
                continue
            except SlotMoved:
                pass  # another consumer was first
            return

    # --- shared -------------------------------------------------------------------------------------

    def _read(self, told: Told, now: datetime, before: Schedule | None) -> Plan:
        plan = before.plan if before else None
        return read_plan(told, tasks=self.queue, now=now, before=plan, tz=self.timezone)

    def _add(self, plan: Plan, now: datetime, *, who: str) -> Schedule:
        fresh = Schedule(
            id=secrets.token_hex(8),
            version=0,
            plan=plan,
            anchor=anchor_of(plan, now),
            created_at=now,
            updated_at=now,
            updated_by=who,
        )
        return self.store.save(self._placed(fresh, None, now), None)

    def _change(self, schedule_id: str, change: Change, *, who: str) -> Schedule:
        """Save what *change* makes of a schedule; again when it was fired in between."""
        for _ in range(_TRIES):
            seen, now = self.store.find(schedule_id), self.store.now()
            changed = replace(change(seen), updated_at=now, updated_by=who)
            placed = self._placed(changed, seen, now)
            off = _SWITCHED_OFF if seen.plan.enabled and not placed.plan.enabled else ""
            try:
                return self.store.save(placed, seen, overdue=off or _EDITED, taken_back=off)
            except (SlotMoved, StaleSchedule):
                continue
        raise StaleSchedule(seen.version, seen.updated_by)

    def _placed(self, schedule: Schedule, seen: Schedule | None, now: datetime) -> Schedule:
        """Return *schedule* with its next slot; that stays where it was when nothing about time changed."""
        plan = schedule.plan
        schedule = replace(schedule, anchor=self._anchor(plan, seen, now))
        if not plan.enabled or schedule.runs_left == 0:
            return replace(schedule, slot=None, due=None)
        if seen and seen.plan.enabled and seen.due and seen.plan.timing == plan.timing:
            slot = seen.slot
        else:
            slot = next_slot(plan, schedule.anchor, now)
        return replace(schedule, slot=slot, due=due_at(schedule.id, plan, slot) if slot else None)

    def _anchor(self, plan: Plan, seen: Schedule | None, now: datetime) -> datetime:
        """Return what *plan* counts from: as before, unless its interval or its start is another."""
        if seen and (seen.plan.kind, seen.plan.every, seen.plan.start) == (plan.kind, plan.every, plan.start):
            return seen.anchor
        return anchor_of(plan, cut(now))

    def _with_free_name(self, plan: Plan, word: str) -> Plan:
        taken = self.store.names()
        number = 1
        while True:
            tail = f" ({word})" if number == 1 else f" ({word} {number})"
            name = plan.name[: NAME_LENGTH - len(tail)] + tail
            if name_key(name) not in taken:
                return named(plan, name)
            number += 1


def _following(schedule: Schedule, plan: Plan) -> Schedule:
    """Return *schedule* with *plan* as the code's, and as its own unless somebody has edited that."""
    code = named(plan, schedule.code.name if schedule.code else plan.name)
    return replace(schedule, code=code, plan=schedule.plan if schedule.is_overridden else code)

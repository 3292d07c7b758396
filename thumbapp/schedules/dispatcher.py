"""Where what is due is taken up: asked for, fired, parked, released, run by hand; a Lua call each.

What a message of the task queue looks like comes in ready-made, as an `Envelope`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import redis

from thumbapp.errors import ScheduleNotFound, StillRunning
from thumbapp.schedules import scripts
from thumbapp.schedules.firing import Firing, Run
from thumbapp.schedules.keys import Keys
from thumbapp.schedules.model import Schedule, from_ms, ms_or_blank, to_ms
from thumbapp.schedules.recurrence import due_at
from thumbapp.schedules.task_queue import Envelope

MOST_WAITING: Final = 100
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule that is due: its version, the slot, and how many of its runs were used up."""

    id: str
    version: int
    slot: datetime
    fires: int


@dataclass(frozen=True, slots=True)
class DueBatch:
    """What the server answered: its clock, who is due, when the next one is, whether a slot waits."""

    now: datetime
    due: list[Due]
    next_at: datetime | None
    has_waiting: bool

    @property
    def is_full(self) -> bool:
        """Whether there may be more that is due."""
        return len(self.due) >= _AT_ONCE


@dataclass(frozen=True, slots=True)
class FireOrder:
    """A firing to be carried out: of which schedule, and the envelopes of the slots that run."""

    schedule: Schedule
    due: Due
    firing: Firing
    envelopes: list[Envelope]
    alert: str = ""


class Dispatcher:
    """Takes up what is due in *client*'s server."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self.keys = Keys(namespace)
        script = client.register_script
        self._due, self._fire = script(scripts.DUE), script(scripts.FIRE)
        self._run, self._release = script(scripts.RUN), script(scripts.RELEASE)
        self._park = script(scripts.PARK)

    def poll(self) -> DueBatch:
        """Return what is due now."""
        now, next_at, waiting, *told = self._due(
            [self.keys.due, self.keys.waiting], [self.keys.prefix, _AT_ONCE]
        )
        rows = zip(told[::4], told[1::4], told[2::4], told[3::4], strict=True)
        due = [
            Due(one.decode(), int(version), from_ms(int(slot)), int(fires))
            for one, version, slot, fires in rows
        ]
        later = from_ms(float(next_at)) if next_at else None
        return DueBatch(from_ms(int(now)), due, later, has_waiting=bool(waiting))

    def fire(self, orders: Iterable[FireOrder]) -> list[Envelope]:
        """Carry out *orders*, each unless it is too late; return what was put into the queue."""
        given = list(orders)
        if not given:
            return []
        with self._redis.pipeline(transaction=False) as pipe:
            for order in given:
                self._fire(self._keys_of(order), self._words_of(order), client=pipe)
            replies = pipe.execute()
        fired = {task.decode() for tasks in replies for task in tasks or ()}
        return [envelope for order in given for envelope in order.envelopes if envelope.task_id in fired]

    def release(self) -> int:
        """Put into the queue what waited for a run that has ended meanwhile; return how many tasks."""
        return len(self._release([self.keys.waiting], [self.keys.prefix]))

    def park(self, schedule_id: str, *, version: int, slot: datetime) -> None:
        """Let a schedule be due no more, unless it was changed or fired: nobody here can fire it."""
        self._park([self.keys.record(schedule_id), self.keys.due], [schedule_id, version, to_ms(slot)])

    def run_now(self, schedule: Schedule, envelope: Envelope) -> None:
        """Run *schedule* beside its slots; its overlap policy holds.

        Raises:
            StillRunning: a run has not ended, and the policy is to skip.
            ScheduleNotFound: it was removed.
        """
        keys, one = self.keys, schedule.id
        reply = self._run(
            [keys.record(one), keys.open(one), keys.history(one), keys.waiting],
            [one, envelope.task_id, envelope.stream, envelope.field, envelope.message],
        ).decode()
        if reply == "gone":
            raise ScheduleNotFound(schedule.name)
        if reply == "busy":
            raise StillRunning(schedule.name)
        if reply == "queued":
            envelope.announce()

    def _keys_of(self, order: FireOrder) -> list[str]:
        keys, one = self.keys, order.due.id
        return [keys.record(one), keys.open(one), keys.history(one), keys.due, keys.alerts, keys.waiting]

    def _words_of(self, order: FireOrder) -> list[Any]:
        due, plan, next_slot = order.due, order.schedule.plan, order.firing.next_slot
        next_due = due_at(due.id, plan, next_slot) if next_slot else None
        head = [
            due.id,
            due.version,
            to_ms(due.slot),
            ms_or_blank(next_slot),
            ms_or_blank(next_due),
            order.alert,
            MOST_WAITING,
        ]
        envelopes = iter(order.envelopes)
        return [*head, *(word for step in order.firing.steps for word in _words(step, envelopes))]


def _words(step: Any, envelopes: Iterator[Envelope]) -> list[Any]:
    """Return what the script is told about one *step*; a run takes the next of *envelopes*."""
    if isinstance(step, Run):
        envelope = next(envelopes)
        told = [to_ms(step.slot), to_ms(step.planned), envelope.task_id, envelope.stream]
        return ["run", *told, envelope.field, envelope.message]
    return ["note", to_ms(step.slot), step.outcome, step.slots, step.reason]

"""Schedules in Redis: saved with a version, found by id or name, with what became of their slots.

Every change is one Lua call that looks at the version and the slot first, so an edit and a fire can
never overwrite each other. Knows neither what a task is nor when a plan is due.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
import redis

from thumbapp.errors import BadSchedule, NameTaken, ScheduleNotFound, StaleSchedule
from thumbapp.schedules import scripts
from thumbapp.schedules.keys import Keys, name_key
from thumbapp.schedules.model import Schedule, Slot, from_ms, ms_or_blank, to_ms
from thumbapp.schedules.records import from_record, slot_from, to_record

_CHUNK: Final = 200


class SlotMoved(Exception):
    """A schedule was fired between reading and saving it."""


class ScheduleStore:
    """The schedules in *client*'s server."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self.keys = Keys(namespace)
        script = client.register_script
        self._save, self._remove = script(scripts.SAVE), script(scripts.REMOVE)

    def now(self) -> datetime:
        """Return the server's time: the only clock that schedules go by."""
        seconds, micros = self._redis.time()
        return from_ms(seconds * 1000 + micros // 1000)

    # --- finding ------------------------------------------------------------------------------------

    def find(self, schedule_id: str) -> Schedule:
        """Return the schedule *schedule_id*; raises ScheduleNotFound."""
        found = self.load([schedule_id])
        if not found:
            raise ScheduleNotFound(schedule_id)
        return found[0]

    def named(self, name: str) -> Schedule:
        """Return the schedule called *name*, or the one with that id; raises ScheduleNotFound."""
        found = self._redis.hget(self.keys.names, name_key(name))
        try:
            return self.find(found.decode() if found else name)
        except ScheduleNotFound:
            raise ScheduleNotFound(name) from None

    def names(self) -> dict[str, str]:
        """Return the id of each schedule by the key of its name, sorted."""
        found = self._redis.hgetall(self.keys.names)
        return dict(sorted((name.decode(), schedule_id.decode()) for name, schedule_id in found.items()))

    def all(self) -> list[Schedule]:
        """Return every schedule by name."""
        return self.load(self.names().values())

    def load(self, ids: Iterable[str]) -> list[Schedule]:
        """Return the schedules *ids* that exist, in that order."""
        wanted = list(ids)
        return [
            schedule
            for start in range(0, len(wanted), _CHUNK)
            for schedule in self._load(wanted[start : start + _CHUNK])
        ]

    def _load(self, ids: list[str]) -> list[Schedule]:
        with self._redis.pipeline(transaction=False) as pipe:
            for schedule_id in ids:
                pipe.hgetall(self.keys.record(schedule_id))
                pipe.zscore(self.keys.due, schedule_id)
            replies = pipe.execute()
        found = zip(ids, replies[::2], replies[1::2], strict=True)
        return [from_record(one, record, due) for one, record, due in found if b"version" in record]

    # --- changing -----------------------------------------------------------------------------------

    def save(
        self, schedule: Schedule, seen: Schedule | None, *, overdue: str = "", taken_back: str = ""
    ) -> Schedule:
        """Write *schedule*, which was *seen* so before (None: it is new), and return it as it is now.

        A slot that was due and is not kept goes into the history as missed, for the reason *overdue*.
        With *taken_back*, what has not begun is cancelled for that reason.

        Raises:
            BadSchedule: the name is taken.
            ScheduleNotFound: it was removed.
            StaleSchedule: somebody saved it after it was seen.
            SlotMoved: it was fired after it was seen.
        """
        keys, one = self.keys, schedule.id
        told = [part for pair in to_record(schedule).items() for part in pair]
        reply = self._save(
            [keys.record(one), keys.open(one), keys.history(one), keys.due, keys.names, keys.alerts],
            [
                *(one, seen.version if seen else "", ms_or_blank(seen.slot if seen else None)),
                *(name_key(schedule.name), ms_or_blank(schedule.slot), ms_or_blank(schedule.due)),
                *(overdue, taken_back, keys.wake, *told),
            ],
        )
        self._judge(reply, schedule)
        return replace(schedule, version=int(reply[1]))

    def remove(self, schedule: Schedule, *, version: int | None = None) -> None:
        """Remove *schedule* with its history, if it still has that *version*; what runs ends."""
        keys, one = self.keys, schedule.id
        own = [keys.record(one), keys.open(one), keys.history(one)]
        shared = [keys.due, keys.names, keys.alerts, keys.waiting]
        self._judge(self._remove([*own, *shared], [one, "" if version is None else version]), schedule)

    def _judge(self, reply: list[bytes], schedule: Schedule) -> None:
        """Raise what *reply* means, unless it is that all went well."""
        word, *facts = (part.decode() for part in reply)
        if word == "gone":
            raise ScheduleNotFound(schedule.name)
        if word == "stale":
            raise StaleSchedule(int(facts[0]), facts[1] if len(facts) > 1 else "")
        if word == "taken":
            raise BadSchedule({"name": NameTaken(schedule.name)})
        if word == "moved":
            raise SlotMoved

    # --- what became of the slots -------------------------------------------------------------------

    def open_slots(self, schedule_id: str) -> list[Slot]:
        """Return the slots that have not ended, the newest first."""
        found = self._redis.hgetall(self.keys.open(schedule_id))
        slots = [slot_from({**orjson.loads(told), "task": task.decode()}) for task, told in found.items()]
        return sorted(slots, key=lambda slot: slot.due, reverse=True)

    def history(self, schedule_id: str, *, below: str = "+", limit: int = 50) -> list[tuple[str, Slot]]:
        """Return up to *limit* slots that have ended before the entry *below*, each behind its entry."""
        start = below if below == "+" else _before(below)
        found = self._redis.xrevrange(self.keys.history(schedule_id), max=start, min="-", count=limit)
        return [(entry.decode(), slot_from(_texts(fields))) for entry, fields in found]

    def alerts(self, *, overdue_s: float) -> dict[str, str]:
        """Return why each schedule that is in trouble is, by id; "" for one *overdue_s* or more past due."""
        late = to_ms(self.now()) - overdue_s * 1000
        told = {key.decode(): text.decode() for key, text in self._redis.hgetall(self.keys.alerts).items()}
        overdue = self._redis.zrangebyscore(self.keys.due, "-inf", late, 0, _CHUNK)
        return {one.decode(): "" for one in overdue} | told


def _before(entry: str) -> str:
    """Return the greatest id of an entry before *entry*."""
    moment, _, number = entry.partition("-")
    if int(number or 0):
        return f"{moment}-{int(number) - 1}"
    return f"{int(moment) - 1}-{2**64 - 1}" if int(moment) else "0-0"


def _texts(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()}

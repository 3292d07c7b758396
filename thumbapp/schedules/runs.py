"""What a worker says of the run of a slot: that it begins, and what became of it.

The end is a list of commands, for whoever ends the task to carry out together with that: they take
effect only while the slot is open, so a run that was taken over by another worker writes nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import redis

from thumbapp.schedules import scripts
from thumbapp.schedules.keys import Keys, schedule_of
from thumbapp.schedules.model import Outcome, Overlap
from thumbapp.schedules.records import entry_of

Command = tuple[bytes | str | int | float, ...]
Guarded = tuple[str, str, Command]
_REASON_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has begun, as it was told; ``streak`` is how often the schedule failed in a row before.

    ``is_waited_for`` is whether another slot may wait for its end.
    """

    task_id: str
    told: dict[str, Any]
    streak: int = 0
    alert_after: int = 0
    is_waited_for: bool = False
    since: float = field(default_factory=time.monotonic)

    @property
    def took_ms(self) -> int:
        """For how long it has run, since this process was told of it."""
        return round((time.monotonic() - self.since) * 1000)

    @property
    def schedule_id(self) -> str:
        """The schedule that it is a run of."""
        return schedule_of(self.task_id)


class RunLog:
    """Begins and ends the runs of schedules in *client*'s server."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._keys = Keys(namespace)
        self._begin = client.register_script(scripts.BEGIN)

    def begin(
        self, task_id: str, *, worker: str, stream: bytes | str = "", entry: bytes | str = ""
    ) -> OpenRun | None:
        """Note that *worker* begins the task *task_id*; None when it was taken back and must not run.

        *stream* and *entry* are where its message is.
        """
        one = schedule_of(task_id)
        found = self._begin([self._keys.record(one), self._keys.open(one)], [task_id, worker, stream, entry])
        if not found:
            return None
        told, streak, alert_after, overlap = found
        is_waited_for = overlap == Overlap.QUEUE.encode()
        return OpenRun(task_id, orjson.loads(told), int(streak), int(alert_after), is_waited_for)

    def find(self, task_id: str) -> OpenRun | None:
        """Return the open slot that the task *task_id* runs; None when there is none."""
        told = self._redis.hget(self._keys.open(schedule_of(task_id)), task_id)
        return OpenRun(task_id, orjson.loads(told)) if told else None

    def ended(
        self, run: OpenRun, outcome: Outcome, *, took_ms: int | None = None, reason: str = ""
    ) -> list[Guarded]:
        """Return what is to be written at the end of *run*: hash, field, and a command for then."""
        keys, one = self._keys, run.schedule_id
        told = {**run.told, "task": run.task_id, "outcome": outcome, "took": took_ms, "reason": _cut(reason)}
        entry = entry_of(told)
        kept = ("MAXLEN", "~", scripts.HISTORY_KEPT)
        commands: list[Command] = [
            ("XADD", keys.history(one), *kept, "*", *(part for pair in entry.items() for part in pair)),
            *self._counted(run, outcome, reason),
            ("HSET", keys.record(one), "last", orjson.dumps(entry)),
            *([("PUBLISH", keys.wake, one)] if run.is_waited_for else []),
            ("HDEL", keys.open(one), run.task_id),
        ]
        return self._guarded(run, commands)

    def retrying(self, run: OpenRun, *, reason: str) -> list[Guarded]:
        """Return what is to be written when *run* failed and will be tried again."""
        told = {**run.told, "outcome": Outcome.RETRYING, "reason": _cut(reason)}
        told.pop("entry", None)
        return self._guarded(
            run, [("HSET", self._keys.open(run.schedule_id), run.task_id, orjson.dumps(told))]
        )

    def _counted(self, run: OpenRun, outcome: Outcome, reason: str) -> Sequence[Command]:
        """Return the commands that count *outcome*, and begin or end an alert."""
        keys, one = self._keys, run.schedule_id
        record = keys.record(one)
        if outcome is Outcome.DONE:
            return [("HSET", record, "streak", 0), ("HDEL", keys.alerts, one)]
        if outcome is not Outcome.FAILED:
            return []
        commands: list[Command] = [("HINCRBY", record, "failures", 1), ("HINCRBY", record, "streak", 1)]
        if run.alert_after and run.streak + 1 >= run.alert_after:
            commands.append(
                ("HSET", keys.alerts, one, f"It failed {run.streak + 1:,} times running: {_cut(reason)}")
            )
        return commands

    def _guarded(self, run: OpenRun, commands: Sequence[Command]) -> list[Guarded]:
        return [(self._keys.open(run.schedule_id), run.task_id, command) for command in commands]


def _cut(reason: str) -> str:
    return reason[:_REASON_LENGTH]

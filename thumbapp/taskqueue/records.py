"""Reading what `thumbapp.taskqueue.recorder` wrote: one task, a filtered page, counts, statistics.

Keys, all under the namespace: ``tasks:of:<id>`` the hash of one task; ``tasks:<state>`` zsets of ids
by the millisecond of creation; ``tasks:total`` and ``tasks:span:<minutes since 1970>`` (five minutes
each, kept for 25 hours) hashes of counters; ``tasks:watched`` while somebody looks;
``tasks:message:<id>`` the message of a task that may be tried again. Knows no Huey.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import redis

from thumbapp.errors import BadParameter
from thumbapp.live.events import stream_key
from thumbapp.taskqueue.serializer import load

STATES: Final = ("queued", "scheduled", "running", "retrying", "done", "failed", "cancelled", "dead")
FINAL_STATES: Final = ("done", "failed", "cancelled", "dead")
MOST_EXAMINED: Final = 10_000
MOST_KEPT: Final = 250_000
WATCHED_S: Final = 90
_CHUNK: Final = 200
_CURSOR: Final = re.compile(r"\d{1,15}", re.ASCII)

Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task as it was written down last; times are aware, arguments JSON as text.

    ``attempts`` counts its runs, ``children`` are the ids of what follows it in its pipeline,
    ``parent`` is the task that enqueued it, ``output`` what its last run printed and logged, ``stop``
    is not empty when it runs and was asked to stop.
    """

    id: str
    name: str
    state: str
    created_at: datetime
    args: str = "[]"
    kwargs: str = "{}"
    queue: str = "normal"
    priority: float | None = None
    worker: str = ""
    attempts: int = 0
    queued_at: datetime | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    traceback: str = ""
    progress: str = ""
    output: str = ""
    stop: str = ""
    parent: str = ""
    children: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in FINAL_STATES

    @property
    def arguments(self) -> tuple[list[Any], dict[str, Any]] | None:
        """The arguments as values; None when they were too long to be kept whole."""
        try:
            return load(self.args.encode()), load(self.kwargs.encode())
        except (ValueError, LookupError):
            return None

    @property
    def done_of(self) -> tuple[float, float] | None:
        """How much is done, of how much; None when it did not tell."""
        done, _, total = self.progress.partition("/")
        try:
            return float(done), float(total)
        except ValueError:
            return None

    @property
    def took_s(self) -> float | None:
        """How long its last run took, or has taken at the end that is known."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, (self.finished_at - self.started_at).total_seconds())

    @property
    def waited_s(self) -> float | None:
        """How long it waited in the queue before its last run."""
        if self.started_at is None or self.queued_at is None:
            return None
        return max(0.0, (self.started_at - self.queued_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks are asked for; what is empty asks for all. *text* is in the id or the arguments."""

    states: tuple[str, ...] = ()
    name: str = ""
    worker: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asks_more(self) -> bool:
        """Whether state and time alone do not tell what is asked for."""
        return bool(self.name or self.worker or self.text)

    def admits(self, task_id: str, name: str, worker: str, arguments: str) -> bool:
        """Whether the task, whose state and time are right, is asked for."""
        wanted = self.text.casefold()
        return (
            self.name in ("", name)
            and self.worker in ("", worker)
            and (task_id.casefold().startswith(wanted) or wanted in arguments.casefold())
        )


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Tasks, newest first; *cursor* goes on behind them, None at the end.

    *examined* is how many were looked at: a page may end early where few of many are asked for.
    """

    items: list[TaskRecord]
    cursor: str | None
    examined: int


class TaskRecords:
    """The records of all tasks under *namespace*."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._prefix = f"{namespace}tasks"
        self._events = stream_key(namespace)

    def find(self, task_id: str) -> TaskRecord | None:
        """Return the task; None when it was never seen, or its time is over."""
        return next(iter(self._load([task_id])), None)

    def page(self, wanted: Filter, *, cursor: str | None = None, limit: int = 50) -> TaskPage:
        """Return up to *limit* of the tasks that *wanted* admits, newest first, from *cursor* on.

        Raises:
            BadParameter: no page gave that *cursor*.
        """
        found: list[TaskRecord] = []
        examined, last = 0, None
        for chunk in _chunks(self._places(wanted, _place(cursor)), max(_chunk_of(wanted), limit)):
            fitting = self._admitted(wanted, [task_id for _, task_id in chunk])
            found += self._load(fitting[: limit + 1 - len(found)] if wanted.asks_more else fitting)
            examined, last = examined + len(chunk), chunk[-1]
            if len(found) > limit or examined >= MOST_EXAMINED:
                break
        else:
            last = None
        if len(found) > limit:
            last = (_ms(found[limit - 1].created_at), found[limit - 1].id)
        return TaskPage(found[:limit], f"{last[0]}:{last[1]}" if last else None, examined)

    def ids(self, wanted: Filter) -> Iterator[str]:
        """Yield the id of every task that *wanted* admits."""
        for chunk in _chunks(self._places(wanted, None), _chunk_of(wanted)):
            yield from self._admitted(wanted, [task_id for _, task_id in chunk])

    def count(self, wanted: Filter) -> int:
        """Return how many tasks *wanted* admits."""
        return sum(1 for _ in self.ids(wanted))

    def last_change(self) -> str:
        """Return the id of the newest event, which is another whenever a watched task has changed."""
        return next((entry.decode() for entry, _ in self._redis.xrevrange(self._events, count=1)), "")

    def counts(self) -> dict[str, int]:
        """Return how many tasks are in each of `STATES`."""
        with self._redis.pipeline(transaction=False) as pipe:
            for state in STATES:
                pipe.zcard(self._key(state))
            return dict(zip(STATES, map(int, pipe.execute()), strict=True))

    def oldest(self, state: str) -> TaskRecord | None:
        """Return the task that has been in *state* since longest, by its creation."""
        ids = [task_id.decode() for task_id in self._redis.zrange(self._key(state), 0, 0)]
        return next(iter(self._load(ids)), None)

    def watch(self) -> None:
        """Have changes announced to live pages for the next `WATCHED_S` seconds."""
        self._redis.set(self._key("watched"), 1, ex=WATCHED_S)

    def trim(self, *, before: datetime) -> int:
        """Forget tasks that ended and were created *before* that, and all beyond `MOST_KEPT` a state.

        Returns how many were forgotten. Their hashes expire by themselves, but for those of tasks
        that never ended.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            for state in FINAL_STATES:
                pipe.zremrangebyscore(self._key(state), "-inf", f"({_ms(before)}")
            removed = sum(map(int, pipe.execute()))
        for state in STATES:
            while (
                surplus := self._redis.zrange(self._key(state), 0, _CHUNK - 1) if self._is_full(state) else ()
            ):
                self._redis.delete(*(self._key("of", task_id.decode()) for task_id in surplus))
                removed += int(self._redis.zrem(self._key(state), *surplus))
        return removed

    def _is_full(self, state: str) -> bool:
        return int(self._redis.zcard(self._key(state))) > MOST_KEPT

    def _places(self, wanted: Filter, start: Place | None) -> Iterator[Place]:
        """Yield time and id of the tasks in the states that are wanted, newest first."""
        states = wanted.states or STATES
        return heapq.merge(*(self._in_state(state, wanted, start) for state in states), reverse=True)

    def _in_state(self, state: str, wanted: Filter, start: Place | None) -> Iterator[Place]:
        highest = "+inf" if wanted.until is None else f"({_ms(wanted.until)}"
        if start is not None:
            highest = str(start[0])
        lowest = "-inf" if wanted.since is None else str(_ms(wanted.since))
        passed = 0
        while members := self._redis.zrevrangebyscore(
            self._key(state), highest, lowest, start=passed, num=_CHUNK, withscores=True
        ):
            passed += len(members)
            for member, score in members:
                place = (int(score), member.decode())
                if start is None or place < start:
                    yield place

    def _admitted(self, wanted: Filter, ids: list[str]) -> list[str]:
        """Return those of *ids* that *wanted* admits, having read of each no more than that needs."""
        if not wanted.asks_more:
            return ids
        with self._redis.pipeline(transaction=False) as pipe:
            for task_id in ids:
                pipe.hmget(self._key("of", task_id), "name", "worker", "args", "kwargs")
            replies = pipe.execute()
        texts = [[(part or b"").decode("utf-8", "replace") for part in reply] for reply in replies]
        return [
            task_id
            for task_id, (name, worker, args, kwargs) in zip(ids, texts, strict=True)
            if name and wanted.admits(task_id, name, worker, f"{args} {kwargs}")
        ]

    def _load(self, ids: list[str]) -> list[TaskRecord]:
        with self._redis.pipeline(transaction=False) as pipe:
            for task_id in ids:
                pipe.hgetall(self._key("of", task_id))
            return [_record(i, raw) for i, raw in zip(ids, pipe.execute(), strict=True) if b"state" in raw]

    def _key(self, *parts: str) -> str:
        return ":".join((self._prefix, *parts))


def _record(task_id: str, raw: Mapping[bytes, bytes]) -> TaskRecord:
    told: dict[str, Any] = {key.decode(): value.decode("utf-8", "replace") for key, value in raw.items()}
    known = {field.name for field in fields(TaskRecord)}
    told = {key: value for key, value in told.items() if key in known}
    for name in ("created_at", "queued_at", "due_at", "started_at", "finished_at"):
        if name in told:
            told[name] = datetime.fromtimestamp(int(told[name]) / 1000, UTC)
    told["attempts"] = int(told.get("attempts", 0))
    told["children"] = tuple(told.get("children", "").split())
    if "priority" in told:
        told["priority"] = float(told["priority"])
    told = {"id": task_id, "name": "?", "created_at": datetime.fromtimestamp(0, UTC), **told}
    return TaskRecord(**told)


def _chunk_of(wanted: Filter) -> int:
    """Return how many records to read at once: more where few of many are asked for."""
    return 5 * _CHUNK if wanted.asks_more else _CHUNK


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _place(cursor: str | None) -> Place | None:
    """Return where *cursor* points; None for the beginning."""
    if not cursor:
        return None
    moment, _, task_id = cursor.partition(":")
    if not _CURSOR.fullmatch(moment):
        raise BadParameter("cursor", cursor, "what the last page gave")
    return int(moment), task_id


def _chunks(places: Iterable[Place], size: int) -> Iterator[list[Place]]:
    chunk: list[Place] = []
    for place in places:
        chunk.append(place)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

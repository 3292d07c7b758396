"""Writes down what becomes of each task, from Huey's signals, without a trip of its own in a worker.

The end of a run travels with the task's acknowledgement. Its beginning is told by a thread beside,
a moment later and many in one trip, and not at all for a run that has ended by then. docs/taskqueue.md
has the keys; `thumbapp.taskqueue.records` reads them.
"""

import itertools
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import Final

import redis
from huey import signals
from huey.api import Task

from thumbapp.errors import NotJson, TaskDied, ThumbAppError
from thumbapp.live.events import stream_key
from thumbapp.taskqueue import output
from thumbapp.taskqueue.delivery import RANKS, Arg, rank_of
from thumbapp.taskqueue.run_counters import RunCounters
from thumbapp.taskqueue.serializer import dump
from thumbapp.taskqueue.streams import TaskStreams

logger = logging.getLogger("huey.recorder")

LARGEST_ARGUMENTS: Final = 4_000
LARGEST_ERROR: Final = 500
LARGEST_TRACEBACK: Final = 8_000
TOLD_AFTER_S: Final = 0.1

_STATE_OF: Final[Mapping[str, str]] = {
    signals.SIGNAL_COMPLETE: "done",
    signals.SIGNAL_ERROR: "failed",
    signals.SIGNAL_TIMEOUT: "failed",
    signals.SIGNAL_LOCKED: "failed",
    signals.SIGNAL_RATE_LIMITED: "failed",
    signals.SIGNAL_RETRYING: "retrying",
    signals.SIGNAL_CANCELED: "cancelled",
    signals.SIGNAL_REVOKED: "cancelled",
    signals.SIGNAL_EXPIRED: "cancelled",
    signals.SIGNAL_INTERRUPTED: "queued",
}
_SAID: Final[Mapping[str, str]] = {
    signals.SIGNAL_TIMEOUT: "It took longer than its time limit.",
    signals.SIGNAL_LOCKED: "Another task held its lock.",
    signals.SIGNAL_RATE_LIMITED: "It ran more often than its rate limit allows.",
    signals.SIGNAL_EXPIRED: "It was not begun before it expired.",
    signals.SIGNAL_CANCELED: "It was stopped while it ran.",
    signals.SIGNAL_REVOKED: "It was cancelled before it began.",
}
_TRIED_AGAIN: Final = frozenset(
    (signals.SIGNAL_ERROR, signals.SIGNAL_TIMEOUT, signals.SIGNAL_LOCKED, signals.SIGNAL_RATE_LIMITED)
)
_END_OF: Final[Mapping[str, str]] = {"queued": "queued_at", "retrying": "queued_at"}
_TO_TRY_AGAIN: Final = frozenset(("failed", "cancelled", "dead"))
_LASTING: Final = frozenset(("queued", "scheduled", "running", "retrying"))


@dataclass(slots=True)
class _Run:
    """One execution of a task by a thread of this process; ``id`` is no other execution's."""

    task: Task
    id: str
    began_ms: int
    waited_ms: int
    error: str = ""
    trace: str = ""
    told_at: float = 0.0


class Recorder:
    """Writes the records of tasks below the key *prefix*, kept for *ttl_s* after a task has ended.

    ``note`` is what Huey's signals are connected to. Nothing that it meets fails a task. *pack* makes
    the message of a task: that of one that failed is kept, so that it can be tried again as it was.
    """

    def __init__(
        self, streams: TaskStreams, *, namespace: str, ttl_s: int, pack: Callable[[Task], bytes]
    ) -> None:
        self._streams = streams
        self._pack = pack
        self._prefix = f"{namespace}tasks"
        self._events = stream_key(namespace)
        self._ttl_s = ttl_s
        self._thread = threading.local()
        self._numbers = itertools.count(1)
        self._begun: dict[str, _Run] = {}
        self._is_news = threading.Event()
        self._teller: threading.Thread | None = None
        self._is_closed = False
        self._counters = RunCounters(self._prefix)

    def note(self, signal: str, task: Task, error: Exception | None = None) -> None:
        """Write down that *signal* was sent for *task*."""
        try:
            if signal == signals.SIGNAL_EXECUTING:
                self._begin(task)
            elif signal in _STATE_OF:
                self._end(signal, task, error)
            else:
                self._wait(signal, task)
        except (redis.RedisError, NotJson) as reason:  # who enqueues what is no JSON is told so
            logger.debug("Not written down: task %s, %s (%s)", task.id, signal, reason)

    def close(self) -> None:
        """Write what waits to be told, because this process ends; nothing is told by itself any more."""
        self._is_closed = True
        try:
            self._tell()
            self._counters.write(self._streams.write, at_s=self._now_ms() / 1000)
        except redis.RedisError as error:
            logger.debug("Not written down at the end: %s", error)

    def progress(self, done: float, total: float, *, least_s: float = 0.2) -> bool:
        """Write down how far the calling thread's task is, and what it has printed so far.

        That happens at most once in *least_s* seconds. Returns whether it was asked to stop.
        """
        run = self._run
        if run is None or (time.monotonic() - run.told_at < least_s and done < total):
            return False
        run.told_at = time.monotonic()
        facts: list[Arg] = ["progress", f"{done:g}/{total:g}"]
        if printed := output.text():
            facts += ["output", printed]
        self._streams.write(("NOTE", self._prefix, run.task.id, run.task.name, self._events, *facts))
        return self._has_stop(run.task.id)

    def is_asked_to_stop(self, task_id: str) -> bool:
        """Return whether somebody wants the task, which runs, to stop; False when that is not known."""
        try:
            return self._has_stop(task_id)
        except redis.RedisError as error:
            logger.debug("Not known whether task %s is to stop: %s", task_id, error)
            return False

    def _has_stop(self, task_id: str) -> bool:
        return self._streams.has_field(f"{self._prefix}:of:{task_id}", "stop")

    # --- the states of a task -----------------------------------------------------------------------

    def _wait(self, signal: str, task: Task) -> None:
        run = self._run
        if run is not None and run.task.id == task.id:
            return  # what is to be tried again stays "retrying" while it waits
        facts: list[Arg] = ["queue", RANKS[rank_of(task.priority)], "args", arguments_text(list(task.args))]
        if task.kwargs:
            facts += ["kwargs", arguments_text(task.kwargs)]
        if task.priority:
            facts += ["priority", task.priority]
        if children := [child.id for child in _followers(task)]:
            facts += ["children", " ".join(children)]
        if run is not None:
            facts += ["parent", run.task.id]
        if signal == signals.SIGNAL_SCHEDULED:
            facts += ["due_at", _due_ms(task) or self._now_ms()]
            self._write(task, "scheduled", facts=facts)
        else:
            facts += ["queued_at", self._now_ms()]
            self._write(task, "queued", facts=facts)

    def _begin(self, task: Task) -> None:
        held, now = self._streams.held, self._now_ms()
        waited_ms = now - held.since_ms if held else 0
        run = _Run(task, f"{self._run_prefix}{next(self._numbers)}", now, max(0, waited_ms))
        self._thread.run = run
        output.begin()
        self._begun[run.id] = run
        self._wake_teller()

    def _end(self, signal: str, task: Task, error: Exception | None) -> None:
        run = self._run
        if run is not None and run.task.id != task.id:
            run = None
        if run is not None and signal == signals.SIGNAL_COMPLETE:
            self._write_end(run, "done", [])
            return
        if run is not None and self._is_half_told(signal, run, error):
            return
        state = "dead" if isinstance(error, TaskDied) else _STATE_OF[signal]
        facts: list[Arg] = []
        if said := (run.error if run else "") or _SAID.get(signal, "") or (str(error) if error else ""):
            facts += ["error", said]
        if run is not None and run.trace:
            facts += ["traceback", run.trace]
        if run is not None:
            self._write_end(run, state, facts)
            return
        self._write(task, state, facts=[*facts, _END_OF.get(state, "finished_at"), self._now_ms()])
        if state == "dead":
            self._counters.count(task.name, state)
            self._wake_teller()

    def _write_end(self, run: _Run, state: str, facts: list[Arg]) -> None:
        """Write that *run* ended in *state*, with what it has printed, and count it."""
        now, task = self._now_ms(), run.task
        if printed := output.end():
            facts += ["output", printed]
        facts += [_END_OF.get(state, "finished_at"), now]
        self._write(task, state, run, facts)
        self._begun.pop(run.id, None)
        self._counters.add(task.name, state, waited_ms=run.waited_ms, took_ms=max(0, now - run.began_ms))
        self._wake_teller()

    def _write(self, task: Task, state: str, run: _Run | None = None, facts: Iterable[Arg] = ()) -> None:
        """Write that *task* is in *state*, with its message if it may be tried again."""
        kept = self._kept(task) if state in _TO_TRY_AGAIN else ()
        self._streams.write(self._command(task, state, run, facts), *kept)

    def _kept(self, task: Task) -> list[tuple[Arg, ...]]:
        """Return the command that keeps the message of *task*; none if it cannot be kept."""
        try:
            return [("SET", message_key(self._prefix, task.id), self._pack(task), "EX", self._ttl_s)]
        except ThumbAppError as error:
            logger.debug("The message of task %s is not kept: %s", task.id, error)
            return []

    def _is_half_told(self, signal: str, run: _Run, error: Exception | None) -> bool:
        """Keep why *run* failed; return whether another signal will say that it is tried again."""
        if error is not None:
            run.error = f"{type(error).__name__}: {error}"[:LARGEST_ERROR]
            run.trace = "".join(traceback.format_exception(error))[-LARGEST_TRACEBACK:]
        elif signal in _SAID:
            run.error = _SAID[signal]
        return signal in _TRIED_AGAIN and bool(run.task.retries)

    # --- what is written ----------------------------------------------------------------------------

    def _command(
        self, task: Task, state: str, run: _Run | None = None, facts: Iterable[Arg] = ()
    ) -> tuple[Arg, ...]:
        """Return the command that puts *task* into *state*, in its *run* if it was one, with *facts*."""
        ttl_s = 0 if state in _LASTING else self._ttl_s
        run_id, now = run.id if run else "", self._now_ms()
        head = ("RECORD", self._prefix, task.id, task.name, state, run_id, now, ttl_s)
        if run is None:
            return (*head, self._events, *facts)
        return (*head, self._events, "worker", self._worker, "started_at", run.began_ms, *facts)

    def _now_ms(self) -> int:
        """Return the time: in a worker the server's, whatever this machine's is."""
        return self._streams.leases.now_ms()

    @cached_property
    def _worker(self) -> bytes:
        return self._streams.leases.consumer

    @cached_property
    def _run_prefix(self) -> str:
        return f"{self._worker.decode()}/"

    @property
    def _run(self) -> _Run | None:
        """What the calling thread runs; what follows from its end still belongs to it."""
        return getattr(self._thread, "run", None) if self._streams.is_busy else None

    # --- the beginnings -----------------------------------------------------------------------------

    def _wake_teller(self) -> None:
        """Have what is new told soon; a busy worker asks once for many runs."""
        if self._is_news.is_set():
            return
        if self._teller is None:
            self._teller = threading.Thread(target=self._tell_forever, name="Recorder", daemon=True)
            self._teller.start()
        self._is_news.set()

    def _tell_forever(self) -> None:
        while True:
            self._is_news.wait()
            time.sleep(TOLD_AFTER_S)
            if self._is_closed:
                return
            self._is_news.clear()
            try:
                self._tell()
                self._counters.write(self._streams.write, at_s=self._now_ms() / 1000)
            except redis.RedisError as error:
                logger.debug("Beginnings are told later: %s", error)
                self._is_news.set()

    def _tell(self) -> None:
        """Write the beginning of every run that has not ended yet."""
        runs = list(self._begun.values())
        commands = [self._command(run.task, "running", run) for run in runs]
        if commands:
            self._streams.write(*commands)
        for run in runs:
            self._begun.pop(run.id, None)


def message_key(prefix: str, task_id: str) -> str:
    """Return the key of the kept message of a task that ended otherwise than done."""
    return f"{prefix}:message:{task_id}"


def _followers(task: Task) -> list[Task]:
    """Return the tasks that follow *task* in its pipeline."""
    found = []
    while task.on_complete is not None:
        task = task.on_complete
        found.append(task)
    return found


def arguments_text(value: object) -> bytes:
    """Return *value* as JSON to be read, shortened when it is long."""
    text = dump(value)
    return text if len(text) <= LARGEST_ARGUMENTS else text[:LARGEST_ARGUMENTS]


def _due_ms(task: Task) -> int:
    """Return when *task*, whose time is naive and UTC, is due; 0 when it has none."""
    return int(task.eta.replace(tzinfo=UTC).timestamp() * 1000) if task.eta else 0

"""The one Huey: Redis Streams below, explicit task names, signed JSON messages, dead letters.

Knows no task of its own; `thumbapp.tasks` registers ours, and any other app its own.
"""

import copy
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from huey.api import Task
from huey.exceptions import CancelExecution
from huey.signals import SIGNAL_ENQUEUED, SIGNAL_SCHEDULED
from huey.utils import ChordConfig

from thumbapp.config import Settings
from thumbapp.errors import MessageRefused, ThumbAppError
from thumbapp.runtime.connection import connect
from thumbapp.taskqueue.consumer import StreamConsumer
from thumbapp.taskqueue.execution import ExecutingHuey
from thumbapp.taskqueue.locks import HeldLock
from thumbapp.taskqueue.ratelimit import WindowLimit
from thumbapp.taskqueue.recorder import Recorder
from thumbapp.taskqueue.records import TaskRecords
from thumbapp.taskqueue.registry import NamedRegistry
from thumbapp.taskqueue.scheduling import RunTracker
from thumbapp.taskqueue.serializer import ChordParts, SignedJsonSerializer, signing_key
from thumbapp.taskqueue.storage import StreamStorage

logger = logging.getLogger("huey.queue")

_CLOCK_SLACK = timedelta(milliseconds=100)
_EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)


class _ExpectedFailures(logging.Filter):
    """Turns Huey's traceback of a failure that was foreseen into one line."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: tuple[type[BaseException], ...] = ()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let *record* pass, shortened."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, self.kinds):
            record.msg, record.args = "%s %s", (record.getMessage(), error)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


_EXPECTED = _ExpectedFailures()
logging.getLogger("huey").addFilter(_EXPECTED)


class StreamHuey(ExecutingHuey):
    """A Huey that loses nothing: what a worker has taken is delivered again when the worker dies.

    Messages are JSON signed with *key*. Results are kept for *results_ttl_s* however often they are
    read. After *lease_s* without a sign of life a worker's tasks go to another. A task that raises
    one of *expected* is logged as one line; one that raises one of *not_done* is delivered again.

    The callables in ``on_consumer_start`` run in the consumer's main thread before its workers start,
    those in ``on_consumer_stop`` after they have ended; those in ``on_dead`` for a task that is given
    up because too many workers died with it; those in ``on_empty`` when the server is new or has
    lost what it had.
    """

    storage_class = StreamStorage

    def __init__(
        self,
        name: str,
        *,
        client: redis.Redis,
        namespace: str,
        key: bytes,
        results_ttl_s: int = 86_400,
        lease_s: float = 30.0,
        expected: tuple[type[Exception], ...] = (),
        not_done: tuple[type[Exception], ...] = (),
        immediate: bool = False,
    ) -> None:
        self.client = client
        self.namespace = namespace
        self.on_consumer_start: list[Callable[[], None]] = []
        self.on_consumer_stop: list[Callable[[], None]] = []
        self.on_begin = []
        self.on_dead = []
        self.periodic = {}
        self.on_empty: list[Callable[[], None]] = []
        self.not_done = not_done
        self.results_ttl_s = results_ttl_s
        self._active = {}
        self._clock: tuple[datetime, float] | None = None
        super().__init__(
            name,
            store_none=True,
            immediate=immediate,
            serializer=SignedJsonSerializer(key),
            client=client,
            namespace=namespace,
            expire_time=results_ttl_s,
            lease_s=max(lease_s, 1.0),
        )
        self._registry = NamedRegistry()
        RunTracker(self, client=client, namespace=namespace).connect()
        self._signal.connect(self._note)
        if self.recorder is not None:
            self.on_consumer_stop.append(self.recorder.close)
        _EXPECTED.kinds = tuple({*_EXPECTED.kinds, *expected})

    @classmethod
    def from_settings(cls, settings: Settings, **options: Any) -> "StreamHuey":
        """Return the app's Huey over the server that *settings* lead to; nothing is connected yet."""
        return cls(
            "thumbapp",
            client=connect(settings, name="thumbapp-queue"),
            namespace=settings.namespace,
            key=signing_key(settings.secret()),
            results_ttl_s=settings.retention_s,
            lease_s=settings.lease,
            expected=(ThumbAppError,),
            **options,
        )

    def create_storage(self) -> Any:
        """Return the storage: ours, or Huey's in-memory one in immediate mode."""
        storage = super().create_storage()
        if isinstance(storage, StreamStorage):
            storage.streams.on_empty.append(self._server_is_empty)
            self.recorder = Recorder(
                storage.streams,
                namespace=self.namespace,
                ttl_s=self.results_ttl_s,
                pack=lambda task: self.serialize_task(task),
            )
        return storage

    def enqueue(self, task: Any) -> Any:
        """Queue *task* (or a pipeline, group, chord) with its record; return Huey's handle of its result."""
        streams = self._streams
        if streams is None or streams.outbox is not None or not isinstance(task, Task):
            return super().enqueue(task)
        with streams.together():
            return super().enqueue(task)

    def lock_task(self, lock_name: str, ttl: int | None = None) -> Any:
        """Return Huey's lock *lock_name*, which no worker that dies leaves locked."""
        return super().lock_task(lock_name, ttl) if self._streams is None else HeldLock(self, lock_name, ttl)

    def rate_limit(self, name: str, limit: int, per: int, retry: bool = True) -> Any:
        """Return Huey's rate limit *name*: at most *limit* times in *per* seconds."""
        if self._streams is None:
            return super().rate_limit(name, limit, per, retry)
        return WindowLimit(self, name, limit, per, retry)

    def create_consumer(self, **options: Any) -> StreamConsumer:
        """Return a consumer of this queue; *options* are those of the ``huey_consumer`` script."""
        return StreamConsumer(self, **options)

    def close(self) -> None:
        """Write down what still waits to be, and close the connections; for where no consumer does it."""
        if self.recorder is not None:
            self.recorder.close()
        if isinstance(self.storage, StreamStorage):
            self.storage.close()

    def progress(self, done: float, total: float) -> None:
        """Show how far the task that the calling thread runs is, *done* of *total*; cheap to call often.

        Raises:
            CancelExecution: somebody asked for the task to stop.
        """
        if self.recorder is not None and self.recorder.progress(done, total):
            raise CancelExecution(retry=False)

    def forget_old(self) -> int:
        """Forget the records whose time is over; return how many."""
        records = TaskRecords(self.client, namespace=self.namespace)
        return records.trim(before=self.now() - timedelta(seconds=self.results_ttl_s))

    def _note(self, signal: str, task: Task, *args: Any) -> None:
        if self.recorder is not None:
            self.recorder.note(signal, task, *args)

    def _server_is_empty(self) -> None:
        for hook in self.on_empty:
            try:
                hook()
            except Exception:
                logger.exception("A hook failed after the server was found empty.")

    # --- time and schedule --------------------------------------------------------------------------

    def add_schedule(self, task: Task) -> None:
        """Keep *task* until it is due, with its priority."""
        if self._streams is None:
            super().add_schedule(task)
            return
        due = task.eta or _EPOCH
        self.storage.add_to_schedule(self.serialize_task(task), due, task.priority)
        logger.info("Task %s waits until %s.", task.id, due)
        self._emit(SIGNAL_SCHEDULED, task)

    def move_due(self) -> int:
        """Move the tasks that are due from the schedule to the queue; return how many."""
        moved = self.storage.move_due(self._get_timestamp())
        for task in self._tasks_in(moved) if any(self._signal.receivers.values()) else ():
            self._emit(SIGNAL_ENQUEUED, task)
        return len(moved)

    def set_clock(self) -> datetime:
        """Go by the server's clock from now on; return it, naive and UTC."""
        now: datetime = self.storage.server_time().replace(tzinfo=None)
        self._clock = (now, time.monotonic())
        return now

    def now(self) -> datetime:
        """Return the time, aware and UTC; in a consumer it is the server's, whatever this machine's is."""
        return self._get_timestamp().replace(tzinfo=UTC)

    def _get_timestamp(self) -> datetime:
        """Return the time, naive and UTC: the server's where it was asked, else this machine's."""
        if self._clock is None:
            return super()._get_timestamp()  # type: ignore[no-any-return]  # huey ships no types
        now, asked_at = self._clock
        return now + timedelta(seconds=time.monotonic() - asked_at)

    def ready_to_run(self, task: Task, timestamp: datetime | None = None) -> bool:
        """Return whether *task* is due, give or take the moment by which two workers' clocks differ."""
        return task.eta is None or task.eta <= (timestamp or self._get_timestamp()) + _CLOCK_SLACK

    # --- chords -------------------------------------------------------------------------------------

    def _check_chord(self, config: ChordConfig, value: Any) -> None:
        """Keep the part of a chord that is done; the last one enqueues the callback, atomically.

        The callback is signed here, before the values are known, so it carries where to collect them.
        """
        if self._streams is None:
            super()._check_chord(config, value)
            return
        callback = copy.copy(config.callback)
        callback.extend_data((ChordParts(config.cid, config.size),))
        if callback.expires:
            callback.resolve_expires(self.utc)
        if (outbox := self._streams.outbox) is not None:
            outbox.on_chord = lambda: self._emit(SIGNAL_ENQUEUED, callback)
        self.storage.add_chord_part(
            config.cid,
            config.idx,
            self._result_bytes(config.cid, value),
            size=config.size,
            callback=self.serialize_task(callback),
            priority=callback.priority,
        )

    def collected(self, task: Task) -> Task:
        """Return *task* with the values of its chord, if it is a chord's callback, in its arguments."""
        for index, parts in enumerate(task.args):
            if isinstance(parts, ChordParts):
                found = self.storage.chord_parts(parts.chord, parts.size)
                if None in found:
                    raise MessageRefused("parts of its chord have expired")
                values = [self.serializer.deserialize(value) for value in found]
                task.args = (*task.args[:index], values, *task.args[index + 1 :])
                task.collected_chord = parts.chord
                break
        return task

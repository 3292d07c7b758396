"""Which workers are alive: a heartbeat each in Redis that vanishes by itself.

Ages are measured by the server's clock alone (what is left of an entry's time to live), so a
worker or a reader with a wrong clock misleads nobody. Knows nothing of Huey.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import redis

from thumbapp.errors import WorkerNotFound

ALIVE_S = 15
LATE_S = 6
BEAT_EVERY_S = 3.0
STOP_KEPT_S = 60


@dataclass(frozen=True, slots=True)
class RunningTask:
    """One task that a worker's *thread* has in hand, since when (seconds before the heartbeat)."""

    id: str
    name: str
    running_s: float = 0.0
    thread: str = ""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One worker process as its last heartbeat told; ``age_s`` is how long ago that was.

    ``server_time`` is the server's clock when the heartbeat was made, ``clock_skew_s`` how far the
    worker's own clock was ahead of it. ``memory_bytes`` is what the process has in memory,
    ``children_bytes`` what the processes have that it decodes in. A worker that ``is_stopping`` was
    asked to.
    """

    id: str
    host: str
    pid: int
    threads: int
    versions: Mapping[str, str] = field(default_factory=dict)
    running: tuple[RunningTask, ...] = ()
    started_at: datetime | None = None
    server_time: datetime | None = None
    clock_skew_s: float = 0.0
    age_s: float = 0.0
    memory_bytes: int = 0
    children_bytes: int = 0
    is_stopping: bool = False

    @property
    def is_late(self) -> bool:
        """Whether a heartbeat was missed: frozen, cut off, or dead for less than `ALIVE_S`."""
        return self.age_s > LATE_S


class WorkerRegistry:
    """The heartbeats of all workers under *namespace*."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis = client
        self._index = f"{namespace}workers"
        self._prefix = f"{namespace}worker:"

    def beat(self, worker: WorkerInfo) -> bool:
        """Say that *worker* is alive now; return whether somebody asked it to stop.

        Without another beat it is gone after `ALIVE_S`.
        """
        now = self._server_time()
        skew = (datetime.now(UTC) - now).total_seconds()
        told = asdict(replace(worker, server_time=now, clock_skew_s=round(skew, 3)))
        with self._redis.pipeline() as pipe:
            pipe.set(self._prefix + worker.id, orjson.dumps(told), px=ALIVE_S * 1000)
            pipe.sadd(self._index, worker.id)
            pipe.exists(self._stop_key(worker.id))
            return bool(pipe.execute()[-1])

    def alive(self) -> list[WorkerInfo]:
        """Return the workers whose heartbeat is younger than `ALIVE_S`, by host and process."""
        ids = sorted(_text(member) for member in self._redis.smembers(self._index))
        with self._redis.pipeline(transaction=False) as pipe:
            for worker_id in ids:
                pipe.get(self._prefix + worker_id)
                pipe.pttl(self._prefix + worker_id)
                pipe.exists(self._stop_key(worker_id))
            replies = pipe.execute()
        told = list(zip(ids, zip(replies[::3], replies[1::3], replies[2::3], strict=True), strict=True))
        self._drop([worker_id for worker_id, (text, _, _) in told if text is None])
        living = [_read(text, left_ms, asked) for _, (text, left_ms, asked) in told if text is not None]
        return sorted(living, key=lambda worker: (worker.host, worker.pid))

    def ask_to_stop(self, worker_id: str) -> WorkerInfo:
        """Have the worker *worker_id* finish or hand back what it runs, and end; return it as it was.

        It reads that with its next heartbeat.

        Raises:
            WorkerNotFound: no worker that lives is called so.
        """
        found = next((worker for worker in self.alive() if worker.id == worker_id), None)
        if found is None:
            raise WorkerNotFound
        self._redis.set(self._stop_key(worker_id), 1, ex=STOP_KEPT_S)
        return found

    def forget(self, worker_id: str) -> None:
        """Take the worker *worker_id*, which has stopped, off the list."""
        self._redis.delete(self._prefix + worker_id, self._stop_key(worker_id))
        self._drop([worker_id])

    def _stop_key(self, worker_id: str) -> str:
        return f"{self._prefix}{worker_id}:stop"

    def _drop(self, gone: list[str]) -> None:
        if gone:
            self._redis.srem(self._index, *gone)

    def _server_time(self) -> datetime:
        seconds, micros = self._redis.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _read(text: bytes, left_ms: int, asked_to_stop: int) -> WorkerInfo:
    """Return the worker that *text* tells of, whose entry has *left_ms* to live.

    A worker of another version may tell less, or more: that is left out.
    """
    told: dict[str, Any] = _known(WorkerInfo, orjson.loads(text))
    told["running"] = tuple(RunningTask(**_known(RunningTask, task)) for task in told["running"])
    for name in ("started_at", "server_time"):
        told[name] = datetime.fromisoformat(told[name]) if told[name] else None
    told["age_s"] = round(ALIVE_S - max(left_ms, 0) / 1000, 3)
    return WorkerInfo(**told | {"is_stopping": bool(asked_to_stop)})


def _known(record: type, told: dict[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(record)}
    return {name: value for name, value in told.items() if name in names}

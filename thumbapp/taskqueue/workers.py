"""Which workers are alive: a heartbeat each in Redis that vanishes by itself.

Ages are measured by the server's clock alone (what is left of an entry's time to live), so a
worker or a reader with a wrong clock misleads nobody. Knows nothing of Huey.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import redis

ALIVE_S = 15
LATE_S = 6
BEAT_EVERY_S = 3.0


@dataclass(frozen=True, slots=True)
class RunningTask:
    """One task that a worker thread has in hand, since when (seconds before the heartbeat)."""

    id: str
    name: str
    running_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One worker process as its last heartbeat told; ``age_s`` is how long ago that was.

    ``server_time`` is the server's clock when the heartbeat was made, ``clock_skew_s`` how far the
    worker's own clock was ahead of it.
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

    def beat(self, worker: WorkerInfo) -> None:
        """Say that *worker* is alive now; without another beat it is gone after `ALIVE_S`."""
        now = self._server_time()
        skew = (datetime.now(UTC) - now).total_seconds()
        told = asdict(replace(worker, server_time=now, clock_skew_s=round(skew, 3)))
        with self._redis.pipeline() as pipe:
            pipe.set(self._prefix + worker.id, orjson.dumps(told), px=ALIVE_S * 1000)
            pipe.sadd(self._index, worker.id)
            pipe.execute()

    def alive(self) -> list[WorkerInfo]:
        """Return the workers whose heartbeat is younger than `ALIVE_S`, by host and process."""
        ids = sorted(_text(member) for member in self._redis.smembers(self._index))
        with self._redis.pipeline(transaction=False) as pipe:
            for worker_id in ids:
                pipe.get(self._prefix + worker_id)
                pipe.pttl(self._prefix + worker_id)
            replies = pipe.execute()
        found = dict(zip(ids, zip(replies[::2], replies[1::2], strict=True), strict=True))
        self._drop([worker_id for worker_id, (text, _) in found.items() if text is None])
        living = [_read(text, left_ms) for text, left_ms in found.values() if text is not None]
        return sorted(living, key=lambda worker: (worker.host, worker.pid))

    def forget(self, worker_id: str) -> None:
        """Take the worker *worker_id*, which has stopped, off the list."""
        self._redis.delete(self._prefix + worker_id)
        self._drop([worker_id])

    def _drop(self, gone: list[str]) -> None:
        if gone:
            self._redis.srem(self._index, *gone)

    def _server_time(self) -> datetime:
        seconds, micros = self._redis.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _read(text: bytes, left_ms: int) -> WorkerInfo:
    """Return the worker that *text* tells of, whose entry has *left_ms* to live."""
    told: dict[str, Any] = orjson.loads(text)
    told["running"] = tuple(RunningTask(**task) for task in told["running"])
    for name in ("started_at", "server_time"):
        told[name] = datetime.fromisoformat(told[name]) if told[name] else None
    told["age_s"] = round(ALIVE_S - max(left_ms, 0) / 1000, 3)
    return WorkerInfo(**told)

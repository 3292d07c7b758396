"""The sign of life of a worker process: it is on the list of workers, and its leases are renewed."""

import logging
import os
import platform
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import redis

from thumbapp import __version__
from thumbapp.taskqueue.memory import Memory
from thumbapp.taskqueue.outage import Outage
from thumbapp.taskqueue.workers import BEAT_EVERY_S, RunningTask, WorkerInfo, WorkerRegistry

if TYPE_CHECKING:
    from thumbapp.taskqueue.queue import StreamHuey

logger = logging.getLogger("huey.consumer")

_LONGEST_PAUSE_S = 2.0


class Heartbeat:
    """A thread that renews this process's leases every few seconds and says what it runs.

    *on_stop* is called when somebody asks this worker to stop, perhaps more than once.
    Nothing else happens in it, and pictures are decoded in other processes, so nothing holds it up.
    """

    def __init__(
        self, huey: "StreamHuey", *, threads: int, outage: Outage, on_stop: Callable[[], None]
    ) -> None:
        self._huey = huey
        self._outage = outage
        self._on_stop = on_stop
        self._memory = Memory()
        self._leases = huey.storage.streams.leases
        self._registry = WorkerRegistry(huey.client, namespace=huey.namespace)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="Heartbeat", daemon=True)
        self._worker = WorkerInfo(
            id=self._leases.consumer.decode(),
            host=socket.gethostname(),
            pid=os.getpid(),
            threads=threads,
            versions=_versions(),
            started_at=datetime.now(UTC),
        )

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more and take this worker off the list."""
        self._stopped.set()
        self._thread.join(_LONGEST_PAUSE_S)
        try:
            self._registry.forget(self._worker.id)
            self._leases.tidy(leaving=True)
        except redis.RedisError as error:
            logger.debug("The heartbeat will expire by itself: %s", error)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._leases.renew()
                is_asked_to_stop = self._registry.beat(self._now())
                self._outage.end()
                if is_asked_to_stop:
                    self._on_stop()
            except redis.RedisError as error:
                self._outage.begin(error)
            self._stopped.wait(min(BEAT_EVERY_S, self._leases.renew_every_s))

    def _now(self) -> WorkerInfo:
        now = time.monotonic()
        running = (
            RunningTask(held.task.id, held.task.name, round(now - held.since, 3), held.thread)
            for held in self._huey.active_tasks()
        )
        own, children = self._memory.now()
        return replace(self._worker, running=tuple(running), memory_bytes=own, children_bytes=children)


def _versions() -> dict[str, str]:
    """Return the versions that matter when a worker behaves oddly."""
    return {
        "thumbapp": __version__,
        "python": platform.python_version(),
        "huey": version("huey"),
        "redis-py": version("redis"),
    }

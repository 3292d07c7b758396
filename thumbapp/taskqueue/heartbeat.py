"""The sign of life of a worker process: it is on the list of workers, and its leases are renewed."""

import logging
import os
import platform
import secrets
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import redis

from thumbapp.taskqueue.outage import Outage
from thumbapp.taskqueue.workers import BEAT_EVERY_S, RunningTask, WorkerInfo, WorkerRegistry

if TYPE_CHECKING:
    from thumbapp.taskqueue.queue import StreamHuey

logger = logging.getLogger("huey.consumer")

_LONGEST_PAUSE_S = 2.0


class Heartbeat:
    """A thread that renews this process's leases every few seconds and says what it runs.

    Nothing else happens in it, and pictures are decoded in other processes, so nothing holds it up.
    """

    def __init__(self, huey: "StreamHuey", *, threads: int, outage: Outage) -> None:
        self._huey = huey
        self._outage = outage
        self._leases = huey.storage.streams.leases
        self._registry = WorkerRegistry(huey.client, namespace=huey.namespace)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="Heartbeat", daemon=True)
        self._worker = WorkerInfo(
            id=secrets.token_hex(8),
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
                self._registry.beat(self._now())
                self._outage.end()
            except redis.RedisError as error:
                self._outage.begin(error)
            self._stopped.wait(min(BEAT_EVERY_S, self._leases.renew_every_s))

    def _now(self) -> WorkerInfo:
        now = time.monotonic()
        running = (
            RunningTask(held.task.id, held.task.name, round(now - held.since, 3))
            for held in self._huey.in_hand()
        )
        return replace(self._worker, running=tuple(running))


def _versions() -> dict[str, str]:
    """Return the versions that matter when a worker behaves oddly."""
    return {"python": platform.python_version(), "huey": version("huey"), "redis-py": version("redis")}

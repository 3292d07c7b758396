"""The worker process: Huey's consumer that stops gracefully, beats, and sits out an outage of Redis.

Both SIGINT and SIGTERM let running tasks finish within the grace time and put the others back in
the queue; a second signal does so at once. Windows has neither SIGHUP nor interruptible waits: the
main thread only ever sleeps in short slices.
"""

import logging
import os
import platform
import secrets
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import redis
from huey.constants import WORKER_THREAD
from huey.consumer import Consumer, ConsumerStopped, Scheduler, Worker, WorkerRecycle

from thumbapp.errors import CannotStart
from thumbapp.taskqueue.workers import BEAT_EVERY_S, RunningTask, WorkerInfo, WorkerRegistry

if TYPE_CHECKING:
    from thumbapp.taskqueue.queue import ThumbHuey

logger = logging.getLogger("huey.consumer")

GRACE_S = 4.0
_SLICE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_QUIET_S = 30.0
_PERIODIC_SLOT_S = 150


class Outage:
    """Whether Redis is away, said once by whichever thread notices, and once when it is back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said_at = -_QUIET_S

    @property
    def is_on(self) -> bool:
        """Whether the last word from Redis was a failure."""
        return self._since is not None

    def begin(self, error: redis.RedisError) -> None:
        """Note that Redis failed with *error*."""
        with self._lock:
            now = time.monotonic()
            if self._since is None and now - self._said_at >= _QUIET_S:
                logger.warning("Redis is away (%s); trying again until it is back.", error)
                self._said_at = now
            self._since = self._since or now

    def end(self) -> None:
        """Note that Redis answers."""
        if not self.is_on:
            return
        with self._lock:
            since, self._since = self._since, None
            if since is not None and self._said_at >= since:
                logger.warning("Redis is back after %.1f s.", time.monotonic() - since)


class ThumbWorker(Worker):  # type: ignore[misc]  # huey ships no types
    """A worker thread: takes a task, runs it, and waits with growing pauses while Redis is away."""

    outage: Outage

    def loop(self, now: datetime | None = None) -> None:
        """Take and run one task, if one comes within the storage's blocking time."""
        try:
            task = self.huey.dequeue()
            self.outage.end()
            if task is not None:
                self.delay = self.default_delay
                self._run(task, now)
        except redis.RedisError as error:
            self.outage.begin(error)
            self.delay = min(self.delay, _LONGEST_PAUSE_S)
            self.sleep()

    def _run(self, task: Any, now: datetime | None) -> None:
        self.task_count += 1
        try:
            self.huey.execute(task, now)
        except redis.RedisError:
            raise
        except Exception:
            logger.exception("Task %s could not be carried through.", task.id)
        if self.max_tasks and self.task_count >= self.max_tasks:
            raise WorkerRecycle


class ThumbScheduler(Scheduler):  # type: ignore[misc]  # huey ships no types
    """Moves due tasks to the queue, and periodic ones once a minute whatever number of consumers run.

    The minute is the server's, so a wrong clock on one machine fires nothing early or twice.
    """

    outage: Outage
    _minute: datetime | None = None

    def loop(self, now: datetime | None = None) -> None:
        """Look once for what is due, then sleep until the next interval."""
        start = time.monotonic()
        try:
            for task in self.huey.read_schedule(now):
                self.huey.enqueue(task)
            if self.periodic:
                self.enqueue_periodic_tasks(now)
            self.outage.end()
        except redis.RedisError as error:
            self.outage.begin(error)
        except Exception:
            logger.exception("The schedule could not be read.")
        self.sleep_for_interval(start, self.interval)

    def enqueue_periodic_tasks(self, now: datetime | None = None) -> None:
        """Enqueue the periodic tasks of this minute that no other consumer has enqueued."""
        minute = (now or self.huey.storage.server_time()).replace(second=0, microsecond=0, tzinfo=None)
        if minute == self._minute:
            return
        self._minute = minute
        for task in self.huey.read_periodic(minute):
            if self.huey.storage.claim_slot(task.name, f"{minute:%Y%m%d%H%M}", ttl_s=_PERIODIC_SLOT_S):
                self.huey.enqueue(task)


class Heartbeat:
    """A thread that says every few seconds that this process lives and what it runs."""

    def __init__(self, huey: "ThumbHuey", *, threads: int, outage: Outage) -> None:
        self._huey = huey
        self._outage = outage
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
        except redis.RedisError as error:
            logger.debug("The heartbeat will expire by itself: %s", error)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._registry.beat(self._now())
                self._outage.end()
            except redis.RedisError as error:
                self._outage.begin(error)
            self._stopped.wait(BEAT_EVERY_S)

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


class ThumbConsumer(Consumer):  # type: ignore[misc]  # huey ships no types
    """Huey's consumer with thread workers; see the module for how it stops."""

    worker_class = ThumbWorker
    scheduler_class = ThumbScheduler
    shutdown_timeout: float
    _signum: int | None
    _restart: bool

    def __init__(self, huey: "ThumbHuey", **options: Any) -> None:
        if options.get("worker_type", WORKER_THREAD) != WORKER_THREAD:
            raise CannotStart(f"Only thread workers are supported (-k thread), not {options['worker_type']}.")
        self.outage = Outage()
        self._is_hurried = False
        if options.get("shutdown_timeout") is None:
            options["shutdown_timeout"] = GRACE_S
        super().__init__(huey, **options)
        stops = ("SIGINT", "SIGTERM", "SIGBREAK")
        self._signal_actions = {
            getattr(signal, name): (False, True) for name in stops if hasattr(signal, name)
        }
        if hasattr(signal, "SIGHUP"):
            self._signal_actions[signal.SIGHUP] = (True, True)
        self._heartbeat = Heartbeat(huey, threads=self.workers, outage=self.outage)

    def run(self) -> None:
        """Work until told to stop; returns once everything is finished or handed back."""
        self._set_signal_handlers()
        for hook in self.huey.on_consumer_start:
            hook()
        self._heartbeat.start()
        try:
            self.start()
            self._wait_until_stopped()
        finally:
            self._wind_down()
        if self._restart:
            os.execl(sys.executable, sys.executable, *sys.argv)  # noqa: S606  # our own command line again

    def stop(self, graceful: bool = False) -> None:
        """Let no thread take another task; with *graceful*, give the running ones their time."""
        self.stop_flag.set()
        if graceful and (running := len(self.huey.in_hand())):
            logger.info("Stopping; %d running task(s) get %g s to finish.", running, self.shutdown_timeout)
        if graceful:
            self._join_workers()

    def _wait_until_stopped(self) -> None:
        checked_at = time.monotonic()
        while True:
            try:
                checked_at = self.loop(checked_at)
            except ConsumerStopped:
                return

    def _wind_down(self) -> None:
        """Hand back what still runs, call the hooks, and take this worker off the list."""
        self._hand_back()
        self.huey.notify_interrupted_tasks()
        for hook in self.huey.on_consumer_stop:
            try:
                hook()
            except Exception:
                logger.exception("A hook failed at the stop.")
        self._heartbeat.stop()
        logger.info("Consumer exiting.")

    def _hand_back(self) -> None:
        held = [entry.task for entry in self.huey.in_hand()]
        try:
            held = self.huey.hand_back()
        except redis.RedisError as error:
            logger.error("Redis is away (%s); not handed back: %s", error, [task.id for task in held])
            return
        for task in held:
            logger.warning("Task %s (%s) was put back in the queue.", task.id, task.name)

    def _join_workers(self) -> bool:
        deadline = time.monotonic() + self.shutdown_timeout
        threads = [thread for _, thread in self.worker_threads] + [self.scheduler]
        while any(thread.is_alive() for thread in threads):
            if self._is_hurried or time.monotonic() >= deadline:
                return False
            time.sleep(_SLICE_S)
        return True

    def _create_worker(self) -> ThumbWorker:
        worker: ThumbWorker = super()._create_worker()
        worker.outage = self.outage
        return worker

    def _create_scheduler(self) -> ThumbScheduler:
        scheduler: ThumbScheduler = super()._create_scheduler()
        scheduler.outage = self.outage
        return scheduler

    def _handle_signal(self, signum: int, frame: object) -> None:
        """Note the first signal; a second one hurries the stop."""
        if self._signum is not None:
            self._is_hurried = True
            return
        self._signum = signum
        self._restart, self._graceful = self._signal_actions[signum]

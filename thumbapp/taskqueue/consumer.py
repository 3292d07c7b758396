"""The worker process: Huey's consumer that stops gracefully, beats, and sits out an outage of Redis.

Both SIGINT and SIGTERM let running tasks finish within the grace time and put the others back in
the queue; a second signal does so at once. Windows has neither SIGHUP nor interruptible waits: the
main thread only ever sleeps in short slices.
"""

import logging
import os
import signal
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import redis
from huey.constants import WORKER_THREAD
from huey.consumer import Consumer, ConsumerStopped, Scheduler, Worker, WorkerRecycle

from thumbapp.errors import CannotStart
from thumbapp.schedules.ticker import Ticker
from thumbapp.taskqueue import output
from thumbapp.taskqueue.heartbeat import Heartbeat
from thumbapp.taskqueue.outage import Outage
from thumbapp.taskqueue.samples import Sampler
from thumbapp.taskqueue.scheduling import HueyTaskQueue

if TYPE_CHECKING:
    from thumbapp.taskqueue.queue import StreamHuey

logger = logging.getLogger("huey.consumer")

GRACE_S = 4.0
_SLICE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_TIDY_EVERY_S = 600.0


class StreamWorker(Worker):  # type: ignore[misc]  # huey ships no types
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
            self._pause()
        except WorkerRecycle:
            raise
        except Exception:
            logger.exception("A message could not be dealt with; trying again.")
            self._pause()

    def shutdown(self) -> None:
        """Write what this thread has finished, then do as Huey does."""
        streams = self.huey.storage.streams
        try:
            streams.settle()
        except redis.RedisError as error:
            self.outage.begin(error)
        super().shutdown()
        streams.leave_thread()

    def _pause(self) -> None:
        self.delay = min(self.delay, _LONGEST_PAUSE_S)
        self.sleep()

    def _run(self, task: Any, now: datetime | None) -> None:
        if self.stop_flag.is_set():
            self.huey.put_back()
            return
        self.task_count += 1
        self.huey.run(task, now)
        if self.max_tasks and self.task_count >= self.max_tasks:
            raise WorkerRecycle


class StreamScheduler(Scheduler):  # type: ignore[misc]  # huey ships no types
    """Moves due tasks to the queue; the periodic ones are schedules, see `thumbapp.schedules.ticker`.

    The time is the server's, so a wrong clock on one machine fires nothing early.
    """

    outage: Outage
    sampler: Sampler
    _tidy_at: float = 0.0

    def loop(self, now: datetime | None = None) -> None:
        """Look once for what is due, then sleep until the next interval."""
        start = time.monotonic()
        try:
            self._look()
            self.outage.end()
        except redis.RedisError as error:
            self.outage.begin(error)
        except Exception:
            logger.exception("The schedule could not be read.")
        self.sleep_for_interval(start, self.interval)

    def _look(self) -> None:
        self.huey.set_clock()
        self.huey.move_due()
        self.sampler.look()
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY_EVERY_S
            self.huey.storage.streams.leases.tidy()
            self.huey.forget_old()


class StreamConsumer(Consumer):  # type: ignore[misc]  # huey ships no types
    """Huey's consumer with thread workers; see the module for how it stops."""

    worker_class = StreamWorker
    scheduler_class = StreamScheduler
    shutdown_timeout: float
    _signum: int | None
    _restart: bool
    _graceful: bool

    def __init__(self, huey: "StreamHuey", **options: Any) -> None:
        if options.get("worker_type", WORKER_THREAD) != WORKER_THREAD:
            raise CannotStart(f"Only thread workers are supported (-k thread), not {options['worker_type']}.")
        self.outage = Outage(on_end=huey.storage.streams.leases.hold_off)
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
        self._heartbeat = Heartbeat(
            huey, threads=self.workers, outage=self.outage, on_stop=self.stop_when_asked
        )
        self._ticker = Ticker(huey.client, namespace=huey.namespace, queue=HueyTaskQueue(huey))
        huey.on_empty.append(self._ticker.begin_anew)

    def run(self) -> None:
        """Work until told to stop; returns once everything is finished or handed back."""
        self._set_signal_handlers()
        for hook in self.huey.on_consumer_start:
            hook()
        self._heartbeat.start()
        if self.periodic:
            self._ticker.start()
        try:
            with output.captured():
                self.start()
                self._wait_until_stopped()
        finally:
            self._wind_down()
        if self._restart:
            os.execl(sys.executable, sys.executable, *sys.argv)  # noqa: S606  # our own command line again

    def stop(self, graceful: bool = False) -> None:
        """Let no thread take another task; with *graceful*, give the running ones their time."""
        self.stop_flag.set()
        if graceful and (running := len(self.huey.active_tasks())):
            logger.info("Stopping; %d running task(s) get %g s to finish.", running, self.shutdown_timeout)
        if graceful:
            self._join_workers()

    def stop_when_asked(self) -> None:
        """Stop as after SIGTERM, because somebody asked for it over Redis; asking twice hurries nothing."""
        if self._signum is None:
            logger.info("Asked to stop over Redis.")
            self._restart, self._graceful = self._signal_actions[signal.SIGTERM]
            self._signum = signal.SIGTERM

    def _wait_until_stopped(self) -> None:
        checked_at = time.monotonic()
        while True:
            try:
                checked_at = self.loop(checked_at)
            except ConsumerStopped:
                return

    def _wind_down(self) -> None:
        """Hand back what still runs, call the hooks, and take this worker off the list."""
        self._ticker.stop()
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
        held = [entry.task for entry in self.huey.active_tasks()]
        try:
            held = self.huey.hand_back()
        except redis.RedisError as error:
            if held:
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

    def _create_worker(self) -> StreamWorker:
        worker: StreamWorker = super()._create_worker()
        worker.outage = self.outage
        return worker

    def _create_scheduler(self) -> StreamScheduler:
        scheduler: StreamScheduler = super()._create_scheduler()
        scheduler.outage = self.outage
        scheduler.sampler = Sampler(self.huey.client, namespace=self.huey.namespace)
        return scheduler

    def _handle_signal(self, signum: int, frame: object) -> None:
        """Note the first signal; a second one hurries the stop."""
        if self._signum is not None:
            self._is_hurried = True
            return
        self._signum = signum
        self._restart, self._graceful = self._signal_actions[signum]

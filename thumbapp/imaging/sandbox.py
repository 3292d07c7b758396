"""Rendering in processes of its own, so that a hostile picture takes down its own job and no more.

Children are started when there is work, kept for the next job, recycled, and ended when idle. Knows
nothing of queues: a caller's thread asks, waits and gets its renditions or one error.
"""

import contextlib
import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from pebble import ProcessExpired, ProcessPool

from thumbapp.errors import (
    RenderCancelled,
    RenderCrashed,
    RenderStopped,
    RenderTimeout,
)
from thumbapp.imaging import child as inside
from thumbapp.imaging.budget import Budget
from thumbapp.imaging.demand import plan
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition

POLL_S = 0.05
IDLE_S = 30.0
JOBS_PER_CHILD = 500
START_S = 60.0

OnRendition = Callable[[Rendition], None]
Work = Callable[[inside.Order], list[Rendition] | inside.Failure]


class _Gone(Exception):
    """The child had ended before the job reached it."""


class _Child:
    """One process with the pipe its renditions come through."""

    def __init__(self, limits: Limits) -> None:
        context = multiprocessing.get_context("spawn")
        self.reports, self._writer = context.Pipe(duplex=False)
        self.jobs = 0
        self.idle_since = 0.0
        self.is_spoilt = False
        self._pool = ProcessPool(
            max_workers=1,
            context=context,
            initializer=_begin,
            initargs=(self._writer, os.getpid(), limits.max_decode_bytes),
        )
        # reading the state is what starts the pool, in the thread that must outlive the child
        self.is_spoilt = not self._pool.active

    def run(self, function: Callable[..., object], *args: object) -> "Future[object]":
        """Start *function* in the child; its end is reported as None through the pipe."""
        try:
            future: Future[object] = self._pool.schedule(function, args=args)
        except RuntimeError as error:
            raise _Gone from error
        future.add_done_callback(self._say_done)
        return future

    def _say_done(self, future: "Future[object]") -> None:
        with contextlib.suppress(OSError):
            self._writer.send(None)

    def end(self) -> None:
        """End the process, whatever it does, and free what belongs to it."""
        self._pool.stop()  # type: ignore[no-untyped-call] # Pebble leaves it bare
        self._pool.join()
        self.reports.close()
        self._writer.close()


class _Clock:
    """When a job's time is up: it runs from the moment the child takes the job."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._end = time.monotonic() + START_S + limit_s

    def start(self) -> None:
        """Begin to count."""
        self._end = time.monotonic() + self._limit_s

    def check(self) -> None:
        """Do nothing until the time is up.

        Raises:
            RenderTimeout: it is.
        """
        if time.monotonic() > self._end:
            raise RenderTimeout(self._limit_s)


def _begin(reports: Connection, parent_pid: int, max_decode_bytes: int) -> None:
    inside.begin(reports, parent_pid=parent_pid, max_decode_bytes=max_decode_bytes)


class Sandbox:
    """Up to *workers* children that render, each job within *timeout_s* and the limits.

    Threads may call `render` at the same time; together they decode no more than
    `Limits.max_decode_bytes`. A child that has been idle for *idle_s* or has done *jobs_per_child* ends;
    *work* is what a child does with an order.
    """

    def __init__(
        self,
        *,
        workers: int,
        timeout_s: float,
        limits: Limits,
        idle_s: float = IDLE_S,
        jobs_per_child: int = JOBS_PER_CHILD,
        work: Work = inside.work,
    ) -> None:
        self._workers = workers
        self._timeout_s = timeout_s
        self._limits = limits
        self._idle_s = idle_s
        self._jobs_per_child = jobs_per_child
        self._work = work
        self._budget = Budget(limits.max_decode_bytes)
        self._slots = threading.Semaphore(workers)
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Get ready; children start with the first job. Call it in the main thread."""
        with self._lock:
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="sandbox", daemon=True)
                self._keeper.start()

    def warm(self) -> None:
        """Have one child started and its imports done when this returns."""
        child = self._take(self._check_stopping)
        try:
            self._follow(child, inside.ready, on_report=_ignore, check=self._check_stopping)
        finally:
            self._give_back(child)

    def render(
        self,
        source: Path,
        recipe: Recipe,
        *,
        folder: Path,
        on_rendition: OnRendition = lambda rendition: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Rendition]:
        """Return the thumbnails of *source*, made by a child; each is reported when it is written.

        Raises:
            UploadRefused: one of its family, for a file that cannot be read or would cost too much.
            RenderTimeout, RenderOutOfMemory, RenderCrashed: the child did not come to an end.
            RenderCancelled: *is_cancelled* said so, at the latest 0.1 s ago.
            RenderStopped: `stop` was called.
        """
        self.start()

        def check() -> None:
            self._check_stopping()
            if is_cancelled():
                raise RenderCancelled

        check()
        found = probe(source, limits=self._limits)
        demand = plan(found, recipe, limits=self._limits)
        order = inside.Order(source.absolute(), recipe, folder.absolute(), self._limits)
        with self._budget.reserve(demand.memory_bytes, check=check):
            return self._attempt(order, on_rendition=on_rendition, check=check)

    def stop(self) -> None:
        """End all children; renders in progress raise `RenderStopped` in their threads."""
        self._stopping.set()
        with self._lock:
            keeper = self._keeper
        if keeper is not None and keeper.is_alive():
            self._orders.put(None)
            keeper.join()

    def _attempt(
        self, order: inside.Order, *, on_rendition: OnRendition, check: Callable[[], None]
    ) -> list[Rendition]:
        # every idle child may have ended unseen; one more is new
        for _ in range(self._workers + 1):
            child = self._take(check)
            try:
                return self._run(child, order, on_rendition=on_rendition, check=check)
            except _Gone:
                continue
            finally:
                self._give_back(child)
        raise RenderCrashed(None)

    def _run(
        self, child: _Child, order: inside.Order, *, on_rendition: OnRendition, check: Callable[[], None]
    ) -> list[Rendition]:
        clock = _Clock(self._timeout_s)

        def check_all() -> None:
            check()
            clock.check()

        def on_report(report: Rendition | inside.Started) -> None:
            if isinstance(report, inside.Started):
                clock.start()
            else:
                on_rendition(report)

        outcome = self._follow(
            child, inside.carry_out, self._work, order, on_report=on_report, check=check_all
        )
        if isinstance(outcome, inside.Failure):
            raise outcome.error()
        return cast("list[Rendition]", outcome)

    def _follow(
        self,
        child: _Child,
        function: Callable[..., object],
        *args: object,
        on_report: Callable[[Any], None],
        check: Callable[[], None],
    ) -> object:
        """Have *function* run in the child and pass on what it reports; return its answer."""
        child.is_spoilt = True
        future = child.run(function, *args)
        while True:
            check()
            if child.reports.poll(POLL_S):
                report = child.reports.recv()
                if report is None:
                    break
                on_report(report)
        answer = _answer(future)
        child.is_spoilt = False
        return answer

    def _check_stopping(self) -> None:
        if self._stopping.is_set():
            raise RenderStopped

    def _take(self, check: Callable[[], None]) -> _Child:
        """Return a child that is this thread's alone, an idle one or a new one."""
        while not self._slots.acquire(timeout=POLL_S):
            check()
        try:
            with self._lock:
                if self._idle:
                    return self._idle.pop()
            return self._make(check)
        except BaseException:
            self._slots.release()
            raise

    def _make(self, check: Callable[[], None]) -> _Child:
        answer: Future[_Child] = Future()
        self._orders.put(lambda: self._start_child(answer))
        while True:
            with contextlib.suppress(TimeoutError):
                return answer.result(POLL_S)
            try:
                check()
            except BaseException:
                answer.add_done_callback(self._keep_unused)
                raise

    def _start_child(self, answer: "Future[_Child]") -> None:
        try:
            child = _Child(self._limits)
        except (OSError, RuntimeError, BrokenProcessPool) as error:
            answer.set_exception(error)
        else:
            self._children.add(child)
            answer.set_result(child)

    def _keep_unused(self, answer: "Future[_Child]") -> None:
        if answer.exception() is None:
            with self._lock:
                self._idle.append(answer.result())

    def _end_child(self, child: _Child) -> None:
        self._children.discard(child)
        child.end()

    def _give_back(self, child: _Child) -> None:
        child.jobs += 1
        child.idle_since = time.monotonic()
        with self._lock:
            if child.is_spoilt or child.jobs >= self._jobs_per_child:
                self._orders.put(lambda: self._end_child(child))
            else:
                self._idle.append(child)
                self._orders.put(_ignore)
        self._slots.release()

    def _keep(self) -> None:
        """Start and end children, in one thread: on Linux a child ends with the thread that started it."""
        while True:
            try:
                order = self._orders.get(timeout=self._idle_s / 4 if self._idle else None)
            except queue.Empty:
                self._end_idle(self._idle_s)
                continue
            if order is None:
                for child in tuple(self._children):
                    self._end_child(child)
                return
            order()

    def _end_idle(self, idle_s: float) -> None:
        limit = time.monotonic() - idle_s
        with self._lock:
            over = [child for child in self._idle if child.idle_since <= limit]
            self._idle = [child for child in self._idle if child.idle_since > limit]
        for child in over:
            self._end_child(child)


def _ignore(report: object = None) -> None:
    """Take notice of nothing."""


def _answer(future: "Future[object]") -> object:
    """Return what the child answered.

    Raises:
        _Gone: it had ended before it took the job.
        RenderCrashed: it ended while it worked.
    """
    try:
        return future.result()
    except ProcessExpired as error:
        raise RenderCrashed(error.exitcode) from error
    except (BrokenProcessPool, CancelledError) as error:
        raise _Gone from error

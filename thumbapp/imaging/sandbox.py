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
from concurrent.futures import Future
from pathlib import Path

from thumbapp.errors import (
    RenderCancelled,
    RenderCrashed,
    RenderStopped,
    RenderTimeout,
)
from thumbapp.imaging import child as child_process
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.memory_budget import MemoryBudget, Reservation
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition

POLL_S = 0.05
IDLE_S = 30.0
JOBS_PER_CHILD = 500
START_S = 60.0
_END_S = 5.0

OnRendition = Callable[[Rendition], None]


class _Gone(Exception):
    """The child had ended before it began with the job, or ended in a job that may not be to blame."""


class _Child:
    """One process and the pipe to it; used by one thread at a time, ended by any."""

    def __init__(self, limits: Limits) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.jobs = 0
        self.is_ready = False
        self.idle_since = 0.0
        self.is_spoilt = False
        self._process = context.Process(
            target=child_process.serve,
            args=(theirs,),
            kwargs={"parent_pid": os.getpid(), "limits": limits},
            name="thumbapp-sandbox",
            daemon=True,
        )
        self._process.start()
        # the child's end must be open in the child alone, else its death would go unseen
        theirs.close()

    def say(self, words: object) -> None:
        """Send *words* to the child.

        Raises:
            OSError: it has ended.
        """
        self._pipe.send(words)

    def hear(self) -> object:
        """Return what the child says next, None when it says nothing for `POLL_S`.

        Raises:
            EOFError, OSError: it has ended.
        """
        if self._pipe.poll(POLL_S):
            return self._pipe.recv()
        # on Windows the pipe of a child that ended before it took its end of it stays open
        if not self._process.is_alive() and not self._pipe.poll():
            raise EOFError
        return None

    def exit_code(self) -> int | None:
        """Return what a process that is ending ends with, as `multiprocessing` has it."""
        self._process.join(_END_S)
        return self._process.exitcode

    def kill(self) -> None:
        """End the process, whatever it does, be it stopped by a signal; returns when it is gone."""
        self._process.kill()
        self._process.join(_END_S)

    def end(self) -> None:
        """End the process and free what belongs to it; for the thread that uses it."""
        self.kill()
        self._pipe.close()


class _Clock:
    """When a job's time is up; while a child starts or waits for memory it stands at the beginning."""

    def __init__(self, limit_s: float, *, start_s: float) -> None:
        self._limit_s = limit_s
        self._end = time.monotonic() + start_s + limit_s

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


class _Run:
    """One order in one child: what it says, and when that must be over."""

    def __init__(
        self,
        child: _Child,
        *,
        limit_s: float,
        reservation: Reservation,
        on_rendition: OnRendition,
        check: Callable[[], None],
    ) -> None:
        self._child = child
        self._clock = _Clock(limit_s, start_s=0 if child.is_ready else START_S)
        self._reservation = reservation
        self._on_rendition = on_rendition
        self._check = check
        self._may_blame_order = not child.jobs

    def result(self, work: child_process.Work, order: child_process.RenderOrder) -> list[Rendition]:
        """Return what *work* makes of the order; the child is spoilt unless it comes to an end."""
        self._child.is_spoilt = True
        self._say((work, order))
        while not isinstance(said := self._hear(), child_process.RenderResult | child_process.Failure):
            self._heed(said)
        self._child.is_spoilt = False
        if isinstance(said, child_process.Failure):
            raise said.error()
        return said.renditions

    def _heed(self, said: object) -> None:
        match said:
            case Rendition():
                self._may_blame_order = True
                self._on_rendition(said)
            case child_process.MemoryRequest(wanted_bytes):
                self._reservation.change(wanted_bytes)
                self._say(child_process.GO_ON)
                self._clock.start()
            case child_process.Ready():
                self._child.is_ready = True
                self._clock.start()

    def _say(self, words: object) -> None:
        try:
            self._child.say(words)
        except OSError as error:
            raise self._end() from error

    def _hear(self) -> object:
        """Return the next thing the child says."""
        while True:
            self._check()
            self._clock.check()
            try:
                said = self._child.hear()
            except (EOFError, OSError) as error:
                raise self._end() from error
            if said is not None:
                return said

    def _end(self) -> Exception:
        """Return what it means that the child has ended."""
        self._check()
        if self._child.is_ready and self._may_blame_order:
            return RenderCrashed(self._child.exit_code())
        return _Gone()


class Sandbox:
    """Up to *workers* children that render, each job within the limits.

    A job has `Limits.max_seconds` from the moment a child takes it. Threads may call `render` at the same
    time; together they decode no more than `Limits.max_decode_bytes`. A child that has been idle for
    *idle_s* or has done *jobs_per_child* ends; *work* is what a child does with an order.
    """

    def __init__(
        self,
        *,
        workers: int,
        limits: Limits,
        idle_s: float = IDLE_S,
        jobs_per_child: int = JOBS_PER_CHILD,
        work: child_process.Work = child_process.render_order,
    ) -> None:
        self._workers = workers
        self._limits = limits
        self._idle_s = idle_s
        self._jobs_per_child = jobs_per_child
        self._work = work
        self._budget = MemoryBudget(limits.max_decode_bytes)
        # what most pictures need; the others ask
        self._granted_bytes = limits.max_decode_bytes // (2 * workers)
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
                # children get a copy of it; changing it later, beside other threads, is not safe
                os.environ.update(child_process.environment(os.environ))
                self._keeper = threading.Thread(target=self._keep, name="sandbox", daemon=True)
                self._keeper.start()

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
        order = child_process.RenderOrder(
            str(source.absolute()), recipe, str(folder.absolute()), granted_bytes=self._granted_bytes
        )
        # again, by a new child, when an old one ended without a word
        for is_new in (False, True):
            child = self._take(check, new=is_new)
            try:
                return self._attempt(child, order, on_rendition=on_rendition, check=check)
            except _Gone:
                continue
            finally:
                self._give_back(child)
        raise RenderCrashed(None)

    def stop(self) -> None:
        """End all children at once; renders in progress raise `RenderStopped` in their threads."""
        self._stopping.set()
        with self._lock:
            keeper = self._keeper
        if keeper is not None and keeper.is_alive():
            self._orders.put(None)
            keeper.join()

    def _attempt(
        self,
        child: _Child,
        order: child_process.RenderOrder,
        *,
        on_rendition: OnRendition,
        check: Callable[[], None],
    ) -> list[Rendition]:
        # memory after the child: who waits for memory waits for nobody that waits for a child
        with self._budget.reserve(order.granted_bytes, check=check) as reservation:
            run = _Run(
                child,
                limit_s=self._limits.max_seconds,
                reservation=reservation,
                on_rendition=on_rendition,
                check=check,
            )
            return run.result(self._work, order)

    def _check_stopping(self) -> None:
        if self._stopping.is_set():
            raise RenderStopped

    def _take(self, check: Callable[[], None], *, new: bool) -> _Child:
        """Return a child that is this thread's alone, a *new* one or one that is idle."""
        while not self._slots.acquire(timeout=POLL_S):
            check()
        try:
            with self._lock:
                idle = self._idle.pop() if self._idle else None
            if idle and not new:
                return idle
            if idle:
                self._end(idle)
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
            self._check_stopping()
            child = _Child(self._limits)
        except (OSError, RenderStopped) as error:
            answer.set_exception(error)
        else:
            self._children.add(child)
            answer.set_result(child)

    def _keep_unused(self, answer: "Future[_Child]") -> None:
        if answer.exception() is None:
            with self._lock:
                self._idle.append(answer.result())

    def _give_back(self, child: _Child) -> None:
        child.jobs += 1
        child.idle_since = time.monotonic()
        if child.is_spoilt or child.jobs >= self._jobs_per_child or self._stopping.is_set():
            self._end(child)
        else:
            with self._lock:
                self._idle.append(child)
        self._slots.release()

    def _end(self, child: _Child) -> None:
        child.end()
        self._children.discard(child)

    def _keep(self) -> None:
        """Start children, and end idle ones; the last to go.

        In one thread of its own, because on Linux a child ends with the thread that has started it.
        """
        while True:
            try:
                order = self._orders.get(timeout=self._idle_s / 4 if self._children else None)
            except queue.Empty:
                self._end_idle(self._idle_s)
                continue
            if order is None:
                break
            order()
        for child in tuple(self._children):
            child.kill()
        self._end_idle(0)

    def _end_idle(self, idle_s: float) -> None:
        limit = time.monotonic() - idle_s
        with self._lock:
            over = [child for child in self._idle if child.idle_since <= limit]
            self._idle = [child for child in self._idle if child.idle_since > limit]
        for child in over:
            self._end(child)

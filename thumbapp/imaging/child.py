"""What runs inside a sandbox child: its own limits, and one call at a time.

Errors travel as plain values, because an exception that builds its own sentence does not unpickle.
"""

import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from thumbapp.errors import RenderOutOfMemory, ThumbAppError
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition, render
from thumbapp.imaging.render_plan import RenderPlan

_PR_SET_PDEATHSIG = 1
_TUNABLES, _HUGE_PAGES = "GLIBC_TUNABLES", "glibc.malloc.hugetlb"
_HEADROOM_BYTES = 256 * 2**20
_GRACE_S = 1.0
_LONGEST_S = 24 * 3600.0


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return what a child's environment has besides, or instead of, what is *inherited*.

    Large pictures then lie in huge pages, which are cleared and mapped in a few steps, not in thousands.
    glibc reads that when a process starts; others ignore it.
    """
    said = inherited.get(_TUNABLES, "")
    if _HUGE_PAGES in said:
        return {}
    return {_TUNABLES: ":".join(filter(None, (said, f"{_HUGE_PAGES}=1")))}


@dataclass(frozen=True, slots=True)
class Ready:
    """What a child says once, when it can take orders."""


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """What a child says when a picture takes more memory than it was granted; it waits for `GO_ON`."""

    memory_bytes: int


GO_ON = "go on"


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What an order made."""

    renditions: list[Rendition]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on its way to the parent: one of ours by its sentence, one of the system as it is."""

    kind: type[Exception]
    arguments: tuple[object, ...]

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """Return *error* as it travels; what is neither of us nor of the system becomes its traceback."""
        if isinstance(error, ThumbAppError):
            return cls(type(error), (str(error),))
        if isinstance(error, OSError) and error.errno is not None:
            return cls(OSError, (error.errno, error.strerror))
        return cls(RuntimeError, ("".join(traceback.format_exception(error)),))

    def error(self) -> Exception:
        """Return the error as it was raised."""
        if issubclass(self.kind, ThumbAppError):
            return self.kind.__new__(self.kind, *self.arguments)
        return self.kind(*self.arguments)


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """One job, as it travels to a child; it may use *granted_bytes* without asking."""

    source: str
    recipe: Recipe
    folder: str
    granted_bytes: int


class ParentPipe:
    """The child's end of the pipe to its parent, while it works on one order."""

    def __init__(self, pipe: Connection, granted_bytes: int) -> None:
        self._pipe = pipe
        self._granted_bytes = granted_bytes

    def report(self, rendition: Rendition) -> None:
        """Say that *rendition* is written."""
        self._pipe.send(rendition)

    def await_memory(self, plan: RenderPlan) -> None:
        """Return when the memory of *plan* may be used."""
        if plan.memory_bytes > self._granted_bytes:
            self._pipe.send(MemoryRequest(plan.memory_bytes))
            self._pipe.recv()


Work = Callable[[RenderOrder, Limits, ParentPipe], list[Rendition]]


def serve(pipe: Connection, *, parent_pid: int, limits: Limits) -> None:
    """Carry out the orders that come through *pipe*, each with the work to do, until it ends."""
    _begin(parent_pid, limits.max_decode_bytes)
    pipe.send(Ready())
    while True:
        try:
            work, order = pipe.recv()
        except (EOFError, OSError):
            return
        with _ended_in_time(limits.max_seconds):
            pipe.send(_outcome(work, order, limits, ParentPipe(pipe, order.granted_bytes)))


def render_order(order: RenderOrder, limits: Limits, parent: ParentPipe) -> list[Rendition]:
    """Return what the order makes; each rendition is reported as soon as it is written."""
    return render(
        Path(order.source),
        order.recipe,
        folder=Path(order.folder),
        limits=limits,
        on_plan=parent.await_memory,
        on_rendition=parent.report,
    )


def _outcome(work: Work, order: RenderOrder, limits: Limits, parent: ParentPipe) -> RenderResult | Failure:
    try:
        return RenderResult(work(order, limits, parent))
    except MemoryError:
        return Failure.of(RenderOutOfMemory(limits.max_decode_bytes))
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is who must hear of it
        return Failure.of(error)


def _begin(parent_pid: int, max_decode_bytes: int) -> None:
    """Prepare a fresh child: it ends with its parent, at once on request, and within its memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent(parent_pid)
    _limit_memory(max_decode_bytes)
    _be_silent()


def _be_silent() -> None:
    """Say nothing on stderr: what decoders write there is what a stranger's file makes them write."""
    warnings.simplefilter("ignore")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if sys.platform == "linux":

    def _end_with_parent(parent_pid: int) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(1)

    def _ended_in_time(seconds: float) -> AbstractContextManager[None]:
        """Do nothing: the kernel ends what has lost its parent, and a timer's thread would cost 0.3 ms."""
        return nullcontext()

else:

    def _end_with_parent(parent_pid: int) -> None:
        threading.Thread(target=_wait_for_parent, name="parent-watch", daemon=True).start()

    def _wait_for_parent() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    @contextmanager
    def _ended_in_time(seconds: float) -> Iterator[None]:
        """End the process when the block takes longer, even if a decoder holds the interpreter's lock.

        The parent does so first; this is for a child that has lost it.
        """
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            limit = min(seconds, _LONGEST_S) + _GRACE_S
            faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()


def _limit_memory(max_decode_bytes: int) -> None:
    """Cap the address space where the kernel says how much is in use already."""
    if sys.platform != "linux":
        return
    import resource

    used_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = used_pages * resource.getpagesize() + max_decode_bytes + _HEADROOM_BYTES
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if limit < sys.maxsize and (hard == resource.RLIM_INFINITY or limit <= hard):
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))

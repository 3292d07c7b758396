"""What runs inside a sandbox child: its own limits, and one job at a time.

Errors travel as plain values, because an exception that builds its own sentence does not unpickle.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from thumbapp.errors import RenderOutOfMemory, ThumbAppError
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition, render

_PR_SET_PDEATHSIG = 1
_HEADROOM_BYTES = 256 * 2**20
_reports: Connection


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on its way to the parent."""

    kind: type[ThumbAppError]
    message: str

    @classmethod
    def of(cls, error: ThumbAppError) -> Self:
        """Return *error* as it travels."""
        return cls(type(error), str(error))

    def error(self) -> ThumbAppError:
        """Return the error as it was raised."""
        return self.kind.__new__(self.kind, self.message)


@dataclass(frozen=True, slots=True)
class Started:
    """What a child reports when it has taken a job."""


@dataclass(frozen=True, slots=True)
class Order:
    """One job, as it travels to a child."""

    source: Path
    recipe: Recipe
    folder: Path
    limits: Limits


def begin(reports: Connection, *, parent_pid: int, max_decode_bytes: int) -> None:
    """Prepare a fresh child: it ends with its parent, at once on request, and within its memory."""
    global _reports
    _reports = reports
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent(parent_pid)
    _limit_memory(max_decode_bytes)
    # Pillow warns about odd metadata; nobody reads a child's stderr
    warnings.simplefilter("ignore")


def carry_out(work: Callable[[Order], list[Rendition] | Failure], order: Order) -> list[Rendition] | Failure:
    """Return what *work* makes of the order; first say that the job has begun."""
    _reports.send(Started())
    return work(order)


def work(order: Order) -> list[Rendition] | Failure:
    """Return what the order makes; each rendition is reported as soon as it is written."""
    try:
        return render(
            order.source,
            order.recipe,
            folder=order.folder,
            limits=order.limits,
            on_rendition=_reports.send,
        )
    except ThumbAppError as error:
        return Failure.of(error)
    except MemoryError:
        return Failure.of(RenderOutOfMemory(order.limits.max_decode_bytes))


def ready() -> None:
    """Return at once; a child that answers has imported everything."""


def _end_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(1)
    threading.Thread(target=_wait_for_parent, name="parent-watch", daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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

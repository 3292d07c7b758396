"""``thumbapp worker`` with one thing that goes wrong in it, named by environment variables.

``FAULT_POINT`` names an instant of a thumbnail job, ``FAULT_ACT`` what happens there the first time:
``kill`` (kill -9), ``freeze`` (SIGSTOP) or ``poison`` (kill -9 each time the job is ``poison.png``).
``FAULT_MUTATION=ack-first`` breaks the queue on purpose: tasks are acknowledged before they are run.
"""

import os
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

DECODING_S = 0.08
JOB = "make_thumbnails"
Claim = Callable[..., bool]


class Fault:
    """What happens at one point, once."""

    def __init__(self, act: str) -> None:
        self._act = act
        self._has_happened = False

    def happen(self) -> None:
        """Do it, unless it was done."""
        if not self._has_happened:
            self._has_happened = True
            os.kill(os.getpid(), signal.SIGSTOP if self._act == "freeze" else signal.SIGKILL)
            time.sleep(0.2)  # another thread may be the one that gets the signal, a moment later


def around(
    owner: Any, name: str, *, before: Callable[..., None] = lambda *_, **__: None, after: Any = None
) -> None:
    """Call *before* with the arguments of *owner*'s method *name*, *after* with its value before them."""
    original = getattr(owner, name)

    @wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        before(*args, **kwargs)
        value = original(*args, **kwargs)
        if after is not None:
            after(value, *args, **kwargs)
        return value

    setattr(owner, name, method)


def at_taking(fault: Fault) -> None:
    from thumbapp.taskqueue.execution import ExecutingHuey

    def after(task: Any, *_: Any) -> None:
        if task is not None and task.name == JOB:
            fault.happen()

    around(ExecutingHuey, "dequeue", after=after)


def at_record(fault: Fault, *, when: str, claim: Callable[[dict[str, str]], bool]) -> None:
    """Let *fault* happen before or after the job's record gets fields that *claim* is true of."""
    from thumbapp.jobs.store import JobStore

    def happen(*_: Any, fields: dict[str, str], **__: Any) -> None:
        if claim(fields):
            fault.happen()

    around(JobStore, "change", **{when: happen if when == "before" else lambda _, *a, **k: happen(**k)})


def is_now(state: str) -> Callable[[dict[str, str]], bool]:
    return lambda fields: fields.get("state") == state


def is_first_rendition(fields: dict[str, str]) -> bool:
    return fields.get("done") == "1" and "state" not in fields


def at_decoding(fault: Fault) -> None:
    from thumbapp.imaging.sandbox import Sandbox

    around(Sandbox, "render", before=lambda *_, **__: threading.Timer(DECODING_S, fault.happen).start())


def at_zipping(fault: Fault) -> None:
    around(zipfile.ZipFile, "write", after=lambda *_: fault.happen())


def at_rename(fault: Fault, *, when: str) -> None:
    def happen(_: Path, target: Path) -> None:
        if target.name == "archive.zip":
            fault.happen()

    around(Path, "replace", **{when: happen if when == "before" else lambda _, *args: happen(*args)})


def at_end(fault: Fault, *, owner: str, when: str) -> None:
    """Let *fault* happen before or after the first packet, or answer, that ends a job's task."""
    from thumbapp.taskqueue.execution import ExecutingHuey
    from thumbapp.taskqueue.streams import TaskStreams
    from thumbapp.taskqueue.thread_connection import ThreadConnection

    ended = threading.Event()

    def happen(*_: Any) -> None:
        if ended.is_set():
            fault.happen()

    around(ExecutingHuey, "run", after=lambda _, __, task, *___: ended.set() if task.name == JOB else None)
    method = (ThreadConnection, "send") if owner == "packet" else (TaskStreams, "_settled")
    around(*method, **{when: happen})


POINTS: dict[str, Callable[[Fault], None]] = {
    "after taking": at_taking,
    "before running": lambda fault: at_record(fault, when="before", claim=is_now("running")),
    "after running": lambda fault: at_record(fault, when="after", claim=is_now("running")),
    "mid decode": at_decoding,
    "between renditions": lambda fault: at_record(fault, when="after", claim=is_first_rendition),
    "mid zip": at_zipping,
    "before rename": lambda fault: at_rename(fault, when="before"),
    "after rename": lambda fault: at_rename(fault, when="after"),
    "before the result": lambda fault: at_record(fault, when="before", claim=is_now("done")),
    "after the result": lambda fault: at_record(fault, when="after", claim=is_now("done")),
    "before the ack": lambda fault: at_end(fault, owner="packet", when="before"),
    "with the ack on its way": lambda fault: at_end(fault, owner="packet", when="after"),
    "after the ack": lambda fault: at_end(fault, owner="answer", when="after"),
}


def poison() -> None:
    """Kill this process whenever it begins the job ``poison.png``."""
    from thumbapp.jobs.runner import Runner

    def before(runner: Any, job_id: str, *, run_id: str) -> None:
        if runner._ledger.store.find(job_id).filename == "poison.png":
            os.kill(os.getpid(), signal.SIGKILL)

    around(Runner, "run", before=before)


def acknowledge_first() -> None:
    """Break the queue: what is taken is acknowledged at once."""
    from thumbapp.taskqueue.execution import ExecutingHuey

    around(ExecutingHuey, "dequeue", after=lambda _, huey: huey.storage.streams.settle())


def main() -> None:
    """Run the worker that the environment describes."""
    from thumbapp.cli import main as thumbapp

    act, point = os.environ.get("FAULT_ACT", ""), os.environ.get("FAULT_POINT", "")
    if os.environ.get("FAULT_MUTATION") == "ack-first":
        acknowledge_first()
    if act == "poison":
        poison()
    elif point:
        POINTS[point](Fault(act))
    sys.argv[:1] = ["thumbapp", "worker"]
    thumbapp()


if __name__ == "__main__":
    main()

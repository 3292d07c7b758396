"""What the page of workers shows, computed here so that the templates only place it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from thumbapp.blueprints.monitor.context import monitor
from thumbapp.taskqueue.workers import RunningTask, WorkerInfo


@dataclass(frozen=True, slots=True)
class BusyThread:
    """A task that a thread has in hand, and for how long as far as is known now."""

    task: RunningTask
    for_ms: float


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """One worker, and what its threads do."""

    worker: WorkerInfo
    busy: list[BusyThread]

    @property
    def idle(self) -> int:
        """How many threads have nothing in hand."""
        return max(0, self.worker.threads - len(self.busy))

    @property
    def light(self) -> str:
        """How it is, in a word: ``ok``, ``late`` or ``stopping``."""
        if self.worker.is_stopping:
            return "stopping"
        return "late" if self.worker.is_late else "ok"


def worker_page() -> dict[str, Any]:
    """Return what the page shows."""
    site = monitor()
    return {
        "rows": [_row(worker) for worker in site.workers.alive()],
        "queues": site.queues.states(),
        "scheduled": site.queues.scheduled(),
        "now": datetime.now(UTC),
    }


def _row(worker: WorkerInfo) -> WorkerRow:
    """Return *worker* as a row: what ran at its heartbeat has run for the heartbeat's age longer."""
    running = sorted(worker.running, key=lambda task: (len(task.thread), task.thread))
    return WorkerRow(worker, [BusyThread(task, (task.running_s + worker.age_s) * 1000) for task in running])

"""Workers, queues and tasks as plain values for JSON: the same in the API and at the command line."""

from dataclasses import asdict
from typing import Any

from thumbapp.moments import rfc3339
from thumbapp.taskqueue.catalogue import TaskKind
from thumbapp.taskqueue.queues import QueueState
from thumbapp.taskqueue.workers import WorkerInfo


def worker_fields(worker: WorkerInfo) -> dict[str, Any]:
    """Return one worker; durations are in seconds, times RFC 3339 in UTC."""
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "threads": worker.threads,
        "versions": dict(worker.versions),
        "running": [asdict(task) for task in worker.running],
        "started_at": rfc3339(worker.started_at),
        "heartbeat_age_s": worker.age_s,
        "late": worker.is_late,
        "stopping": worker.is_stopping,
        "clock_skew_s": worker.clock_skew_s,
        "memory_bytes": worker.memory_bytes,
        "children_bytes": worker.children_bytes,
    }


def queue_fields(state: QueueState) -> dict[str, Any]:
    """Return one queue; ``oldest_s`` is null when none waits."""
    return {
        "name": state.name,
        "depth": state.waiting,
        "in_hand": state.in_hand,
        "oldest_s": state.oldest_s,
        "paused": state.is_paused,
        "paused_at": rfc3339(state.paused_at),
    }


def task_kind_fields(kind: TaskKind) -> dict[str, Any]:
    """Return one registered task."""
    return {
        "name": kind.name,
        "signature": kind.signature,
        "about": kind.about,
        "arguments": [asdict(argument) for argument in kind.arguments],
        "retries": kind.retries,
        "priority": kind.priority,
        "periodic": kind.is_periodic,
    }

"""The queue in numbers for Prometheus: a collector for any registry of ``prometheus_client``.

Everything is read from Redis when it is asked for, so it does not matter which process answers, and
nothing starts at zero again when one is restarted. Knows no Huey.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import redis
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from thumbapp.taskqueue.queues import Queues, QueueState
from thumbapp.taskqueue.records import TaskRecords
from thumbapp.taskqueue.run_counters import BUCKET_BOUNDS_MS
from thumbapp.taskqueue.statistics import Durations, Statistics, TaskCounts
from thumbapp.taskqueue.workers import WorkerInfo, WorkerRegistry

_BOUNDS: Final = (*(f"{bound / 1000:g}" for bound in BUCKET_BOUNDS_MS), "+Inf")
_QUEUE_GAUGES: Final[dict[str, tuple[str, Callable[[QueueState], float]]]] = {
    "queue_depth": ("Messages that wait for a worker.", lambda one: one.waiting),
    "queue_in_hand": ("Messages that workers hold.", lambda one: one.in_hand),
    "queue_stream_lag": ("Entries that no worker was ever given.", lambda one: one.lag),
    "queue_oldest_seconds": ("How long the oldest waits; 0: none does.", lambda one: one.oldest_s or 0),
    "queue_paused": ("1 while workers leave the queue alone.", lambda one: one.is_paused),
}
_WORKER_GAUGES: Final[dict[str, tuple[str, Callable[[WorkerInfo], float]]]] = {
    "worker_heartbeat_age_seconds": ("Time since the last heartbeat.", lambda one: one.age_s),
    "worker_threads": ("Threads that run tasks.", lambda one: one.threads),
    "worker_running": ("Tasks that run now.", lambda one: len(one.running)),
    "worker_memory_bytes": (
        "Resident memory, that of decoding processes too.",
        lambda one: one.memory_bytes + one.children_bytes,
    ),
}


class QueueCollector(Collector):
    """The queues, tasks and workers under *namespace*; metrics begin with *prefix*."""

    def __init__(self, client: redis.Redis, *, namespace: str, prefix: str = "thumbapp") -> None:
        self._prefix = prefix
        self._queues = Queues(client, namespace=namespace)
        self._records = TaskRecords(client, namespace=namespace)
        self._statistics = Statistics(client, namespace=namespace)
        self._workers = WorkerRegistry(client, namespace=namespace)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now; raises redis.RedisError when the server is away."""
        yield from self._of_queues(self._queues.states())
        yield from self._of_tasks(self._statistics.totals())
        yield from self._of_workers(self._workers.alive())

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering asks no server."""
        return ()

    def _of_queues(self, states: list[QueueState]) -> Iterator[Metric]:
        for name, (says, value) in _QUEUE_GAUGES.items():
            family = GaugeMetricFamily(f"{self._prefix}_{name}", says, labels=["queue"])
            for state in states:
                family.add_metric([state.name], value(state))
            yield family
        yield self._gauge("tasks_due_later", "Tasks that wait for their time.", self._queues.scheduled())
        yield self._gauge("dead_letters", "Messages that were given up.", self._queues.dead())

    def _of_tasks(self, totals: dict[str, TaskCounts]) -> Iterator[Metric]:
        states = GaugeMetricFamily(
            f"{self._prefix}_tasks", "Tasks whose record is kept, by state.", labels=["state"]
        )
        for state, number in self._records.counts().items():
            states.add_metric([state], number)
        yield states
        runs = CounterMetricFamily(
            f"{self._prefix}_task_runs", "Runs that came to an end.", labels=["task", "outcome"]
        )
        for name, counted in totals.items():
            for outcome, number in counted.outcomes.items():
                runs.add_metric([name, outcome], number)
        yield runs
        took = {name: counted.took for name, counted in totals.items()}
        yield self._histogram("task_run_seconds", "How long runs took.", took)
        wait = {name: counted.wait for name, counted in totals.items()}
        yield self._histogram("task_wait_seconds", "How long tasks waited for a worker.", wait)

    def _of_workers(self, workers: list[WorkerInfo]) -> Iterator[Metric]:
        yield self._gauge("workers", "Workers that are alive.", len(workers))
        for name, (says, value) in _WORKER_GAUGES.items():
            family = GaugeMetricFamily(f"{self._prefix}_{name}", says, labels=["host", "pid"])
            for worker in workers:
                family.add_metric([worker.host, str(worker.pid)], value(worker))
            yield family

    def _gauge(self, name: str, says: str, value: float) -> Metric:
        return GaugeMetricFamily(f"{self._prefix}_{name}", says, value=value)

    def _histogram(self, name: str, says: str, durations: dict[str, Durations]) -> Metric:
        family = HistogramMetricFamily(f"{self._prefix}_{name}", says, labels=["task"])
        for task, one in durations.items():
            passed = itertools.accumulate(one.counts)
            buckets = [(bound, float(count)) for bound, count in zip(_BOUNDS, passed, strict=True)]
            family.add_metric([task], buckets, sum_value=one.sum_ms / 1000)
        return family

"""The queue for Prometheus: read by its own parser, and true."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from thumbapp.taskqueue.metrics import QueueCollector
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.queues import Queues
from thumbapp.taskqueue.workers import WorkerInfo, WorkerRegistry


def _place(sample: Any) -> tuple[str, ...]:
    """Return name and labels, in the order that reads well."""
    order = ("queue", "state", "host", "pid", "task", "outcome", "le")
    labels = sorted(sample.labels.items(), key=lambda label: order.index(label[0]))
    return sample.name.removeprefix("thumbapp_"), *(value for _, value in labels)


@pytest.fixture
def scrape(huey: StreamHuey) -> Any:
    """Return a function that reads all metrics: values by name and labels."""
    registry = CollectorRegistry()
    registry.register(QueueCollector(huey.client, namespace=huey.namespace))

    def read() -> dict[tuple[str, ...], float]:
        families = text_string_to_metric_families(generate_latest(registry).decode())
        return {_place(sample): sample.value for family in families for sample in family.samples}

    return read


def run_one(huey: StreamHuey, name: str, *args: Any) -> None:
    huey.enqueue(huey.task_named(name)(args, {}))
    huey.execute(huey.dequeue())
    assert huey.recorder
    huey.recorder.close()


def test_runs_are_counted_by_task_and_outcome_and_timed_in_histograms(huey: StreamHuey, scrape: Any) -> None:
    run_one(huey, "add", 1, 2)
    run_one(huey, "fail", "no")

    found = scrape()

    assert found["task_runs_total", "add", "done"] == 1
    assert found["task_runs_total", "fail", "failed"] == 1
    assert found["tasks", "done"] == found["tasks", "failed"] == 1
    assert found["task_run_seconds_count", "add"] == found["task_run_seconds_bucket", "add", "+Inf"] == 1
    assert found["task_wait_seconds_count", "fail"] == 1


def test_what_waits_is_told_by_queue(huey: StreamHuey, scrape: Any) -> None:
    for priority in (None, None, 1):
        huey.enqueue(huey.task_named("add")((1, 2), {}, priority=priority))
    Queues(huey.client, namespace=huey.namespace).pause("low")

    found = scrape()

    depths = [found["queue_depth", name] for name in ("high", "normal", "low")]
    assert depths == [1, 2, 0]
    assert found["queue_stream_lag", "normal"] == 2
    assert [found["queue_paused", name] for name in ("normal", "low")] == [0, 1]
    assert found["dead_letters",] == 0


def test_each_worker_is_told_with_its_heartbeat(huey: StreamHuey, scrape: Any) -> None:
    worker = WorkerInfo(id="a", host="ada", pid=7, threads=4, memory_bytes=50, children_bytes=20)
    WorkerRegistry(huey.client, namespace=huey.namespace).beat(worker)

    found = scrape()

    assert found["workers",] == 1
    assert found["worker_memory_bytes", "ada", "7"] == 70
    assert 0 <= found["worker_heartbeat_age_seconds", "ada", "7"] < 5


def test_counters_survive_everybody_for_they_are_the_servers(huey: StreamHuey, scrape: Any) -> None:
    run_one(huey, "add", 1, 2)
    before = scrape()

    again = CollectorRegistry()
    again.register(QueueCollector(huey.client, namespace=huey.namespace))

    assert 'thumbapp_task_runs_total{outcome="done",task="add"} 1.0' in generate_latest(again).decode()
    assert before["task_runs_total", "add", "done"] == 1

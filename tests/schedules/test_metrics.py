"""The schedules in numbers, as Prometheus asks for them."""

from prometheus_client import CollectorRegistry

from tests.schedules.conftest import Bench
from thumbapp.schedules.metrics import ScheduleCollector


def test_states_runs_and_trouble_are_counted(one_bench: Bench) -> None:
    one_bench.create("on")
    one_bench.create("off", enabled=False)
    bad = one_bench.create("bad")
    key = one_bench.store.keys
    one_bench.client.hset(key.record(bad.id), mapping={"runs": 7, "failures": 3})
    one_bench.client.hset(key.alerts, bad.id, "It failed 3 times running.")
    registry = CollectorRegistry()
    registry.register(ScheduleCollector(one_bench.schedules))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"thumbapp_{name}", labels)

    assert [value("schedules", state=state) for state in ("on", "off", "over")] == [2, 1, 0]
    assert value("schedule_runs_total", schedule="bad") == 7
    assert value("schedule_failures_total", schedule="bad") == 3
    assert value("schedule_alert", schedule="bad") == 1
    assert value("schedule_alert", schedule="on") is None

"""The schedules in numbers for Prometheus: a collector for any registry of ``prometheus_client``."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from thumbapp.schedules.model import Schedule
from thumbapp.schedules.service import Schedules


class ScheduleCollector(Collector):
    """How many of *schedules* are on, what became of their runs, and which are in trouble."""

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules

    def collect(self) -> Iterator[Metric]:
        """Yield them as they are now; raises redis.RedisError when the server is away."""
        found = self._schedules.store.all()
        alerts = self._schedules.alerts()
        yield self._by_state(found)
        says = "1 for a schedule that failed again and again, or did not run when due."
        alert = GaugeMetricFamily("thumbapp_schedule_alert", says, labels=["schedule"])
        for one in found:
            if one.id in alerts:
                alert.add_metric([one.name], 1)
        yield alert
        yield self._counter("runs", "Runs of a schedule that began.", found, [one.runs for one in found])
        failures = [one.failures for one in found]
        yield self._counter("failures", "Runs of a schedule that failed.", found, failures)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering asks no server."""
        return ()

    def _by_state(self, found: list[Schedule]) -> Metric:
        states = GaugeMetricFamily("thumbapp_schedules", "Schedules, by state.", labels=["state"])
        over = sum(one.is_over for one in found)
        off = sum(not one.plan.enabled for one in found)
        for state, number in (("on", len(found) - over - off), ("off", off), ("over", over)):
            states.add_metric([state], number)
        return states

    def _counter(self, name: str, says: str, found: list[Schedule], values: list[int]) -> Metric:
        family = CounterMetricFamily(f"thumbapp_schedule_{name}", says, labels=["schedule"])
        for one, value in zip(found, values, strict=True):
            family.add_metric([one.name], value)
        return family

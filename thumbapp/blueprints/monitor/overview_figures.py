"""What the overview shows, computed here so that the templates only place it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from thumbapp.blueprints.monitor.context import monitor
from thumbapp.charts import Chart, Look, Series, draw, milliseconds, seconds
from thumbapp.taskqueue.statistics import BAD, TaskCounts, TimeSlot, together

# The window's word: its hours, and the minutes of a slot.
WINDOWS: Final = {"1h": (1, 5), "24h": (24, 30)}


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task over the window: how often it ran, how it ended, how long it waited and took in ms."""

    name: str
    counted: TaskCounts

    @property
    def failed_percent(self) -> str:
        """Which share of its runs failed for good, in percent."""
        return f"{self.counted.failed_share * 100:.3g} %"

    @property
    def wait(self) -> tuple[str, str]:
        """How long half, and 95 of 100, of its runs waited at most."""
        return _said(self.counted.wait.percentile_ms(50)), _said(self.counted.wait.percentile_ms(95))

    @property
    def took(self) -> tuple[str, str]:
        """How long half, and 95 of 100, of its runs took at most."""
        return _said(self.counted.took.percentile_ms(50)), _said(self.counted.took.percentile_ms(95))


def overview_figures(window: str) -> dict[str, Any]:
    """Return what the page shows for *window*, one of `WINDOWS`."""
    site = monitor()
    hours, minutes = WINDOWS[window]
    slots = site.statistics.slots(hours=hours, minutes=minutes)
    tasks = together(slots)
    workers, states = site.workers.alive(), site.queues.states()
    return {
        "window": window,
        "windows": list(WINDOWS),
        "charts": _charts(slots, zone=ZoneInfo(site.timezone), minutes=minutes),
        "tasks": [TaskFigures(name, tasks[name]) for name in sorted(tasks)],
        "all": sum(tasks.values(), TaskCounts()),
        "queues": states,
        "waiting": sum(state.waiting for state in states),
        "oldest_s": max((state.oldest_s for state in states if state.oldest_s is not None), default=None),
        "running": sum(len(worker.running) for worker in workers),
        "threads": sum(worker.threads for worker in workers),
        "workers": len(workers),
        "dead": site.queues.dead(),
        "scheduled": site.queues.scheduled(),
        "now": datetime.now(UTC),
    }


def _charts(slots: list[TimeSlot], *, zone: ZoneInfo, minutes: int) -> list[Chart]:
    """Return the charts, each over the same columns."""
    columns = [f"{slot.at.astimezone(zone):%H:%M}" for slot in slots]
    counted = [slot.all for slot in slots]
    done = Series("done", [one.count("done") for one in counted], Look.BAR, "main")
    failed = Series("failed", [one.count(*BAD) for one in counted], Look.BAR, "danger")
    retried = Series("to be tried again", [one.count("retrying") for one in counted], Look.HATCHED, "warn")
    waits = _percentiles([one.wait for one in counted])
    takes = _percentiles([one.took for one in counted])
    depth = Series("waiting", [slot.depth for slot in slots], Look.LINE, "main")
    oldest = Series("oldest", [slot.oldest_s for slot in slots], Look.LINE, "main")
    return [
        draw("finished", f"Done in {minutes} min", columns, done),
        draw("failures", f"Failures in {minutes} min", columns, failed, retried),
        draw("depth", "Waiting tasks, at most", columns, depth),
        draw("oldest", "Longest waiting", columns, oldest, say=seconds),
        draw("waits", "Waiting time", columns, *waits, say=milliseconds),
        draw("takes", "Running time", columns, *takes, say=milliseconds),
    ]


def _percentiles(durations: list[Any]) -> tuple[Series, Series]:
    return (
        Series("p50", [one.percentile_ms(50) for one in durations], Look.LINE, "main"),
        Series("p95", [one.percentile_ms(95) for one in durations], Look.DASHED, "other"),
    )


def _said(value_ms: float | None) -> str:
    return "" if value_ms is None else milliseconds(value_ms)

"""Which failed tasks a query means, counted before anything is done to them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from thumbapp.blueprints.monitor import task_query
from thumbapp.blueprints.monitor.context import monitor
from thumbapp.blueprints.monitor.task_rows import TaskRow, rows
from thumbapp.taskqueue.records import Filter

_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class FailedTasks:
    """The failed tasks that *wanted* admits; *until* is when they were counted, later ones are not meant."""

    wanted: Filter
    until: str

    @property
    def count(self) -> int:
        """How many there are."""
        return monitor().records.count(self.wanted)

    @property
    def sample(self) -> list[TaskRow]:
        """The newest of them."""
        site = monitor()
        return rows(site.records.page(self.wanted, limit=_SAMPLE).items, site.results)

    @property
    def says(self) -> str:
        """The filter in words, for the audit."""
        return " ".join(f"{name}={value}" for name, value in task_query.query_args().items()) or "all failed"


def failed_tasks() -> FailedTasks:
    """Return the failed tasks that the query means."""
    wanted = task_query.task_filter()
    until = wanted.until or datetime.now(UTC)
    return FailedTasks(replace(wanted, states=("failed",), until=until), until.isoformat())

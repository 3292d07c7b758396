"""What the list of tasks shows, computed here so that the templates only place it."""

from dataclasses import dataclass
from typing import Any

from thumbapp.blueprints.monitor import task_query
from thumbapp.blueprints.monitor.context import monitor
from thumbapp.taskqueue.records import STATES, TaskRecord
from thumbapp.taskqueue.results import Result, Results

TASKS_A_PAGE = 50
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task in a list, with the beginning of what it returned."""

    task: TaskRecord
    result: Result | None

    @property
    def call(self) -> str:
        """Its arguments on one line, as a call has them."""
        return call_text(self.task)


def call_text(task: TaskRecord) -> str:
    """Return the arguments of *task* as a call has them: ``2, 5, unit="cm"``; JSON where it was cut off."""
    if task.arguments is None:
        return f"{task.args} {task.kwargs}"
    args = task.args.strip()[1:-1]
    named = ", ".join(f"{name}={value!r}" for name, value in task.arguments[1].items())
    return ", ".join(filter(None, (args.replace(",", ", ") if len(args) < _SHOWN else args, named)))


def task_list() -> dict[str, Any]:
    """Return what the list of the address shows."""
    site, query = monitor(), task_query.query_args()
    wanted, cursor = task_query.task_filter(), task_query.cursor()
    site.records.watch()
    page = site.records.page(wanted, cursor=cursor, limit=TASKS_A_PAGE)
    return {
        "rows": rows(page.items, site.results),
        "page": page,
        "cursor": cursor,
        "query": query,
        "others": {name: value for name, value in query.items() if name != "state"},
        "wanted": wanted,
        "counts": site.records.counts(),
        "states": STATES,
        "is_live": cursor is None,
    }


def rows(tasks: list[TaskRecord], results: Results) -> list[TaskRow]:
    """Return *tasks* as rows."""
    found = results.of((task.id for task in tasks if task.state == "done"), longest=_SHOWN)
    return [TaskRow(task, found.get(task.id)) for task in tasks]

"""What the page of a task shows, computed here so that the templates only place it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from thumbapp.blueprints.monitor.context import monitor
from thumbapp.blueprints.monitor.task_rows import call_text
from thumbapp.taskqueue.control import TO_TRY_AGAIN
from thumbapp.taskqueue.records import TaskRecord
from thumbapp.taskqueue.results import Result
from thumbapp.taskqueue.task_json import UNHAPPY


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One task, what it returned, and the tasks around it that are on record."""

    task: TaskRecord
    result: Result | None
    parent: TaskRecord | None
    children: list[tuple[str, TaskRecord | None]]

    @property
    def call(self) -> str:
        """Its arguments as a call has them."""
        return call_text(self.task)

    @property
    def arguments(self) -> str:
        """Its arguments as JSON, over several lines."""
        if self.task.arguments is None:
            return f"{self.task.args}\n{self.task.kwargs}"
        args, kwargs = self.task.arguments
        return pretty({"args": args, "kwargs": kwargs} if kwargs else args)

    @property
    def result_text(self) -> str:
        """What it returned as JSON, over several lines."""
        if self.result is None:
            return ""
        return pretty(self.result.value) if self.result.is_whole else self.result.text

    @property
    def is_unhappy(self) -> bool:
        """Whether its last run ended otherwise than done."""
        return self.task.state in UNHAPPY

    @property
    def can_retry(self) -> bool:
        """Whether it can be tried again."""
        return self.task.state in TO_TRY_AGAIN

    @property
    def can_run_again(self) -> bool:
        """Whether another like it can be run with what it was called with."""
        return self.task.arguments is not None

    @property
    def events(self) -> list[tuple[datetime, str, str, float]]:
        """What happened to it, in order: when, which state, in which words, how many ms after the first."""
        task, last = self.task, self.task.state
        told: list[tuple[datetime | None, str, str]] = [
            (task.created_at, "scheduled" if task.due_at else "queued", "made"),
            (task.queued_at if task.attempts > 1 or task.due_at else None, "queued", "queued again"),
            (task.due_at if last == "scheduled" else None, "scheduled", "due"),
            (task.started_at, "running", f"begun, try {task.attempts}" if task.attempts > 1 else "begun"),
            (task.finished_at if task.is_final else None, last, last),
        ]
        known = sorted((when, state, words) for when, state, words in told if when is not None)
        first = known[0][0]
        return [(*event, (event[0] - first).total_seconds() * 1000) for event in known]


def pretty(value: Any) -> str:
    """Return *value* as JSON over several lines."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=str, option=options).decode()


def task_page(task_id: str) -> TaskPage:
    """Return the page of one task, or raise TaskNotFound."""
    site = monitor()
    control = site.control
    control.records.watch()
    task = control.find(task_id)
    result = site.results.of([task_id], longest=64_000).get(task_id) if task.state == "done" else None
    children = [(child, control.records.find(child)) for child in task.children[:50]]
    parent = control.records.find(task.parent) if task.parent else None
    return TaskPage(task, result, parent, children)

"""A task as plain values for JSON: the fields of the contract, in the API and at the command line."""

from typing import Any

import orjson

from thumbapp.moments import rfc3339
from thumbapp.taskqueue.records import TaskRecord
from thumbapp.taskqueue.results import Results

UNHAPPY = ("retrying", "failed", "cancelled", "dead")


def task_json(task: TaskRecord, *, result: Any = None) -> dict[str, Any]:
    """Return the task object; *result* is what it returned, where that is known."""
    args, kwargs = task.arguments or (None, None)
    is_unhappy = task.state in UNHAPPY
    done, total = task.done_of or (None, None)
    return {
        "id": task.id,
        "name": task.name,
        "args": _plain(args),
        "kwargs": _plain(kwargs),
        "state": task.state,
        "queue": task.queue,
        "worker": task.worker or None,
        "attempts": task.attempts,
        "created_at": rfc3339(task.created_at),
        "started_at": rfc3339(task.started_at),
        "finished_at": rfc3339(task.finished_at) if task.is_final else None,
        "result": _plain(result),
        "error": (task.error or None) if is_unhappy else None,
        "traceback": (task.traceback or None) if is_unhappy else None,
        "progress": {"done": done, "total": total} if task.done_of else None,
        "output": task.output or None,
        "due_at": rfc3339(task.due_at),
        "parent": task.parent or None,
        "children": list(task.children),
    }


def tasks_json(tasks: list[TaskRecord], results: Results) -> list[dict[str, Any]]:
    """Return the objects of *tasks*; a result that is long is null here, and whole in the task's own."""
    found = results.of(task.id for task in tasks if task.state == "done")
    return [task_json(task, result=found[task.id].value if task.id in found else None) for task in tasks]


def whole_json(task: TaskRecord, results: Results) -> dict[str, Any]:
    """Return the object of one task with its result, however long."""
    found = results.whole(task.id) if task.state == "done" else None
    return task_json(task, result=found.value if found else None)


def _plain(value: Any) -> Any:
    """Return *value* in JSON's own words: what these do not cover reads as its text."""
    return orjson.loads(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))

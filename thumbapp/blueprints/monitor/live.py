"""What lists and pages of tasks learn while they are open: by a stream, or by asking."""

from typing import Any

from flask import Response

from thumbapp.blueprints.monitor.context import monitor
from thumbapp.blueprints.streams import follow
from thumbapp.taskqueue.task_json import task_json

KIND = "task"


def news() -> dict[str, Any]:
    """Return what is another value whenever anything happened to any task; keeps the events coming."""
    records = monitor().records
    records.watch()
    return {"counts": records.counts(), "changed": records.last_change()}


def task_state(task_id: str) -> dict[str, Any]:
    """Return the task as it is, less its result; keeps the events coming."""
    control = monitor().control
    control.records.watch()
    return task_json(control.find(task_id))


def stream(topic: str, state: Any) -> Response:
    """Return the stream of *topic*."""
    site = monitor()
    return follow(site.hub, topic, state=state, session=site.host.visitor(), kind=KIND)

"""Tasks as JSON: list, run, look at one, cancel, try again; the fields are those of the contract."""

from typing import Any, Final

from flask import Response, jsonify, request, url_for
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from thumbapp.blueprints.monitor import task_query
from thumbapp.blueprints.monitor.blueprint import data
from thumbapp.blueprints.monitor.context import monitor
from thumbapp.blueprints.streams import conditional
from thumbapp.errors import BodyNotJson, MessageTooLarge
from thumbapp.taskqueue.messages import MAX_MESSAGE_BYTES
from thumbapp.taskqueue.task_json import task_json, tasks_json, whole_json

_LARGEST: Final = MAX_MESSAGE_BYTES + 10_000
_WANTED: Final = '{"name": "add", "args": [2, 5], "kwargs": {}}'


@data.get("/tasks")
def tasks() -> Response:
    """Return the tasks that the query asks for, newest first."""
    page = monitor().records.page(
        task_query.task_filter(), cursor=task_query.cursor(), limit=task_query.limit()
    )
    return jsonify(items=tasks_json(page.items, monitor().results), cursor=page.cursor)


@data.post("/tasks")
def run_task() -> tuple[Response, int, dict[str, str]]:
    """Queue a task by its name; 202 with the task."""
    name, args, kwargs = _call()
    monitor().host.note("task.run", name)
    task = monitor().control.submit(name, args, kwargs)
    monitor().host.note("task.run", f"{name} {task.id}")
    return jsonify(task_json(task)), 202, {"Location": url_for(".task", task_id=task.id)}


@data.get("/tasks/<task_id>")
def task(task_id: str) -> Response:
    """Return one task; with ``If-None-Match`` 304 while nothing changed."""
    site = monitor()
    return conditional(whole_json(site.control.find(task_id), site.results))


@data.post("/tasks/<task_id>/cancel")
def cancel_task(task_id: str) -> tuple[Response, int]:
    """Cancel a task that waits: 200; ask one that runs to stop: 202."""
    monitor().host.note("task.cancel", task_id)
    task = monitor().control.cancel(task_id)
    return jsonify(task_json(task)), 200 if task.is_final else 202


@data.post("/tasks/<task_id>/retry")
def retry_task(task_id: str) -> tuple[Response, int]:
    """Try a task again that failed, died or was cancelled; 202 with the task that runs now."""
    monitor().host.note("task.retry", task_id)
    return jsonify(task_json(monitor().control.retry(task_id))), 202


def _call() -> tuple[str, list[Any], dict[str, Any]]:
    """Return what the body asks to be called; raises BodyNotJson, MessageTooLarge."""
    request.max_content_length = _LARGEST
    if (request.content_length or 0) > _LARGEST:
        raise MessageTooLarge(request.content_length or 0, MAX_MESSAGE_BYTES)
    try:
        body = request.get_json(force=True)
    except RequestEntityTooLarge:
        raise MessageTooLarge(_LARGEST, MAX_MESSAGE_BYTES) from None
    except (BadRequest, RecursionError) as error:
        raise BodyNotJson(_WANTED) from error
    name, args, kwargs = (
        (body.get("name"), body.get("args") or [], body.get("kwargs") or {})
        if isinstance(body, dict)
        else (None, [], {})
    )
    if not (isinstance(name, str) and isinstance(args, list) and isinstance(kwargs, dict)):
        raise BodyNotJson(_WANTED)
    return name, args, kwargs

"""Running a task from a page: one list of all tasks, and a form made from what each is called with."""

import inspect
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints.monitor.blueprint import pages
from thumbapp.blueprints.monitor.context import monitor, render
from thumbapp.errors import ArgumentsMisfit, MessageTooLarge, NotJson, TaskNotFound
from thumbapp.forms.tasks import Call, arguments_of, as_typed, read_fields, read_json


@pages.get("/tasks/new")
def new_task() -> str:
    """Show the form for the task ``name``; ``from`` a task, its arguments stand in it."""
    like = _like(request.args.get("from", ""))
    name = request.args.get("name") or like.get("name", "")
    return _form(name, args=like.get("args", []), kwargs=like.get("kwargs", {}))


@pages.post("/tasks/new")
def run_task() -> Response | tuple[str, int]:
    """Queue the task and go to it; the form again, with reasons, when it cannot be called so."""
    name, sent = request.form.get("name", ""), request.form.to_dict()
    call = _call(name, sent)
    monitor().host.note("task.run", name)
    if call.errors:
        return _form(name, call=call, sent=sent), 422
    try:
        task = monitor().control.submit(name, call.args, call.kwargs)
    except (ArgumentsMisfit, NotJson, MessageTooLarge) as error:
        return _form(name, call=Call(call.args, call.kwargs, {"": str(error)}), sent=sent), 422
    monitor().host.note("task.run", f"{name} {task.id}")
    return redirect(url_for(".task", task_id=task.id), 303)


def _like(task_id: str) -> dict[str, Any]:
    """Return name and arguments of the task *task_id*; nothing when it is not known whole."""
    try:
        record = monitor().control.find(task_id) if task_id else None
    except TaskNotFound:
        record = None
    if record is None or record.arguments is None:
        return {}
    args, kwargs = record.arguments
    return {"name": record.name, "args": args, "kwargs": kwargs}


def _call(name: str, sent: dict[str, str]) -> Call:
    signature = monitor().huey.task_named(name).signature
    if sent.get("mode") == "json":
        return read_json(sent.get("args", ""), sent.get("kwargs", ""))
    return read_fields(signature, sent)


def _form(
    name: str,
    *,
    args: list[Any] | None = None,
    kwargs: dict[str, Any] | None = None,
    call: Call | None = None,
    sent: dict[str, str] | None = None,
) -> str:
    huey = monitor().huey
    names = huey.task_names()
    signature = huey.task_named(name).signature if name else None
    errors = call.errors if call else {}
    typed = None if sent is None or sent.get("mode") == "json" else sent
    fields = (
        arguments_of(signature, args=args, kwargs=kwargs, typed=typed, errors=errors) if signature else []
    )
    return render(
        "tasks/new.html",
        names=names,
        name=name,
        signature=str(signature) if signature else "",
        says=inspect.cleandoc(huey.task_named(name).__doc__ or "") if name else "",
        arguments=fields,
        json_args=(sent or {}).get("args") or as_typed(args or []),
        json_kwargs=(sent or {}).get("kwargs") or as_typed(kwargs or {}),
        is_json=(sent or {}).get("mode") == "json",
        errors=errors,
    )

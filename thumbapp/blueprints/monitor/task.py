"""One task: all that is known of it, and what can be done to it."""

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints.monitor import live
from thumbapp.blueprints.monitor.blueprint import pages
from thumbapp.blueprints.monitor.context import monitor, render
from thumbapp.blueprints.monitor.task_page import task_page
from thumbapp.blueprints.streams import conditional
from thumbapp.errors import TaskNotKept, WrongState, WrongTaskState


@pages.get("/tasks/<task_id>")
def task(task_id: str) -> str:
    """Show one task."""
    return render("tasks/show.html", page=task_page(task_id))


@pages.get("/tasks/<task_id>/panel")
def task_panel(task_id: str) -> str:
    """Return the changing part of the task's page, for the live update."""
    return render("tasks/_task.html", page=task_page(task_id))


@pages.get("/tasks/<task_id>/events")
def one_task_events(task_id: str) -> Response:
    """Stream the state of the task; with ``?poll`` answer it as it is, for pages that ask."""
    if "poll" in request.args:
        return conditional(live.task_state(task_id))
    return live.stream(f"task:{task_id}", lambda: live.task_state(task_id))


@pages.post("/tasks/<task_id>/cancel")
def cancel_task(task_id: str) -> AnyResponse:
    """Cancel a task that waits, ask one that runs to stop."""
    monitor().host.note("task.cancel", task_id)
    try:
        monitor().control.cancel(task_id)
    except (WrongTaskState, TaskNotKept) as error:
        flash(str(error), "danger")
    return redirect(url_for(".task", task_id=task_id), 303)


@pages.post("/tasks/<task_id>/retry")
def retry_task(task_id: str) -> AnyResponse:
    """Try a task again that failed, died or was cancelled, and go to it."""
    monitor().host.note("task.retry", task_id)
    try:
        task_id = monitor().control.retry(task_id).id
    except (WrongTaskState, WrongState, TaskNotKept) as error:
        flash(str(error), "danger")
    return redirect(url_for(".task", task_id=task_id), 303)

"""The list of tasks, live, and trying all again that failed."""

from flask import Response, flash, redirect
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints.filters import counted
from thumbapp.blueprints.monitor import live, task_query
from thumbapp.blueprints.monitor.blueprint import pages
from thumbapp.blueprints.monitor.bulk import FailedTasks, failed_tasks
from thumbapp.blueprints.monitor.context import monitor, render
from thumbapp.blueprints.monitor.task_rows import task_list
from thumbapp.blueprints.streams import conditional


@pages.get("/tasks")
def tasks() -> str:
    """Show the tasks that the query asks for, newest first."""
    return render("tasks/index.html", names=monitor().huey.task_names(), **task_list())


@pages.get("/tasks/rows")
def task_rows() -> str:
    """Return the changing part of the list, for the live update."""
    return render("tasks/_list.html", **task_list())


@pages.get("/tasks/news")
def task_news() -> Response:
    """Return what changes whenever a task does, for pages that ask."""
    return conditional(live.news())


@pages.get("/tasks/events")
def task_events() -> Response:
    """Stream that."""
    return live.stream("tasks", live.news)


@pages.get("/tasks/retry")
def ask_retry_all() -> str:
    """Show how many failed tasks the query asks for, before they are tried again."""
    return render("tasks/retry_all.html", failed=failed_tasks(), query=task_query.query_args())


@pages.post("/tasks/retry")
def retry_all() -> AnyResponse:
    """Try again all failed tasks that were shown; what failed since stays."""
    failed: FailedTasks = failed_tasks()
    queued, refused = monitor().control.retry_all(failed.wanted)
    monitor().host.note("task.retry-all", f"{queued} queued, {refused} not ({failed.says})")
    words = f"{counted(queued, 'task')} will be tried again."
    flash(f"{words} {refused} could not be." if refused else words, "danger" if refused else "ok")
    return redirect(task_query.address(".tasks", without=("state", "until")), 303)

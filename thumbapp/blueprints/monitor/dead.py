"""The dead letters: look at one, put it back into the queue, purge them."""

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints.filters import counted
from thumbapp.blueprints.monitor import task_query
from thumbapp.blueprints.monitor.blueprint import pages
from thumbapp.blueprints.monitor.context import monitor, render
from thumbapp.errors import MessageRefused, TaskNotKept, WrongState


@pages.get("/tasks/dead")
def dead() -> str:
    """Show the dead letters, newest first."""
    letters = monitor().control.dead
    items, cursor = letters.page(cursor=task_query.cursor(), limit=task_query.limit())
    return render(
        "tasks/dead.html", letters=items, count=letters.count(), next=cursor, cursor=task_query.cursor()
    )


@pages.get("/tasks/dead/purge")
def ask_purge() -> str:
    """Show how many dead letters there are, before they are deleted."""
    letters = monitor().control.dead
    sample, _ = letters.page(limit=5)
    return render("tasks/purge.html", count=letters.count(), sample=sample, newest=letters.newest())


@pages.post("/tasks/dead/purge")
def purge() -> Response:
    """Delete the dead letters up to the one that was the newest when they were counted."""
    deleted = monitor().control.dead.purge(until=request.form.get("until", ""))
    monitor().host.note("task.purge-dead", counted(deleted, "letter"))
    flash(f"{counted(deleted, 'dead letter')} deleted.", "ok")
    return redirect(url_for(".dead"), 303)


@pages.get("/tasks/dead/<entry>")
def dead_letter(entry: str) -> str:
    """Show one dead letter."""
    return render("tasks/dead_letter.html", letter=monitor().control.dead.find(entry))


@pages.post("/tasks/dead/<entry>/retry")
def put_back(entry: str) -> Response:
    """Put a dead letter back into the queue and go to its task."""
    monitor().host.note("task.put-back", entry)
    try:
        task_id = monitor().control.put_back(entry)
    except (MessageRefused, TaskNotKept, WrongState) as error:
        flash(str(error), "danger")
        return redirect(url_for(".dead_letter", entry=entry), 303)
    return redirect(url_for(".task", task_id=task_id), 303)

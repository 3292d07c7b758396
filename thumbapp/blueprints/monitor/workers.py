"""Workers and queues as pages: who is alive and runs what, what waits, pausing and stopping."""

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints.monitor.blueprint import pages
from thumbapp.blueprints.monitor.context import monitor, render
from thumbapp.blueprints.monitor.worker_rows import worker_page


@pages.get("/workers")
def workers() -> str:
    """Show every worker that is alive, and the queues they take from."""
    return render("workers/index.html", **worker_page())


@pages.get("/workers/panel")
def workers_panel() -> str:
    """Return the changing part of that page, for the live update."""
    return render("workers/_panel.html", **worker_page())


@pages.post("/workers/<worker_id>/stop")
def stop_worker(worker_id: str) -> Response:
    """Have a worker finish or hand back what it runs, and end."""
    monitor().host.note("worker.stop", worker_id)
    worker = monitor().workers.ask_to_stop(worker_id)
    flash(f"{worker.host} {worker.pid} was asked to stop: it finishes or hands back what it runs.", "ok")
    return redirect(url_for(".workers"), 303)


@pages.post("/queues/<name>/pause")
def pause_queue(name: str) -> Response:
    """Let no worker begin a task of a queue."""
    monitor().host.note("queue.pause", name)
    monitor().queues.pause(name)
    flash(f"The queue {name} is paused: no worker begins a task of it. What runs goes on.", "ok")
    return redirect(url_for(".workers"), 303)


@pages.post("/queues/<name>/resume")
def resume_queue(name: str) -> Response:
    """Let workers take from a queue again."""
    monitor().host.note("queue.resume", name)
    monitor().queues.resume(name)
    flash(f"Workers take from the queue {name} again.", "ok")
    return redirect(url_for(".workers"), 303)

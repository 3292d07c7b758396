"""Workers, queues and the registered tasks as JSON; the fields are those of the contract."""

from flask import Response, jsonify

from thumbapp.blueprints.monitor.blueprint import data
from thumbapp.blueprints.monitor.context import monitor
from thumbapp.taskqueue.catalogue import catalogue
from thumbapp.taskqueue.fields import queue_fields, task_kind_fields, worker_fields


@data.get("/workers")
def workers() -> Response:
    """Return every worker that is alive, by its last heartbeat."""
    return jsonify(items=[worker_fields(worker) for worker in monitor().workers.alive()], cursor=None)


@data.post("/workers/<worker_id>/stop")
def stop_worker(worker_id: str) -> tuple[Response, int]:
    """Have a worker finish or hand back what it runs, and end; 202 with the worker."""
    monitor().host.note("worker.stop", worker_id)
    monitor().workers.ask_to_stop(worker_id)
    asked = [worker for worker in monitor().workers.alive() if worker.id == worker_id]
    return jsonify(worker_fields(asked[0]) if asked else {"id": worker_id, "stopping": True}), 202


@data.get("/queues")
def queues() -> Response:
    """Return every queue, the one that workers prefer first."""
    return jsonify(items=[queue_fields(state) for state in monitor().queues.states()], cursor=None)


@data.post("/queues/<name>/pause")
def pause_queue(name: str) -> Response:
    """Let no worker begin a task of a queue; the queue as it is then."""
    monitor().host.note("queue.pause", name)
    monitor().queues.pause(name)
    return jsonify(queue_fields(monitor().queues.state(name)))


@data.post("/queues/<name>/resume")
def resume_queue(name: str) -> Response:
    """Let workers take from a queue again; the queue as it is then."""
    monitor().host.note("queue.resume", name)
    monitor().queues.resume(name)
    return jsonify(queue_fields(monitor().queues.state(name)))


@data.get("/registry")
def registry() -> Response:
    """Return every registered task with what it is called with."""
    return jsonify(items=[task_kind_fields(kind) for kind in catalogue(monitor().huey)], cursor=None)

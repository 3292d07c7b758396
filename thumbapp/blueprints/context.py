"""What a request works with: the parts that `create_app` assembled, and how the workers are."""

from dataclasses import dataclass
from typing import Final, cast

import redis
from flask import current_app, g, request

from thumbapp.accounts.service import Accounts
from thumbapp.audit import AuditLog
from thumbapp.config import Settings
from thumbapp.explorer.service import Explorer
from thumbapp.jobs.service import JobService
from thumbapp.live.hub import Hub
from thumbapp.live.poll_throttle import PollThrottle
from thumbapp.media.folder import MediaFolder
from thumbapp.schedules.service import Schedules
from thumbapp.taskqueue.queues import Queues
from thumbapp.taskqueue.workers import WorkerRegistry

EXTENSION: Final = "thumbapp"
JOBS_QUEUE: Final = "normal"


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a view may need, made once for the application."""

    settings: Settings
    redis: redis.Redis
    jobs: JobService
    media: MediaFolder
    workers: WorkerRegistry
    hub: Hub
    poll_throttle: PollThrottle
    accounts: Accounts
    audit: AuditLog
    schedules: Schedules
    explorer: Explorer


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """What every page says about the workers; ``known`` is False when Redis cannot be asked.

    ``is_paused``: the queue that jobs wait in is left alone by all of them.
    """

    known: bool
    alive: int = 0
    late: int = 0
    waiting: int = 0
    is_paused: bool = False


def parts() -> Parts:
    """Return the parts of the current application."""
    return cast(Parts, current_app.extensions[EXTENSION])


def job_service() -> JobService:
    """Return the job service of the current application."""
    return parts().jobs


def schedules() -> Schedules:
    """Return the schedules of the current application."""
    return parts().schedules


def has_session_cookie() -> bool:
    """Whether the browser sent our session cookie, so that CSRF must be ruled out."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def worker_status() -> WorkerStatus:
    """Return how many workers are alive and how many jobs wait, asked once a request."""
    if "worker_status" not in g:
        g.worker_status = _ask_workers()
    return cast(WorkerStatus, g.worker_status)


def _ask_workers() -> WorkerStatus:
    try:
        workers = parts().workers.alive()
        waiting = parts().jobs.waiting()
        queues = Queues(parts().redis, namespace=parts().settings.namespace)
        is_paused = queues.is_paused(JOBS_QUEUE)
    except redis.RedisError:
        return WorkerStatus(known=False)
    late = sum(worker.is_late for worker in workers)
    return WorkerStatus(known=True, alive=len(workers), late=late, waiting=waiting, is_paused=is_paused)

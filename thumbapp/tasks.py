"""Every Huey task; a body is one call. ``huey`` is what the consumer is started with.

Importing this reads the settings and opens nothing: the server is looked for at the first command.
"""

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import redis
from huey.exceptions import CancelExecution

from thumbapp.audit import AuditLog
from thumbapp.config import Settings
from thumbapp.errors import RenderStopped, TaskDied
from thumbapp.explorer.service import Explorer
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.runner import DROPPED, Runner
from thumbapp.jobs.upkeep import Upkeep
from thumbapp.runtime import logs
from thumbapp.runtime.connection import connect
from thumbapp.taskqueue.crontab import crontab
from thumbapp.taskqueue.queue import StreamHuey

if TYPE_CHECKING:
    from thumbapp.imaging.sandbox import Sandbox

logger = logging.getLogger(__name__)

_ACCEPTED_BY_THEN_S = 90

settings = Settings.from_environ()
huey = StreamHuey.from_settings(settings, not_done=(redis.RedisError, RenderStopped))


@huey.task(name="make_thumbnails", context=True)
def make_thumbnails(job_id: str, task: Any) -> str:
    """Make the thumbnails of one job; returns the state it ended in."""
    state = _runner().run(job_id, run_id=task.id)
    if state == DROPPED:
        raise CancelExecution(retry=False)
    return state


@huey.task(name="add")
def add(a: float, b: float) -> float:
    """Return the sum of two numbers: the first task to try."""
    return a + b


@huey.task(name="AdminPanel")
def admin_panel() -> str:
    """Say that somebody added it in the app."""
    return _say("Dodano mnie przez panel admina")


@huey.task(name="summary")
def summary() -> str:
    """Say hello; the demo does so every ten seconds."""
    return _say("Hello there every 10 sec")


@huey.task(name="test")
def test() -> str:
    """Say hello; the demo does so at 15:05 in Warsaw."""
    return _say("Hello there mortals")


@huey.periodic_task(crontab(minute="0"), name="clean_jobs")
def clean_jobs() -> int:
    """Remove expired jobs and leftovers every hour; returns how many jobs went."""
    return _upkeep().clean()


@huey.periodic_task(crontab(), name="requeue_jobs")
def requeue_jobs() -> int:
    """Queue again, every minute, waiting jobs that the queue has lost; returns how many."""
    return _upkeep().requeue(huey.unfinished_ids)


@huey.periodic_task(crontab(), name="restore_events")
def restore_events() -> int:
    """Put back, every minute, the notifications that nobody watches; returns on how many servers."""
    return _explorer().restore_events()


@huey.task(name="heal_jobs")
def heal_jobs() -> int:
    """Restore the jobs that Redis came back without; returns how many."""
    return _upkeep().heal()


def enqueue_job(job_id: str, *, run_id: str) -> None:
    """Queue the run *run_id* of a job; the run's id is the Huey task's, so its result is found by it."""
    task = make_thumbnails.s(job_id)
    task.id, task.revoke_id = run_id, f"r:{run_id}"
    huey.enqueue(task)


def _say(text: str) -> str:
    """Write *text* to the log and to the task's record, and return it."""
    logger.info(text)
    return text


@cache
def sandbox() -> "Sandbox":
    """Return the processes that this worker decodes in, made on first use."""
    from thumbapp.imaging.limits import Limits
    from thumbapp.imaging.sandbox import Sandbox

    return Sandbox(workers=settings.workers, limits=Limits.from_settings(settings))


@cache
def _ledger() -> Ledger:
    return Ledger.from_settings(settings, connect(settings, name="thumbapp-tasks"))


@cache
def _explorer() -> Explorer:
    client = connect(settings, name="thumbapp-tasks")
    return Explorer(settings, client=client, audit=AuditLog(client, namespace=settings.namespace))


@cache
def _runner() -> Runner:
    return Runner(_ledger(), renderer=sandbox(), clock=huey.now, on_progress=_show_progress)


def _show_progress(done: int, total: int) -> None:
    if huey.recorder is not None:
        huey.recorder.progress(done, total)


@cache
def _upkeep() -> Upkeep:
    return Upkeep(settings, ledger=_ledger(), enqueue=enqueue_job, clock=huey.now)


def _heal() -> None:
    """Heal now, and once those are old enough that may have been on their way in just now."""
    heal_jobs()
    heal_jobs.schedule(delay=_ACCEPTED_BY_THEN_S)


def _fail_job(task: Any, error: TaskDied) -> None:
    if task.name == "make_thumbnails":
        _runner().give_up(*task.args, run_id=task.id, error=error)


huey.on_empty.append(_heal)
huey.on_dead.append(_fail_job)


def _start() -> None:
    logs.ensure(settings)
    sandbox().start()


def _stop() -> None:
    sandbox().stop()
    _runner().stop()


huey.on_consumer_start.append(_start)
huey.on_consumer_stop.append(_stop)

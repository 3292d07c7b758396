"""What schedules and the task queue have to do with each other, both ways.

`HueyTaskQueue` makes a task of a plan and knows the periodic tasks that stand in the code; `RunTracker`
tells the schedules what became of their runs, together with the end of the task.
"""

import inspect
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final

import redis
from huey.api import Task
from huey.exceptions import CancelExecution
from huey.signals import SIGNAL_ENQUEUED, SIGNAL_EXPIRED, SIGNAL_REVOKED

from thumbapp.errors import TaskDied
from thumbapp.schedules.keys import schedule_of
from thumbapp.schedules.model import Kind, Outcome, Plan
from thumbapp.schedules.runs import Guarded, OpenRun, RunLog
from thumbapp.schedules.service import Schedules
from thumbapp.schedules.task_queue import Envelope
from thumbapp.taskqueue.delivery import rank_of
from thumbapp.taskqueue.messages import MessageHuey

logger = logging.getLogger("huey.scheduling")

_KINDS: Final[dict[object, tuple[type, ...]]] = {
    int: (int,),
    float: (int, float),
    str: (str,),
    bool: (bool,),
    list: (list,),
    dict: (dict,),
}


class HueyTaskQueue:
    """What schedules need of *huey*: see `thumbapp.schedules.task_queue.TaskQueue`."""

    def __init__(self, huey: MessageHuey) -> None:
        self._huey = huey

    def names(self) -> list[str]:
        """Return the names of all tasks, sorted."""
        return self._huey.task_names()

    def signature(self, name: str) -> inspect.Signature:
        """Return what the task *name* is called with; raises UnknownTask."""
        found: inspect.Signature = self._huey.task_named(name).signature
        return found

    def misfit(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return why the task *name* cannot be called so, "" when it can."""
        signature = self.signature(name)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            return f"{name}{signature}: {error}"
        for argument, value in bound.arguments.items():
            wanted = signature.parameters[argument].annotation
            if wanted in _KINDS and (not isinstance(value, _KINDS[wanted]) or _is_stray_bool(value, wanted)):
                return f"{argument} must be {wanted.__name__}, not {value!r:.40}"
        return ""

    def envelope(self, plan: Plan, task: str, due: datetime) -> Envelope:
        """Return the run of *plan* that is due at *due* as what goes into a stream, under the id *task*."""
        made = self._huey.task_named(plan.task)(
            args=plan.args,
            kwargs=dict(plan.kwargs),
            id=task,
            retries=plan.retries or None,
            retry_delay=plan.retry_delay or None,
            priority=plan.priority or None,
            timeout=plan.timeout or None,
        )
        if plan.expires:
            made.expires = made.expires_resolved = _naive(due + timedelta(seconds=plan.expires))
        elif made.expires:
            made.resolve_expires(self._huey.utc)
        stream = self._huey.storage.streams.keys[rank_of(made.priority)]
        message = self._huey.serialize_task(made)
        return Envelope(task, stream, "m", message, lambda: self._huey._emit(SIGNAL_ENQUEUED, made))

    def together(self) -> AbstractContextManager[None]:
        """Let what is announced within be written in one script."""
        together: AbstractContextManager[None] = self._huey.storage.streams.together()
        return together

    def code_plans(self) -> dict[str, Plan]:
        """Return the plans of the periodic tasks that stand in the code, by task; their clock is UTC."""
        return {name: _plan(name, validator) for name, validator in self._huey.periodic.items()}

    def is_valid(self, task: str, minute: datetime) -> bool:
        """Whether the code lets the periodic task *task* run in *minute* (UTC)."""
        return bool(self._huey.periodic[task](_naive(minute)))


def schedules_of(
    huey: MessageHuey, client: redis.Redis, *, namespace: str, timezone: str | None = None
) -> Schedules:
    """Return the schedules in *client*'s server that run the tasks of *huey*; new ones are of *timezone*."""
    queue = HueyTaskQueue(huey)
    return Schedules(client, namespace=namespace, queue=queue, timezone=timezone or "UTC")


class RunTracker:
    """Tells the schedules of *huey*'s server when a run of theirs begins and what becomes of it."""

    def __init__(self, huey: MessageHuey, *, client: redis.Redis, namespace: str) -> None:
        self._huey = huey
        self._log = RunLog(client, namespace=namespace)
        self._worker = f"{socket.gethostname()}:{os.getpid()}"

    def connect(self) -> None:
        """Listen from now on."""
        self._huey.on_begin.append(self.begin)
        self._huey.post_execute(name="schedules")(self.end)
        self._huey.signal(SIGNAL_REVOKED, SIGNAL_EXPIRED)(self.not_run)
        self._huey.on_dead.append(self.dead)

    def begin(self, task: Task) -> bool:
        """Note that *task* begins; False when it is a run that was taken back, and must not."""
        if not schedule_of(task.id):
            return True
        streams, held = self._huey.storage.streams, self._huey.storage.streams.held
        place = {"stream": streams.keys[held.rank], "entry": held.id} if held else {}
        task.open_run = self._log.begin(task.id, worker=self._worker, **place)
        return task.open_run is not None

    def end(self, task: Task, value: Any, error: Exception | None) -> None:
        """Note how the run of *task* has ended, or that it will be tried again."""
        run: OpenRun | None = getattr(task, "open_run", None)
        if run is None:
            return
        if error is not None and task.retries:
            self._write(self._log.retrying(run, reason=_reason(error)))
            return
        outcome = Outcome.DONE if error is None else Outcome.FAILED
        if isinstance(error, CancelExecution):
            outcome = Outcome.CANCELLED
        self._write(self._log.ended(run, outcome, took_ms=run.took_ms, reason=_reason(error)))

    def not_run(self, signal: str, task: Task) -> None:
        """Note that *task* was revoked, or came too late."""
        if schedule_of(task.id):
            outcome = Outcome.EXPIRED if signal == SIGNAL_EXPIRED else Outcome.CANCELLED
            reason = (
                "It had expired when a worker was free."
                if signal == SIGNAL_EXPIRED
                else "Its task was revoked."
            )
            self._write_end(task, outcome, reason)

    def dead(self, task: Task, error: TaskDied) -> None:
        """Note that *task* was given up."""
        if schedule_of(task.id):
            self._write_end(task, Outcome.FAILED, str(error))

    def _write_end(self, task: Task, outcome: Outcome, reason: str) -> None:
        run = self._log.find(task.id)
        if run is not None:
            self._write(self._log.ended(run, outcome, reason=reason))

    def _write(self, commands: Sequence[Guarded]) -> None:
        words = [("HAS", hash_key, field, *command) for hash_key, field, command in commands]
        self._huey.storage.streams.write(*words)


def _plan(task: str, validator: Any) -> Plan:
    expression = getattr(validator, "expression", "")
    return Plan(name=task, task=task, kind=Kind.CRON if expression else Kind.CODE, cron=expression)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _is_stray_bool(value: object, wanted: object) -> bool:
    return isinstance(value, bool) and wanted is not bool


def _reason(error: Exception | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}".rstrip(": ")

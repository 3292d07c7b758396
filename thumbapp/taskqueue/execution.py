"""Taking a task, carrying it through, and what becomes of it when that fails half-way."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import redis
from huey.api import Task
from huey.exceptions import RETRYING_EXCEPTIONS, CancelExecution
from huey.signals import SIGNAL_CANCELED, SIGNAL_ERROR, SIGNAL_EXECUTING, SIGNAL_INTERRUPTED
from huey.utils import SKIPPED, Error

from thumbapp.errors import MessageTooLarge, NotJson, TaskDied, TaskExited
from thumbapp.taskqueue.delivery import MAX_ATTEMPTS, Delivery
from thumbapp.taskqueue.messages import MessageHuey
from thumbapp.taskqueue.recorder import Recorder
from thumbapp.taskqueue.serializer import TaskFailure
from thumbapp.taskqueue.streams import may_pass

logger = logging.getLogger("huey.execution")


class _NotDone(BaseException):  # no Exception: Huey would keep it as the task's result
    """A task was left half-way and is to be delivered again."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True)
class ActiveTask:
    """A task that a thread of this process works on: how it was delivered, since when, which thread."""

    task: Task
    delivery: Delivery | None
    since: float = field(default_factory=time.monotonic)
    thread: str = field(default_factory=lambda: threading.current_thread().name)


class ExecutingHuey(MessageHuey):
    """A Huey that finishes what it has taken, or leaves it to be taken again.

    A task that raises one of ``not_done`` is delivered again. The callables in ``on_dead`` run for a
    task that is given up because `MAX_ATTEMPTS` workers died with it, perhaps more than once; those
    in ``on_begin`` before a task's own code, which does not run when one of them answers False.
    """

    not_done: tuple[type[Exception], ...] = ()
    recorder: Recorder | None = None
    _active: dict[int, ActiveTask]

    def dequeue(self) -> Task | None:
        """Return the next task that can be run; what cannot be is set aside and answered with None.

        What this thread ran before is finished by that: its results are written and it is acknowledged.
        """
        data = self.storage.dequeue()
        try:
            task = None if data is None else self._readable(data)
        except Exception as error:
            self.storage.streams.take_back(begun=not may_pass(error))
            raise
        if task is not None:
            self._active[threading.get_ident()] = ActiveTask(task, self._delivery)
        return task

    def execute(self, task: Task, timestamp: datetime | None = None) -> Any:
        """Run *task*, write what became of it, and return what it gave, None where it failed."""
        streams = self._streams
        if streams is None or streams.is_busy:
            return super().execute(task, timestamp)
        value = self.run(task, timestamp)
        streams.settle()
        return value

    def run(self, task: Task, timestamp: datetime | None = None) -> Any:
        """Run *task* and return what it gave; that is written when this thread takes another, or settles.

        Raises:
            redis.RedisError: the server went away; the task, begun or not, waits for another try, as it
                does after any other error that is not its own.
        """
        try:
            with self._finishing():
                return self._carry_through(task, timestamp)
        except _NotDone as half_way:
            self._leave(task, half_way.cause)
        except Exception as error:
            self.storage.streams.take_back(begun=not may_pass(error))
            raise
        finally:
            self._active.pop(threading.get_ident(), None)

    def is_revoked(self, task: Any, timestamp: datetime | None = None, peek: bool = True) -> bool:
        """Return whether *task* is revoked; *peek* is False where a worker asks for what it has taken.

        That one is not when nothing is, as the take said.
        """
        streams = self._streams
        if not peek and streams is not None and streams.held is not None and not streams.has_flags:
            return False
        return bool(super().is_revoked(task, timestamp, peek))

    def put_back(self) -> None:
        """Let the task that this thread has taken and not begun wait for another thread."""
        self._active.pop(threading.get_ident(), None)
        self.storage.streams.take_back()

    def active_tasks(self) -> list[ActiveTask]:
        """Return what the threads of this process work on now."""
        return list(self._active.values())

    def holder(self) -> str:
        """Return the task that the calling thread runs, and which delivery of it; "" outside of any."""
        held = self._active.get(threading.get_ident())
        if held is None or held.delivery is None:
            return ""
        consumer = self.storage.streams.leases.consumer.decode()
        return f"{held.task.id} {consumer}/{held.delivery.attempt}"

    def hand_back(self) -> list[Task]:
        """Give every task in hand to the other workers, because this process ends; return them."""
        held = self.active_tasks()
        given = self.storage.streams.leases.hand_back()
        return [entry.task for entry in held if entry.delivery and entry.delivery.key in given]

    def _carry_through(self, task: Task, timestamp: datetime | None) -> Any:
        delivery = self._delivery
        if delivery is not None and delivery.attempt > MAX_ATTEMPTS:
            return self._give_up(task, delivery)
        if delivery is not None and delivery.attempt > 1:
            logger.warning("Task %s is begun again, for the %d. time.", task.id, delivery.attempt)
        try:
            return super().execute(task, timestamp)
        except (NotJson, MessageTooLarge) as error:
            logger.error("What task %s returned cannot be passed on: %s", task.id, error)
            self._fail(task, error)
        except redis.RedisError:
            raise
        except Exception as error:
            logger.exception("Task %s could not be carried through.", task.id)
            self._fail(task, error)
        finally:
            if (chord := getattr(task, "collected_chord", None)) is not None:
                self.storage.drop_chord(chord)

    def _leave(self, task: Task, cause: Exception) -> None:
        """Leave *task*, which was begun, to another try; raise *cause* when it is Redis that is away.

        What is none of the server's doing counts as a delivery.
        """
        streams = self.storage.streams
        self._emit(SIGNAL_INTERRUPTED, task)
        if isinstance(cause, redis.RedisError) and not may_pass(cause):
            logger.error("Task %s (%s) will be tried again: %s", task.id, task.name, cause)
            streams.take_back(begun=True)
            return
        streams.forget()
        if isinstance(cause, redis.RedisError):
            raise cause
        logger.warning("Task %s (%s) is left for another try: %s", task.id, task.name, cause)

    def _give_up(self, task: Task, delivery: Delivery) -> None:
        """Put *task*, whose workers died each time, to the dead letters, and tell those who asked."""
        error = TaskDied(delivery.attempt - 1)
        logger.error("Task %s (%s) goes to the dead letters: %s", task.id, task.name, error)
        self._tell_dead(task, error)
        self.storage.bury(delivery.data, str(error), attempts=delivery.attempt - 1)
        self._emit(SIGNAL_ERROR, task, error)
        self._fail(task, error)

    def _tell_dead(self, task: Task, error: TaskDied) -> None:
        for hook in self.on_dead:
            try:
                hook(task, error)
            except redis.RedisError:
                raise
            except Exception:
                logger.exception("A hook failed for the dead task %s.", task.id)

    def _fail(self, task: Task, error: Exception) -> None:
        """Keep *error* as the result of *task* and of all that would have followed it."""
        kept = Error(self.build_error_result(task, error))
        if task.on_error is not None:
            task.on_error.extend_data(TaskFailure(kept.metadata))
            self.enqueue(task.on_error)
        follower = task
        while follower is not None:
            self.put_result(follower.id, kept)
            follower = follower.on_complete
        self._abort_chord_member(task, kept)

    @contextmanager
    def _timeout_context(self, task: Task) -> Iterator[None]:
        """Wrap the task's own code: what it writes is written at once, and it cannot end the worker."""
        with self._acting(), super()._timeout_context(task):
            try:
                yield
            except (SystemExit, KeyboardInterrupt) as error:
                raise TaskExited(repr(error)) from error
            except self.not_done as error:
                if self._delivery is None:
                    raise
                raise _NotDone(error) from error
            except Exception as error:
                if not self._is_called_off(task, error):
                    raise
                logger.warning("Task %s was cancelled meanwhile and is not tried again: %r", task.id, error)
                raise CancelExecution(retry=False) from error

    def _is_called_off(self, task: Task, error: Exception) -> bool:
        """Return whether *task*, which would be tried again after *error*, was asked to stop meanwhile."""
        would_go_on = task.retries or isinstance(error, (*RETRYING_EXCEPTIONS, CancelExecution))
        return bool(would_go_on and self.recorder is not None and self.recorder.is_asked_to_stop(task.id))

    def _execute(self, task: Task, timestamp: datetime) -> Any:
        """Run *task*, unless one of the callables in ``on_begin`` says that it must not begin."""
        try:
            with self._acting():
                may_begin = all(hook(task) for hook in self.on_begin)
        except redis.RedisError as error:
            raise _NotDone(error) from error
        if may_begin:
            return super()._execute(task, timestamp)
        self._emit(SIGNAL_CANCELED, task)
        self._abort_chord_member(task, SKIPPED)
        return None

    def _run_pre_execute(self, task: Task) -> None:
        with self._acting():
            super()._run_pre_execute(task)

    def _emit(self, signal: str, task: Task, *args: Any, **kwargs: Any) -> None:
        if signal != SIGNAL_EXECUTING:
            super()._emit(signal, task, *args, **kwargs)
            return
        with self._acting():
            super()._emit(signal, task, *args, **kwargs)

"""The one Huey: explicit task names, signed JSON messages, and items nobody can run set aside.

Knows no task of its own; `thumbapp.tasks` registers them.
"""

import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import redis
from huey.api import Huey, PeriodicTask, Task, TaskWrapper
from huey.registry import Message, Registry
from huey.utils import Error

from thumbapp.config import Settings
from thumbapp.errors import BadTask, DuplicateTaskName, MessageRefused, NotJson, UnknownTask
from thumbapp.runtime.connection import connect
from thumbapp.taskqueue.consumer import ThumbConsumer
from thumbapp.taskqueue.serializer import SignedJsonSerializer, message_key
from thumbapp.taskqueue.storage import QueueStorage

logger = logging.getLogger("huey.queue")

_OPTIONS = frozenset(
    ("delay", "eta", "expires", "id", "priority", "retries", "retry_backoff", "retry_delay", "timeout")
)
_UNREADABLE = (MessageRefused, UnknownTask, TypeError, ValueError, AttributeError)


class NamedRegistry(Registry):  # type: ignore[misc]  # huey ships no types
    """Tasks by their explicit name alone: moving a function to another module changes nothing."""

    def task_to_string(self, task_class: type[Task]) -> str:
        """Return the name that *task_class* was registered under."""
        return task_class.__name__

    def register(self, task_class: type[Task]) -> bool:
        """Add *task_class*; raises `DuplicateTaskName` when its name is taken."""
        if task_class.__name__ in self._registry:
            raise DuplicateTaskName(task_class.__name__)
        return bool(super().register(task_class))

    def string_to_task(self, task_str: str) -> type[Task]:
        """Return the task called *task_str*; raises `UnknownTask`."""
        if task_str not in self._registry:
            raise UnknownTask(task_str, self._registry)
        return self._registry[task_str]  # type: ignore[no-any-return]  # huey ships no types

    def create_task(self, message: Message) -> Task:
        """Return the task that *message* describes; raises `MessageRefused` for any other value."""
        if type(message) is not Message:
            raise MessageRefused("it is a value, not a task")
        return super().create_task(message)

    def names(self) -> list[str]:
        """Return the names of all tasks, sorted."""
        return sorted(self._registry)


@dataclass(frozen=True, slots=True)
class InHand:
    """A task that a thread of this process works on: the message it came as, and since when."""

    task: Task
    data: bytes
    since: float = field(default_factory=time.monotonic)


class ThumbHuey(Huey):  # type: ignore[misc]  # huey ships no types
    """A Huey on Redis whose tasks have explicit names and whose messages are signed JSON.

    Results are kept for *results_ttl_s* however often they are read. The callables in
    ``on_consumer_start`` run in the consumer's main thread before its workers start, those in
    ``on_consumer_stop`` after they have ended.
    """

    storage_class = QueueStorage

    def __init__(
        self,
        name: str,
        *,
        client: redis.Redis,
        namespace: str,
        key: bytes,
        results_ttl_s: int,
        immediate: bool = False,
    ) -> None:
        self.client = client
        self.namespace = namespace
        self.on_consumer_start: list[Callable[[], None]] = []
        self.on_consumer_stop: list[Callable[[], None]] = []
        self._in_hand: dict[int, InHand] = {}
        super().__init__(
            name,
            store_none=True,
            immediate=immediate,
            serializer=SignedJsonSerializer(key),
            client=client,
            namespace=namespace,
            expire_time=results_ttl_s,
        )
        self._registry = NamedRegistry()

    # --- registering ------------------------------------------------------------------------------

    def task(self, *, name: str, **options: Any) -> Callable[[Callable[..., Any]], TaskWrapper]:  # type: ignore[override, unused-ignore]  # name is mandatory
        """Return a decorator that registers a function as the task *name*.

        Raises:
            BadTask: an argument of the function would be taken for an option of Huey's.
            DuplicateTaskName: another task has that name.
        """
        return self._checked(name, super().task(name=name, **options))

    def periodic_task(
        self, validate_datetime: Callable[[datetime], bool], *, name: str, **options: Any
    ) -> Callable[[Callable[..., Any]], TaskWrapper]:
        """Return a decorator that registers a function as the task *name*, due when the minute is valid.

        It is enqueued once a minute however many consumers run.
        """
        return self._checked(name, super().periodic_task(validate_datetime, name=name, **options))

    def task_names(self) -> list[str]:
        """Return the names of all registered tasks, sorted."""
        names: list[str] = self._registry.names()
        return names

    def task_named(self, name: str) -> type[Task]:
        """Return the task class registered as *name*; raises `UnknownTask`."""
        return self._registry.string_to_task(name)

    def _checked(self, name: str, decorator: Any) -> Callable[[Callable[..., Any]], TaskWrapper]:
        def register(function: Any) -> TaskWrapper:
            plain = function.func if isinstance(function, TaskWrapper) else function
            if not name:
                raise BadTask(plain.__qualname__, "it needs a name")
            if swallowed := sorted(_OPTIONS & inspect.signature(plain).parameters.keys()):
                raise BadTask(plain.__qualname__, f"Huey takes the argument {swallowed[0]!r} for itself")
            return decorator(function)

        return register

    # --- taking, running, handing back --------------------------------------------------------------

    def create_consumer(self, **options: Any) -> ThumbConsumer:
        """Return a consumer of this queue; *options* are those of the ``huey_consumer`` script."""
        return ThumbConsumer(self, **options)

    def dequeue(self) -> Task | None:
        """Return the next task that can be run; what cannot be is set aside and answered with None."""
        data = self.storage.dequeue()
        task = None if data is None else self._readable(data)
        if task is not None:
            self._in_hand[threading.get_ident()] = InHand(task, data)
        return task

    def execute(self, task: Task, timestamp: datetime | None = None) -> Any:
        """Run *task* as Huey does, knowing what this thread has in hand."""
        try:
            return super().execute(task, timestamp)
        finally:
            self._in_hand.pop(threading.get_ident(), None)

    def in_hand(self) -> list[InHand]:
        """Return what the threads of this process work on now."""
        return list(self._in_hand.values())

    def hand_back(self) -> list[Task]:
        """Put every task in hand back in the queue, because this process ends; return them."""
        given = [self._in_hand.pop(thread) for thread in list(self._in_hand)]
        for held in given:
            self.storage.hand_back(held.data, held.task.priority)
        return [held.task for held in given]

    def read_schedule(self, timestamp: datetime | None = None) -> list[Task]:
        """Return the tasks due at *timestamp* (now), taken off the schedule; set aside what is none."""
        due = self.storage.read_schedule(timestamp or self._get_timestamp())
        return [task for task in map(self._readable, due) if task is not None]

    def _readable(self, data: bytes) -> Task | None:
        """Return the task in *data*; None, once it is set aside, when there is none."""
        try:
            return self.deserialize_task(data)
        except _UNREADABLE as error:
            logger.warning("Set aside an item of %s bytes: %s", f"{len(data):,}", error)
            self.storage.set_aside(data, str(error))
            return None

    def _deserialize_all(self, messages: list[bytes]) -> list[Task]:
        """Return the tasks among *messages*, for those who only look."""
        return list(self._tasks_in(messages))

    def _tasks_in(self, messages: list[bytes]) -> Iterator[Task]:
        for data in messages:
            try:
                yield self.deserialize_task(data)
            except _UNREADABLE as error:
                logger.debug("Not a task of ours: %s", error)

    # --- results ------------------------------------------------------------------------------------

    def put_result(self, key: str, data: object) -> None:
        """Keep *data* as the result *key*; what JSON cannot carry is kept as an error that says so."""
        try:
            super().put_result(key, data)
        except NotJson as error:
            logger.error("The result of task %s is lost: %s", key, error)
            super().put_result(key, Error({"error": f"NotJson: {error}", "task_id": key}))


def build_huey(settings: Settings, *, immediate: bool = False) -> ThumbHuey:
    """Return the app's Huey over the server that *settings* lead to; nothing is connected yet.

    With *immediate*, tasks run in the caller and nothing is sent anywhere.
    """
    return ThumbHuey(
        "thumbapp",
        client=connect(settings, name="thumbapp-queue"),
        namespace=settings.namespace,
        key=message_key(settings.secret()),
        results_ttl_s=settings.retention_s,
        immediate=immediate,
    )


__all__ = ["InHand", "NamedRegistry", "PeriodicTask", "ThumbHuey", "build_huey"]

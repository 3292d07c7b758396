"""What goes into the queue and comes out of it: named tasks, signed messages, results.

Everything that cannot be read as a task of ours is set aside with its reason and never executed.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from huey.api import Huey, Task, TaskWrapper
from huey.utils import Error

from thumbapp.errors import MessageTooLarge, NotJson, TaskDied, ThumbAppError
from thumbapp.taskqueue.delivery import Delivery
from thumbapp.taskqueue.registry import checked
from thumbapp.taskqueue.storage import StreamStorage
from thumbapp.taskqueue.streams import TaskStreams

logger = logging.getLogger("huey.messages")

MAX_MESSAGE_BYTES = 1_000_000
_UNREADABLE = (
    ThumbAppError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


class MessageHuey(Huey):  # type: ignore[misc]  # huey ships no types
    """A Huey whose tasks have explicit names, over `StreamStorage`.

    ``periodic`` holds what judges the minutes of each periodic task.
    """

    storage: Any
    periodic: dict[str, Callable[[datetime], bool]]
    on_begin: list[Callable[[Task], bool]]
    on_dead: list[Callable[[Task, TaskDied], None]]

    # --- registering --------------------------------------------------------------------------------

    def task(self, *, name: str, **options: Any) -> Callable[[Callable[..., Any]], TaskWrapper]:  # type: ignore[override, unused-ignore]  # name is mandatory
        """Return a decorator that registers a function as the task *name*.

        Raises:
            BadTask: an argument of the function would be taken for an option of Huey's.
            DuplicateTaskName: another task has that name.
        """
        return checked(name, super().task(name=name, **options))

    def periodic_task(
        self, validate_datetime: Callable[[datetime], bool], *, name: str, **options: Any
    ) -> Callable[[Callable[..., Any]], TaskWrapper]:
        """Return a decorator that registers a function as the task *name*, due when the minute is valid.

        It is a task like any other, its result is kept; that it is periodic makes it a schedule that comes
        from the code: `thumbapp.schedules` runs it, once however many consumers there are.
        """
        register = self.task(
            name=name, validate_datetime=lambda task, minute: validate_datetime(minute), **options
        )

        def periodic(function: Callable[..., Any]) -> TaskWrapper:
            wrapper = register(function)
            self.periodic[name] = validate_datetime
            return wrapper

        return periodic

    def task_names(self) -> list[str]:
        """Return the names of all registered tasks, sorted."""
        names: list[str] = self._registry.names()
        return names

    def task_named(self, name: str) -> type[Task]:
        """Return the task class registered as *name*; raises `UnknownTask`."""
        found: type[Task] = self._registry.string_to_task(name)
        return found

    # --- messages -----------------------------------------------------------------------------------

    def serialize_task(self, task: Task) -> bytes:
        """Return *task* as a message.

        Raises:
            NotJson: an argument is of a type that JSON cannot carry.
            MessageTooLarge: it has more than `MAX_MESSAGE_BYTES`.
        """
        data = bytes(super().serialize_task(task))
        if len(data) > MAX_MESSAGE_BYTES:
            raise MessageTooLarge(len(data), MAX_MESSAGE_BYTES)
        return data

    def read_schedule(self, timestamp: datetime | None = None) -> list[Task]:
        """Return the tasks due at *timestamp* (now), taken off the schedule; set aside what is none."""
        due = self.storage.read_schedule(timestamp or self._get_timestamp())
        return [task for task in map(self._readable, due) if task is not None]

    def _readable(self, data: bytes) -> Task | None:
        """Return the task in *data*; None, once it is set aside, when there is none."""
        try:
            return self.collected(self.deserialize_task(data))
        except _UNREADABLE as error:
            logger.warning("Set aside an item of %s bytes: %s", f"{len(data):,}", error)
            with self._finishing() if self._delivery else nullcontext():
                self.storage.bury(data, str(error))
            return None

    def unfinished_ids(self) -> set[str]:
        """Return the ids of all tasks that wait, run or are scheduled."""
        ids = map(self.serializer.task_id, self.storage.unfinished_items())
        return {task_id for task_id in ids if task_id is not None}

    def collected(self, task: Task) -> Task:
        """Return *task* with what its message only points to in its arguments."""
        return task

    def _deserialize_all(self, messages: list[bytes]) -> list[Task]:
        """Return the tasks among *messages*, for those who only look."""
        return list(self._tasks_in(messages))

    def _tasks_in(self, messages: list[bytes]) -> Iterator[Task]:
        for data in messages:
            try:
                yield self.deserialize_task(data)
            except _UNREADABLE as error:
                logger.debug("Not a task of ours: %s", error)

    def put_result(self, key: str, data: object) -> None:
        """Keep *data* as the result *key*; what JSON cannot carry is kept as an error that says so."""
        self.storage.put_data(key, self._result_bytes(key, data), is_result=True)

    def _result_bytes(self, key: str, data: object) -> bytes:
        try:
            return bytes(self.serializer.serialize(data))
        except NotJson as error:
            logger.error("The result of task %s is lost: %s", key, error)
            return bytes(self.serializer.serialize(Error({"error": f"NotJson: {error}", "task_id": key})))

    # --- what the calling thread is in the middle of ------------------------------------------------

    def _finishing(self) -> AbstractContextManager[None]:
        return self._streams.finishing() if self._streams else nullcontext()

    def _acting(self) -> AbstractContextManager[None]:
        return self._streams.acting() if self._streams else nullcontext()

    @property
    def _delivery(self) -> Delivery | None:
        return self._streams.held if self._streams else None

    @property
    def _streams(self) -> TaskStreams | None:
        """Our streams; None in immediate mode, whose storage is Huey's in-memory one."""
        return self.storage.streams if isinstance(self.storage, StreamStorage) else None

"""Tasks by their explicit name alone. Knows no Redis."""

import inspect
from collections.abc import Callable
from typing import Any

from huey.api import Task, TaskWrapper
from huey.registry import Message, Registry

from thumbapp.errors import BadTask, DuplicateTaskName, MessageRefused, UnknownTask

_OPTIONS = frozenset(
    ("delay", "eta", "expires", "id", "priority", "retries", "retry_backoff", "retry_delay", "timeout")
)


class NamedRegistry(Registry):  # type: ignore[misc]  # huey ships no types
    """Huey's registry, but moving a function to another module changes nothing."""

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


def checked(name: str, decorator: Any) -> Callable[[Callable[..., Any]], TaskWrapper]:
    """Return *decorator*, which registers a function as the task *name*, with our conditions before it.

    The task class tells what it is called with in its ``signature``.

    Raises, when it is applied:
        BadTask: there is no name, or an argument of the function would be taken for an option of Huey's.
    """

    def register(function: Any) -> TaskWrapper:
        plain = function.func if isinstance(function, TaskWrapper) else function
        if not name:
            raise BadTask(plain.__qualname__, "it needs a name")
        if swallowed := sorted(_OPTIONS & inspect.signature(plain).parameters.keys()):
            raise BadTask(plain.__qualname__, f"Huey takes the argument {swallowed[0]!r} for itself")
        wrapper: TaskWrapper = decorator(function)
        wrapper.task_class.signature = _signature(plain, has_context=wrapper.context)
        return wrapper

    return register


def _signature(function: Callable[..., Any], *, has_context: bool) -> inspect.Signature:
    """Return what a caller of *function* gives: without the task that Huey hands in itself."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:  # an annotation that is only there for type checkers
        signature = inspect.signature(function)
    given = [item for item in signature.parameters.values() if not (has_context and item.name == "task")]
    return signature.replace(parameters=given)

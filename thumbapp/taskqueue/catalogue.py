"""Every registered task with what it is called with, for people and programs that want to run one."""

import inspect
from dataclasses import dataclass
from typing import Any

from thumbapp.taskqueue.messages import MessageHuey


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a task; *type* is its annotation in words, *default* JSON-like text, "" for none."""

    name: str
    type: str
    required: bool
    default: str = ""


@dataclass(frozen=True, slots=True)
class TaskKind:
    """One registered task: its name, how it is called, its first sentence, what it was registered with."""

    name: str
    signature: str
    about: str
    arguments: tuple[Argument, ...]
    retries: int
    priority: float | None
    is_periodic: bool


def catalogue(huey: MessageHuey) -> list[TaskKind]:
    """Return every task of *huey*, by name."""
    return [_kind(huey, name) for name in huey.task_names()]


def _kind(huey: MessageHuey, name: str) -> TaskKind:
    task: Any = huey.task_named(name)
    signature: inspect.Signature = task.signature
    return TaskKind(
        name=name,
        signature=str(signature),
        about=(inspect.getdoc(task) or "").partition("\n")[0],
        arguments=tuple(map(_argument, signature.parameters.values())),
        retries=int(task.default_retries or 0),
        priority=task.default_priority,
        is_periodic=name in huey.periodic,
    )


def _argument(parameter: inspect.Parameter) -> Argument:
    required = parameter.default is parameter.empty
    shown = "" if parameter.annotation is parameter.empty else inspect.formatannotation(parameter.annotation)
    return Argument(parameter.name, shown, required, "" if required else repr(parameter.default))

"""What schedules need of the task queue, which comes in as an argument."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from inspect import Signature
from typing import Any, Protocol

from thumbapp.schedules.model import Plan


@dataclass(frozen=True, slots=True)
class Envelope:
    """A task as it is put into a stream: one field and its value; ``announce`` tells who listens that it is.

    It is the queue's word for a task: nothing here looks into it.
    """

    task_id: str
    stream: bytes | str
    field: str
    message: bytes
    announce: Callable[[], None]


class TaskCatalogue(Protocol):
    """The tasks that a schedule may name."""

    def names(self) -> Iterable[str]:
        """Return their names."""

    def signature(self, name: str) -> Signature:
        """Return what the task *name* is called with; raises UnknownTask."""

    def misfit(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return why the task *name* cannot be called so, "" when it can."""


class TaskQueue(TaskCatalogue, Protocol):
    """The task queue: makes what can be put into it, and knows the schedules that stand in the code."""

    def envelope(self, plan: Plan, task: str, due: datetime) -> Envelope:
        """Return the run of *plan* that is due at *due* as what goes into a stream, under the id *task*."""

    def together(self) -> AbstractContextManager[None]:
        """Let what is announced within be written in one go."""

    def code_plans(self) -> Mapping[str, Plan]:
        """Return the plans that stand in the code, by the name of their task."""

    def is_valid(self, task: str, minute: datetime) -> bool:
        """Whether the code lets the periodic task *task* run in *minute* (UTC)."""

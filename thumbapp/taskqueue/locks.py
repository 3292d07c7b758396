"""Huey's locks, but one that a worker died with keeps nobody out for ever.

A lock says which delivery of which task holds it. The task finds its own when it is delivered again, and
one whose holder has come to an end belongs to nobody. A lock that was taken outside of any task is Huey's.
"""

from typing import TYPE_CHECKING, Any

from huey.api import TaskLock
from huey.constants import EmptyData
from huey.exceptions import TaskLockedException

from thumbapp.errors import MessageRefused
from thumbapp.taskqueue.records import TaskRecords

if TYPE_CHECKING:
    from thumbapp.taskqueue.queue import StreamHuey

_NO_TASK = "1"


class HeldLock(TaskLock):  # type: ignore[misc]  # huey ships no types
    """The lock *name* of *huey*; it ends by itself after *ttl* seconds, if that is given."""

    def __init__(self, huey: "StreamHuey", name: str, ttl: int | None = None) -> None:
        super().__init__(huey, name, ttl)

    def acquire(self) -> bool:
        """Take the lock and return True; raises TaskLockedException when somebody else has it."""
        mine = self._huey.holder()
        if self._huey.put_if_empty(self._key, mine or _NO_TASK, self._ttl):
            return True
        if mine and self._take_over(mine):
            return True
        raise TaskLockedException(f"unable to acquire lock {self._name}")

    def __exit__(self, *raised: object) -> None:
        """Let go of the lock, unless another delivery of the task has it by now."""
        raw, mine = self._raw(), self._huey.holder()
        if not mine or self._holder(raw) == mine:
            self._huey.storage.swap_data(self._key, raw, None)

    def _take_over(self, mine: str) -> bool:
        """Take the lock from an earlier delivery of the same task, or from a task that has ended."""
        raw = self._raw()
        holder = self._holder(raw)
        task, _, delivery = holder.partition(" ")
        if not delivery or holder == mine or not (task == mine.partition(" ")[0] or self._has_ended(task)):
            return False
        new = self._huey.serializer.serialize(mine)
        return bool(self._huey.storage.swap_data(self._key, raw, new, ttl_s=self._ttl))

    def _has_ended(self, task_id: str) -> bool:
        """Return whether nothing more happens to a task; one whose record is gone may wait in the queue."""
        found = TaskRecords(self._huey.client, namespace=self._huey.namespace).find(task_id)
        return task_id not in self._huey.unfinished_ids() if found is None else found.is_final

    def _raw(self) -> Any:
        return self._huey.storage.peek_data(self._key)

    def _holder(self, raw: Any) -> str:
        """Return who holds the lock by its value; "" when nobody does, or nobody that we know."""
        try:
            return "" if raw is EmptyData else str(self._huey.serializer.deserialize(raw))
        except MessageRefused:
            return ""

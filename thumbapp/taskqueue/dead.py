"""The dead letters: messages that were given up, each with its reason, to look at, put back or purge."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from huey.api import Task

from thumbapp.errors import LetterNotFound, ThumbAppError
from thumbapp.taskqueue.messages import MessageHuey
from thumbapp.taskqueue.serializer import dump

_AT_ONCE: Final = 100
_SHOWN: Final = 4_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that was given up: when and why, after how many tries.

    ``task`` is what it asks for; None for one that is not ours to read: a forgery, a pickle, an unknown
    name. ``entry`` is its id in the stream, ``data`` the message, ``size`` what it had in bytes.
    """

    entry: str
    at: datetime
    reason: str
    attempts: int
    size: int
    data: bytes
    task: Task | None

    @property
    def arguments(self) -> str:
        """What it was to be called with, as text; the beginning of the message when it is none of ours."""
        if self.task is None:
            return self.data[:_SHOWN].decode("utf-8", "backslashreplace")
        parts = [dump(list(self.task.args))] if self.task.args else []
        parts += [dump(self.task.kwargs)] if self.task.kwargs else []
        return b" ".join(parts)[:_SHOWN].decode("utf-8", "replace")


class DeadLetters:
    """The dead letters of *huey*, newest first."""

    def __init__(self, huey: MessageHuey) -> None:
        self._huey = huey
        self._redis: Any = huey.storage.conn
        self.key: str = huey.storage.dead_key

    def count(self) -> int:
        """Return how many there are."""
        return int(self._redis.xlen(self.key))

    def newest(self) -> str:
        """Return the entry of the newest, "" when there is none."""
        return next((entry.decode() for entry, _ in self._redis.xrevrange(self.key, count=1)), "")

    def page(self, *, cursor: str | None = None, limit: int = 50) -> tuple[list[DeadLetter], str | None]:
        """Return up to *limit* from *cursor* on, and where to go on."""
        highest = _before(cursor) if cursor else "+"
        entries = self._redis.xrevrange(self.key, max=highest, count=limit + 1) if highest else []
        letters = [self._letter(entry, fields) for entry, fields in entries[:limit]]
        return letters, letters[-1].entry if len(entries) > limit else None

    def find(self, entry: str) -> DeadLetter:
        """Return the letter *entry*; raises LetterNotFound."""
        if not _is_entry(entry):
            raise LetterNotFound
        found = self._redis.xrange(self.key, entry, entry)
        if not found:
            raise LetterNotFound
        return self._letter(*found[0])

    def entry_of(self, task_id: str) -> str:
        """Return the entry of the newest letter of the task *task_id*; "" when it has none."""
        for entry, fields in self._walk():
            if self._huey.serializer.task_id(fields.get(b"data", b"")) == task_id:
                return entry
        return ""

    def purge(self, *, until: str) -> int:
        """Delete all letters up to the entry *until*; return how many. Later ones stay."""
        deleted = 0
        while entries := self._redis.xrange(self.key, max=until, count=_AT_ONCE) if _is_entry(until) else []:
            deleted += self.remove(entry.decode() for entry, _ in entries)
        return deleted

    def remove(self, entries: Iterable[str]) -> int:
        """Delete the letters *entries*; return how many there were."""
        return int(self._redis.xdel(self.key, *entries))

    def _walk(self) -> Iterator[tuple[str, dict[bytes, bytes]]]:
        highest: str = "+"
        while highest and (entries := self._redis.xrevrange(self.key, max=highest, count=_AT_ONCE)):
            for entry, fields in entries:
                yield entry.decode(), fields
            highest = _before(entries[-1][0].decode())

    def _letter(self, entry: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
        data = fields.get(b"data", b"")
        return DeadLetter(
            entry=entry.decode(),
            at=datetime.fromtimestamp(int(entry.partition(b"-")[0]) / 1000, UTC),
            reason=fields.get(b"reason", b"").decode("utf-8", "replace"),
            attempts=int(fields.get(b"attempts", 0)),
            size=int(fields.get(b"bytes", len(data))),
            data=data,
            task=self._task(data),
        )

    def _task(self, data: bytes) -> Task | None:
        try:
            return self._huey.deserialize_task(data)
        except (ThumbAppError, TypeError, ValueError, AttributeError, LookupError, RecursionError):
            return None


def _is_entry(text: str) -> bool:
    moment, _, number = text.partition("-")
    return all(part.isdecimal() and part.isascii() and len(part) < 20 for part in (moment, number))


def _before(entry: str) -> str:
    """Return the largest id before *entry*, "" when there is none; Redis 5 has no open ranges."""
    if not _is_entry(entry):
        return ""
    moment, number = map(int, entry.split("-"))
    if number:
        return f"{moment}-{number - 1}"
    return f"{moment - 1}-{2**64 - 1}" if moment else ""

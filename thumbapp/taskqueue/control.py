"""What people do to tasks: run one by its name, cancel it, try it again, put a dead letter back.

Each is one step in Redis, so that two people who press at once have it done once.
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Protocol

from huey.api import Task

from thumbapp.errors import (
    ArgumentsMisfit,
    LetterNotFound,
    MessageRefused,
    TaskNotFound,
    TaskNotKept,
    ThumbAppError,
    UnknownTask,
    WrongTaskState,
)
from thumbapp.live.events import stream_key
from thumbapp.taskqueue import scripts
from thumbapp.taskqueue.dead import DeadLetters
from thumbapp.taskqueue.delivery import RANKS, Arg, rank_of
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.recorder import arguments_text, message_key
from thumbapp.taskqueue.records import Filter, TaskRecord, TaskRecords

logger = logging.getLogger("huey.control")

TO_TRY_AGAIN: Final = ("failed", "cancelled", "dead")


class Owner(Protocol):
    """Whose work a task does, and who is asked before it is stopped or repeated; called as the task is."""

    def cancel(self, *args: Any, **kwargs: Any) -> None:
        """Stop the work."""

    def retry(self, *args: Any, **kwargs: Any) -> str:
        """Have the work done again; return the id of the task that does it."""


class TaskControl:
    """What can be done to the tasks of *huey*; *owners* are asked for the tasks of their name."""

    def __init__(self, huey: StreamHuey, *, owners: Mapping[str, Owner] | None = None) -> None:
        self._huey = huey
        self._owners = owners or {}
        self._prefix = f"{huey.namespace}tasks"
        self._events = stream_key(huey.namespace)
        self.records = TaskRecords(huey.client, namespace=huey.namespace)
        self.dead = DeadLetters(huey)

    def find(self, task_id: str) -> TaskRecord:
        """Return the record of a task; raises TaskNotFound."""
        found = self.records.find(task_id)
        if found is None:
            raise TaskNotFound(task_id)
        return found

    def submit(self, name: str, args: Iterable[Any], kwargs: Mapping[str, Any]) -> TaskRecord:
        """Queue the task *name* once; return its record as it was then, however fast a worker is.

        Raises:
            UnknownTask, ArgumentsMisfit, NotJson, MessageTooLarge: it cannot be called so.
        """
        task = self._huey.task_named(name)(tuple(args), dict(kwargs))
        try:
            task.signature.bind(*task.args, **task.kwargs)
        except TypeError as error:
            raise ArgumentsMisfit(f"{name}{task.signature}: {error}") from error
        self._huey.enqueue(task)
        return _waiting(self.find(task.id), attempts=0)

    def cancel(self, task_id: str) -> TaskRecord:
        """Take back a task that waits, at once; ask one that runs to stop. Returns its record.

        A running task stops when it next reports its progress, its owner where it has one.

        Raises:
            WrongTaskState: it has ended, perhaps just now.
        """
        record = self.find(task_id)
        if record.is_final:
            raise WrongTaskState("cancelled", record.state)
        if owner := self._owner(record.name):
            args, kwargs = _arguments(record)
            owner.cancel(*args, **kwargs)
            record = self.find(task_id)
        return record if record.state == "cancelled" else self._take_back(record)

    def withdraw(self, task_id: str) -> None:
        """Cancel the task without asking its owner; one that has ended, or is unknown, needs none."""
        record = self.records.find(task_id)
        if record is None or record.is_final:
            return
        with suppress(WrongTaskState):
            self._take_back(record)

    def _take_back(self, record: TaskRecord) -> TaskRecord:
        # Once: the worker that meets the message forgets that it was revoked.
        self._huey.revoke_by_id(record.id, revoke_once=True)
        facts = ("error", "It was cancelled before it began.", "finished_at", self._now_ms())
        self._run(scripts.CANCEL, *self._words(record, "cancelled", facts))
        found = self.find(record.id)
        if found.is_final and found.state != "cancelled":
            self._huey.restore_by_id(record.id)  # no worker will meet its message
            raise WrongTaskState("cancelled", found.state)
        return found

    def retry(self, task_id: str) -> TaskRecord:
        """Queue again a task that failed, died or was cancelled; return the record of what runs now.

        Raises:
            WrongTaskState: it is in another state, or somebody was faster.
            TaskNotKept: its message is not there any more.
        """
        record = self.find(task_id)
        if record.state not in TO_TRY_AGAIN:
            raise WrongTaskState("tried again", record.state)
        entry = self.dead.entry_of(task_id) if record.state == "dead" else ""
        if owner := self._owner(record.name):
            return self._repeat(owner, *_arguments(record), entry=entry)
        is_waiting = record.state == "cancelled" and self._huey.restore_by_id(task_id)
        message = b"" if is_waiting else self._kept(record)
        if not self._queue_again(record, message, entry=entry):
            raise WrongTaskState("tried again", self.find(task_id).state)
        return _waiting(self.find(task_id), attempts=record.attempts)

    def retry_all(self, wanted: Filter) -> tuple[int, int]:
        """Try all again that *wanted* admits; return how many are queued, and how many could not be."""
        queued = refused = 0
        for task_id in list(self.records.ids(wanted)):
            try:
                self.retry(task_id)
                queued += 1
            except ThumbAppError as error:
                logger.info("Not tried again: task %s (%s)", task_id, error)
                refused += 1
        return queued, refused

    def put_back(self, entry: str) -> str:
        """Queue the dead letter *entry* again; return the id of the task that runs now.

        Raises:
            LetterNotFound: it is not there any more.
            MessageRefused: it is no message of ours, so nobody could run it.
        """
        letter = self.dead.find(entry)
        if letter.task is None:
            raise MessageRefused("it is no task that could be run")
        if owner := self._owner(letter.task.name):
            return self._repeat(owner, letter.task.args, letter.task.kwargs, entry=entry).id
        record = self.records.find(letter.task.id)
        if record is None:
            rank = RANKS[rank_of(letter.task.priority)]
            args = arguments_text(list(letter.task.args)).decode("utf-8", "replace")
            record = TaskRecord(letter.task.id, letter.task.name, "dead", letter.at, args, queue=rank)
        if not self._queue_again(record, self._again(letter.task), entry=entry):
            raise LetterNotFound
        return str(letter.task.id)

    def _repeat(
        self, owner: Owner, args: Iterable[Any], kwargs: Mapping[str, Any], *, entry: str
    ) -> TaskRecord:
        new_id = owner.retry(*args, **kwargs)
        if entry:
            self.dead.remove([entry])
        return _waiting(self.find(new_id), attempts=0)

    def _owner(self, name: str) -> Owner | None:
        return self._owners.get(name)

    def _kept(self, record: TaskRecord) -> bytes:
        """Return the message of *record*'s task, with all that belongs to it, to be run now."""
        data = self._huey.client.get(message_key(self._prefix, record.id))
        if isinstance(data, bytes):
            try:
                return self._again(self._huey.deserialize_task(data))
            except UnknownTask:  # to this process, which only looks on: a worker knows it
                return data
        args, kwargs = _arguments(record)
        task = self._huey.task_named(record.name)
        return self._again(task(tuple(args), kwargs, id=record.id, priority=record.priority))

    def _queue_again(self, record: TaskRecord, message: bytes, *, entry: str) -> bool:
        """Queue *message* (none: it is in the queue still) unless *record* has changed meanwhile."""
        stream = self._huey.storage.streams.keys[RANKS.index(record.queue)]
        is_later = not message and record.due_at is not None and record.due_at > self._huey.now()
        facts: tuple[Arg, ...] = ("queue", record.queue, "args", record.args, "queued_at", self._now_ms())
        words = self._words(record, "scheduled" if is_later else "queued", facts)
        return self._run(scripts.RETRY, record.state, stream, message, self.dead.key, entry, *words)

    def _again(self, task: Task) -> bytes:
        """Return the message that lets *task* run now, with all the tries it had at first."""
        task.eta = task.expires_resolved = None
        task.retries = type(task).default_retries
        if task.expires:
            task.resolve_expires(self._huey.utc)
        return self._huey.serialize_task(task)

    def _now_ms(self) -> int:
        """Return the time in milliseconds since 1970, as the records have it."""
        return int(self._huey.storage.streams.leases.now_ms())

    def _words(self, record: TaskRecord, state: str, facts: tuple[Arg, ...]) -> tuple[Arg, ...]:
        """Return what RECORD is told to put *record* into *state*."""
        seconds = self._huey.results_ttl_s if state == "cancelled" else 0
        return (
            self._prefix,
            record.id,
            record.name,
            state,
            "",
            self._now_ms(),
            seconds,
            self._events,
            *facts,
        )

    def _run(self, script: str, *words: Arg) -> bool:
        return bool(self._huey.client.eval(script, 0, *words))


def _waiting(record: TaskRecord, *, attempts: int) -> TaskRecord:
    """Return *record*, just queued, as it was then: a fast worker may have begun, or ended, since."""
    if record.state == "scheduled":
        return record
    return replace(
        record, state="queued", attempts=attempts, worker="", started_at=None, finished_at=None, progress=""
    )


def _arguments(record: TaskRecord) -> tuple[list[Any], dict[str, Any]]:
    """Return what the task of *record* was called with; raises TaskNotKept."""
    if record.arguments is None:
        raise TaskNotKept
    return record.arguments

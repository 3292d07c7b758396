"""One thing done to every key that a search finds: deleted, given another life, copied to another database.

It goes by portions of 500 with a rest after each, so that others are served in between, and can be
stopped and gone on with. What will happen is counted and sampled before, and confirmed.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.reply_types import number
from thumbapp.explorer.resp import Argv, Failure, Reply
from thumbapp.explorer.scan import ScanPosition, Search, walk_names

WITHIN_S: Final = 5.0
SAMPLE: Final = 20
_COUNTED_WITHIN_S: Final = 10.0
_LONGEST_REST_S: Final = 0.1
_COPIED_AT_ONCE: Final = 25
_MOST_COPIED_BYTES: Final = 10_000_000


class Operation(StrEnum):
    """What is done to each key."""

    DELETE = "delete"
    EXPIRE = "expire"
    PERSIST = "persist"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Task:
    """An *operation* on all keys that *search* finds; *ttl_ms* for EXPIRE, *to_db* for COPY."""

    operation: Operation
    search: Search
    ttl_ms: int = 0
    to_db: int = 0

    def __post_init__(self) -> None:
        if self.operation is Operation.EXPIRE and not 0 < self.ttl_ms < 10**14:
            raise BadEdit("Say how long the keys shall live, from one millisecond on.")

    @property
    def argv(self) -> Argv:
        """What a confirmation is for."""
        search = self.search
        return "BULK", self.operation, search.match, search.type, self.ttl_ms, self.to_db


@dataclass(frozen=True, slots=True)
class Preview:
    """How many keys a task would change, some of their names, and whether all were counted."""

    count: int
    protected: int
    sample: list[bytes]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What was done so far in this run: keys changed, passed over, about how many were gone through."""

    changed: int
    passed_over: int
    scanned: int
    cursor: str | None
    confirm: str


def preview(gate: Gate, search: Search, *, db: int) -> Preview:
    """Return how many keys *search* finds, counted for ten seconds at most, and some of them."""
    count, protected, position = 0, 0, ScanPosition()
    sample: list[bytes] = []
    with gate.server.pool.connection(db) as connection:
        for names, after in walk_names(gate, connection, search, within_s=_COUNTED_WITHIN_S):
            position = after
            free = [name for name in names if gate.server.protecting(name) is None]
            count, protected = count + len(free), protected + len(names) - len(free)
            sample += free[: SAMPLE - len(sample)]
    return Preview(count, protected, sample, is_complete=position.step == 0)


def run(
    gate: Gate,
    task: Task,
    *,
    caller: Caller,
    db: int,
    confirm: str = "",
    cursor: str = "",
    within_s: float = WITHIN_S,
) -> Iterator[Progress]:
    """Do *task* for *within_s* seconds, from *cursor* on, and yield how far it is after each portion.

    Raises:
        ConfirmationNeeded: it was not confirmed; the effect says how many keys it is about.
        Refused: the gate does not let this caller change keys here.
    """
    with gate.server.pool.connection(db) as connection:
        gate.check(connection, ("UNLINK", b""), caller=caller, db=db)
    if task.operation is Operation.COPY and task.to_db == db:
        raise BadEdit("Choose another database to copy to.")
    gate.require_confirmation(
        task.argv, _effect(gate, task, db, confirm), caller=caller, db=db, confirm=confirm
    )
    return _run(gate, task, caller=caller, db=db, cursor=cursor, within_s=within_s)


def _run(
    gate: Gate, task: Task, *, caller: Caller, db: int, cursor: str, within_s: float
) -> Iterator[Progress]:
    changed = passed_over = 0
    act = {Operation.COPY: _copy}.get(task.operation, _act)
    try:
        with gate.server.pool.connection(db) as connection:
            for names, position in walk_names(
                gate, connection, task.search, cursor=cursor, within_s=within_s
            ):
                began = time.perf_counter()
                free = [name for name in names if gate.server.protecting(name) is None]
                done = act(gate, connection, task, free)
                changed, passed_over = changed + done, passed_over + len(names) - done
                confirm = gate.token(task.argv, caller=caller, db=db)
                after = str(position) if position.step else None
                yield Progress(changed, passed_over, position.scanned, after, confirm)
                time.sleep(min(_LONGEST_REST_S, time.perf_counter() - began) if names else 0)
    finally:  # also when the reader went away in the middle
        if changed:
            pattern = f"{shown(task.search.match) or '*'} {task.search.type}".strip()
            gate.note(f"BULK {task.operation} {pattern}: {changed:,} keys", caller=caller, db=db)


def _effect(gate: Gate, task: Task, db: int, confirm: str) -> str:
    """Return what will happen; nothing is counted for one who holds a confirmation already."""
    if confirm:
        return "this goes on"
    found = preview(gate, task.search, db=db)
    count = f"{found.count:,} keys" if found.is_complete else f"more than {found.count:,} keys"
    words = {
        Operation.DELETE: f"{count} are deleted, and it cannot be undone",
        Operation.EXPIRE: f"{count} will expire in {task.ttl_ms / 1000:,g} s",
        Operation.PERSIST: f"{count} will not expire any more",
        Operation.COPY: f"{count} are copied to database {task.to_db}, those already there left as they are",
    }
    return words[task.operation]


def _act(gate: Gate, connection: Connection, task: Task, names: Sequence[bytes]) -> int:
    """Send one command a key, and return how many keys it changed."""
    command: dict[Operation, Callable[[bytes], Argv]] = {
        Operation.DELETE: lambda name: ("UNLINK", name),
        Operation.EXPIRE: lambda name: ("PEXPIRE", name, task.ttl_ms),
        Operation.PERSIST: lambda name: ("PERSIST", name),
    }
    replies = connection.exchange(*map(command[task.operation], names)) if names else []
    return sum(number(unfailed(reply)) or 0 for reply in replies)


def _copy(gate: Gate, connection: Connection, task: Task, names: Sequence[bytes]) -> int:
    """Copy the keys that are not too large and not there yet; return how many were."""
    copied = 0
    with gate.server.pool.connection(task.to_db) as there:
        for at in range(0, len(names), _COPIED_AT_ONCE):
            portion = names[at : at + _COPIED_AT_ONCE]
            sizes = connection.exchange(*[("MEMORY", "USAGE", name) for name in portion])
            light = [
                name
                for name, size in zip(portion, sizes, strict=True)
                if (number(size) or 0) <= _MOST_COPIED_BYTES // _COPIED_AT_ONCE
            ]
            for batch in [light, *[[name] for name in portion if name not in light]]:
                copied += _copied(connection, there, batch)
    return copied


def _copied(connection: Connection, there: Connection, names: Sequence[bytes]) -> int:
    if not names:
        return 0
    replies = connection.exchange(*[(word, name) for name in names for word in ("DUMP", "PTTL")])
    restores: list[Argv] = [
        ("RESTORE", name, max(0, number(ttl) or 0), dump)
        for name, dump, ttl in zip(names, map(unfailed, replies[::2]), replies[1::2], strict=True)
        if isinstance(dump, bytes)
    ]
    results = there.exchange(*restores) if restores else []
    return sum(_is_new(result) for result in results)


def _is_new(result: Reply) -> bool:
    """Whether a key was made; one that was there already is no failure."""
    if isinstance(result, Failure) and result.text.startswith("BUSYKEY"):
        return False
    unfailed(result)
    return True

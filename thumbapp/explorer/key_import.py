"""Keys in, from the lines that an export wrote.

Each is built under a name of the app's own, which expires by itself, and renamed when it is whole:
nobody ever sees half a key, and a broken import leaves nothing.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from thumbapp.errors import BadImport, ThumbAppError, is_servers_own, server_said
from thumbapp.explorer.connections import Connection, executed, unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.records import DUMPED, Record, json_records
from thumbapp.explorer.resp import Failure

_HALF_MADE_MS: Final = 3_600_000
_MOST_SAMPLES: Final = 20


class Policy(StrEnum):
    """What happens to a key whose name is taken."""

    SKIP = "skip"
    REPLACE = "replace"
    FAIL = "fail"


@dataclass(slots=True)
class Imported:
    """What an import did, or in a dry run would have done."""

    made: int = 0
    replaced: int = 0
    skipped: int = 0
    expired: int = 0
    protected: int = 0
    lines: int = 0
    samples: list[str] = field(default_factory=list)


def import_lines(
    gate: Gate,
    lines: Iterable[bytes],
    *,
    caller: Caller,
    db: int,
    policy: Policy = Policy.SKIP,
    dry_run: bool = False,
    read: Callable[[Iterable[bytes]], Iterator[tuple[int, Record]]] = json_records,
) -> Iterator[Imported]:
    """Put the keys that *lines* describe into database *db*; yield how far it is after each key.

    *read* takes them apart: `json_records`, or `command_records` of `thumbapp.explorer.command_records`.

    Raises:
        BadImport: a line describes no key, or `Policy.FAIL` and a name is taken; those before it are in.
        Refused: the gate does not let this caller change keys here.
    """
    state = Imported()
    with gate.server.pool.connection(db) as connection:
        gate.check(connection, ("SET", b"", b""), caller=caller, db=db)
        importer = _Importer(gate, connection, state, policy=policy, dry_run=dry_run)
        try:
            for state.lines, record in read(lines):
                if record.type == DUMPED:
                    gate.check(connection, ("RESTORE", record.name), caller=caller, db=db)
                if importer.take(record):
                    yield state
            importer.end()
        finally:
            importer.drop()
            if not dry_run and state.made + state.replaced:
                gate.note(f"IMPORT {state.made + state.replaced:,} keys", caller=caller, db=db)
    yield state


class _Importer:
    """Builds one key after another from its parts."""

    def __init__(
        self, gate: Gate, connection: Connection, state: Imported, *, policy: Policy, dry_run: bool
    ) -> None:
        self._connection = connection
        self._server = gate.server
        self._state = state
        self._policy = policy
        self._dry_run = dry_run
        self._draft = gate.server.protected[0] + b"import:" + secrets.token_hex(8).encode()
        self._first: Record | None = None
        self._is_passed_over = False

    def take(self, record: Record) -> bool:
        """Add one part; return whether it was the last of its key."""
        if record.is_first != (self._first is None):
            wrong = (
                "it goes on with a key that was not begun"
                if not record.is_first
                else "the key before it is not complete"
            )
            raise BadImport(self._state.lines, wrong)
        if self._first is None:
            self._first = record
            self._is_passed_over = self._is_to_pass(record)
        if record.name != self._first.name or record.type != self._first.type:
            raise BadImport(self._state.lines, "it goes on with another key than the line before")
        if not self._is_passed_over and not self._dry_run:
            self._add(record)
        if record.is_more:
            return False
        if not self._is_passed_over:
            self._finish(self._first, expires_at_ms=record.expires_at_ms or self._first.expires_at_ms)
        self._first = None
        return True

    def end(self) -> None:
        """Raise BadImport when the last key is not complete."""
        if self._first is not None:
            raise BadImport(self._state.lines, "the file ends in the middle of a key")

    def drop(self) -> None:
        """Remove what was begun and not finished."""
        if not self._dry_run and self._connection.is_clean:
            self._connection.exchange(("UNLINK", self._draft))

    def _is_to_pass(self, record: Record) -> bool:
        """Whether the key is left as it is; counts why."""
        state = self._state
        if self._server.protecting(record.name) is not None:
            state.protected += 1
        elif record.expires_at_ms is not None and record.expires_at_ms <= time.time() * 1000:
            state.expired += 1
        elif self._policy is not Policy.REPLACE and self._connection.ask("EXISTS", record.name):
            if self._policy is Policy.FAIL:
                raise BadImport(state.lines, f"a key {shown(record.name)[:100]} is there already")
            state.skipped += 1
        else:
            return False
        return True

    def _add(self, record: Record) -> None:
        commands = record.commands(self._draft)
        if not commands:
            raise BadImport(self._state.lines, "it has no elements")
        replies = self._connection.exchange(*commands, ("PEXPIRE", self._draft, _HALF_MADE_MS))
        for reply in replies:
            if isinstance(reply, Failure):
                raise self._refused(reply)

    def _refused(self, reply: Failure) -> ThumbAppError:
        """Return what stopped the import: the server, which takes nothing now, or the line."""
        if is_servers_own(reply.text):
            return server_said(reply.text)
        return BadImport(self._state.lines, f"the server refused it: {reply.text[:200].rstrip('.')}")

    def _finish(self, record: Record, *, expires_at_ms: int | None) -> None:
        """Give the key its end and its name, and count it."""
        if expires_at_ms is not None and expires_at_ms <= time.time() * 1000:
            self._state.expired += 1
            self.drop()
            return
        if len(self._state.samples) < _MOST_SAMPLES:
            self._state.samples.append(shown(record.name)[:200])
        if self._dry_run:
            is_there = self._policy is Policy.REPLACE and bool(self._connection.ask("EXISTS", record.name))
            self._count(is_new=not is_there)
            return
        ends = ("PEXPIREAT", self._draft, expires_at_ms) if expires_at_ms else ("PERSIST", self._draft)
        rename = "RENAME" if self._policy is Policy.REPLACE else "RENAMENX"
        done = executed(
            self._connection.exchange(
                ("MULTI",), ends, ("EXISTS", record.name), (rename, self._draft, record.name), ("EXEC",)
            )
        )
        _, was_there, renamed = done or (0, 0, 0)
        if renamed == 0:  # somebody was faster
            self._connection.exchange(("UNLINK", self._draft))
            self._state.skipped += 1
            return
        unfailed(renamed)
        self._count(is_new=not was_there)

    def _count(self, *, is_new: bool) -> None:
        if is_new:
            self._state.made += 1
        else:
            self._state.replaced += 1

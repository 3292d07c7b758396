"""Changing a key: nothing that somebody else changed meanwhile is overwritten, and all can be undone.

A change is looked at, made and recorded in one transaction under WATCH. Which commands a change is made
of stands in `thumbapp.explorer.changes`; whether they may run, the gate says.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from thumbapp.errors import GateRefused, KeyChanged, KeyExists, KeyNotFound, WrongType, server_said
from thumbapp.explorer.connections import Connection, Journal, executed, unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.reply_types import data, number
from thumbapp.explorer.resp import Argv, Failure, Reply
from thumbapp.explorer.undo import MOST_BYTES, KeySnapshot, Undo, UndoStore, mark

_TOO_LARGE: Final = "It was too large to keep for undoing."


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """What the one who edits has seen: the *read* command answered with what *mark* is the mark of."""

    read: Argv
    mark: str


@dataclass(frozen=True, slots=True)
class Change:
    """What to do to *name*, of which only keys of *type* are changed, and what to say when it is done.

    *commands* may be made from what *seen* reads. *absent* keys must not be there, *others* are changed
    too. *is_new* is whether the key may be missing, *keeps_ttl* whether its time to live is put back.
    *inverse* undoes it by commands instead of a dump, given the moment of its expiry, 0 for none.
    """

    name: bytes
    type: str
    says: str
    commands: tuple[Argv, ...] | Callable[[bytes], tuple[Argv, ...]]
    seen: ExpectedValue | None = None
    others: tuple[bytes, ...] = ()
    absent: tuple[bytes, ...] = ()
    is_new: bool = False
    keeps_ttl: bool = False
    inverse: Callable[[int], tuple[Argv, ...]] | None = None


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """A change that was made: the replies, a sentence, and the id to undo it by, "" when it cannot be."""

    replies: list[Reply]
    says: str
    undo_id: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A key as it is before a change, looked at under WATCH."""

    name: bytes
    type: str
    ttl_ms: int | None
    bytes: int

    @property
    def expires_at_ms(self) -> int:
        """The moment of its expiry, 0 for none."""
        return int(time.time() * 1000) + self.ttl_ms if self.ttl_ms else 0


class Editor:
    """Makes changes on one server, in one database, for one caller."""

    def __init__(
        self, gate: Gate, undo: UndoStore, *, caller: Caller, db: int, journal: Journal | None = None
    ) -> None:
        self._gate = gate
        self._undo = undo
        self._caller = caller
        self._db = db
        self._journal = journal

    def apply(self, change: Change, *, confirm: str = "") -> ChangeResult:
        """Make *change* and return what came of it.

        Raises:
            KeyChanged: the value is another than the one that was seen. KeyNotFound, KeyExists, WrongType:
                the key is not as the change needs it. Refused: the gate does not let it through.
        """
        with self._gate.server.pool.connection(self._db, journal=self._journal) as connection:
            try:
                commands = self._prepared(connection, change, confirm)
                found = self._looked_at(connection, change)
                replies, before = self._executed(connection, change, commands(found[0].ttl_ms), found)
            finally:
                connection.exchange(("UNWATCH",))
        self._gate.note(change.says, caller=self._caller, db=self._db)
        return ChangeResult(replies, *self._kept(change, found[0].expires_at_ms, before))

    def undo(self, undo_id: str, *, force: bool = False) -> str:
        """Take back what *undo_id* stands for and return what was done then.

        Raises:
            UndoGone: it is not kept any more. KeyChanged: the key was changed since, and not *force*.
        """
        kept = self._undo.find(undo_id, who=self._caller.who)
        with self._gate.server.pool.connection(kept.db, journal=self._journal) as connection:
            try:
                self._put_back(connection, kept, force=force)
            finally:
                connection.exchange(("UNWATCH",))
        self._undo.forget(undo_id)
        self._gate.note(f"UNDO {kept.says}", caller=self._caller, db=kept.db)
        return kept.says

    # --- looking --------------------------------------------------------------------------------------

    def _prepared(
        self, connection: Connection, change: Change, confirm: str
    ) -> Callable[[int | None], tuple[Argv, ...]]:
        """Watch the keys, compare what was seen, and return what makes the commands that the gate allows."""
        connection.ask("WATCH", change.name, *change.others, *change.absent)
        current = self._compared(connection, change)
        commands = change.commands if isinstance(change.commands, tuple) else change.commands(current)
        for argv in commands:
            self._allowed(connection, argv, db=self._db, confirm=confirm)
        return lambda ttl_ms: (
            (*commands, ("PEXPIRE", change.name, ttl_ms)) if change.keeps_ttl and ttl_ms else commands
        )

    @staticmethod
    def _compared(connection: Connection, change: Change) -> bytes:
        """Return the value that was to be seen; raise KeyChanged when it is another by now."""
        if change.seen is None:
            return b""
        reply = connection.exchange(change.seen.read)[0]
        if isinstance(reply, Failure):
            kind = connection.ask("TYPE", change.name)
            raise WrongType(shown(change.name), found=_word(kind), wanted=change.type)
        current = reply if isinstance(reply, bytes) else None
        if mark(current) != change.seen.mark:
            raise KeyChanged(shown(change.name), current=current)
        return current or b""

    @staticmethod
    def _looked_at(connection: Connection, change: Change) -> list[_Found]:
        """Return the keys that will change as they are now, or raise what is wrong with one."""
        found = [_look(connection, name) for name in (change.name, *change.others, *change.absent)]
        first, taken = found[0], [key for key in found if key.name in change.absent and key.type != "none"]
        if taken:
            raise KeyExists(shown(taken[0].name))
        if first.type == "none" and not change.is_new:
            raise KeyNotFound(shown(change.name))
        if change.type and first.type not in ("none", change.type):
            raise WrongType(shown(change.name), found=first.type, wanted=change.type)
        return found

    # --- changing -------------------------------------------------------------------------------------

    def _executed(
        self, connection: Connection, change: Change, commands: tuple[Argv, ...], found: list[_Found]
    ) -> tuple[list[Reply], list[KeySnapshot]]:
        """Run the commands in one transaction; return their replies and the keys as they were."""
        is_kept = change.inverse is None and sum(key.bytes for key in found) <= MOST_BYTES
        names = list(dict.fromkeys(key.name for key in found)) if is_kept else []
        dumps: list[Argv] = [("DUMP", name) for name in names]
        batch: list[Argv] = [("MULTI",), *dumps, *commands, *dumps, ("EXEC",)]
        results = executed(connection.exchange(*batch))
        if results is None:
            raise KeyChanged(shown(change.name))
        replies = results[len(names) : len(results) - len(names)]
        for reply in replies:
            if isinstance(reply, Failure):
                raise server_said(reply.text)
        ends = {key.name: key.expires_at_ms for key in found}
        before = [
            KeySnapshot(name, data(dump), ends[name], mark(data(after)))
            for name, dump, after in zip(names, results, results[len(results) - len(names) :], strict=False)
        ]
        return replies, before

    def _kept(self, change: Change, expires_at_ms: int, before: list[KeySnapshot]) -> tuple[str, str]:
        """Keep what undoes the change; return the sentence to say and the id, "" when nothing is kept."""
        inverse = change.inverse(expires_at_ms) if change.inverse else ()
        if not before and not inverse:
            return f"{change.says}. {_TOO_LARGE}", ""
        undo = Undo(self._caller.who, self._gate.server.name, self._db, change.says, tuple(before), inverse)
        return f"{change.says}.", self._undo.keep(undo)

    def _put_back(self, connection: Connection, kept: Undo, *, force: bool) -> None:
        """Make the keys what they were, or run the commands that do the opposite."""
        names = [item.name for item in kept.before]
        checked: list[Argv] = [("UNLINK", name) for name in names]  # asks all that putting it back would
        for argv in [*checked, *kept.commands]:
            self._allowed(connection, argv, db=kept.db)
        if names:
            connection.ask("WATCH", *names)
            now = connection.exchange(*[("DUMP", name) for name in names])
            for item, dump in zip(kept.before, now, strict=True):
                if mark(data(unfailed(dump))) != item.after and not force:
                    raise KeyChanged(shown(item.name))
        restoring = map(_restoring, kept.before)
        done = executed(connection.exchange(("MULTI",), *restoring, *kept.commands, ("EXEC",)))
        for reply in done or []:
            unfailed(reply)
        if done is None or (kept.commands and done == [0]):
            raise KeyChanged(kept.says)

    def _allowed(self, connection: Connection, argv: Argv, *, db: int, confirm: str = "") -> None:
        """Raise what the gate says against *argv*, and have it noted."""
        try:
            self._gate.check(connection, argv, caller=self._caller, db=db, confirm=confirm)
        except GateRefused as error:
            self._gate.note_refusal(argv, caller=self._caller, db=db, error=error)
            raise


def copy_key(
    gate: Gate,
    undo: UndoStore,
    *,
    name: bytes,
    new: bytes,
    db: int,
    to_db: int,
    replace: bool,
    caller: Caller,
) -> ChangeResult:
    """Copy a key under another name, into another database too, with the time it has left.

    It goes by the server's own dump, as Redis before 6.2 has no COPY. Raises KeyNotFound, KeyExists.
    """
    says = f"COPY {shown(name)} {shown(new)} DB {to_db}"
    with gate.server.pool.connection(db) as connection:
        gate.check(connection, ("DUMP", name), caller=caller, db=db)
        dump, ttl = connection.exchange(("DUMP", name), ("PTTL", name))
    if not isinstance(dump, bytes):
        unfailed(dump)
        raise KeyNotFound(shown(name))
    with gate.server.pool.connection(to_db) as connection:
        gate.check(connection, ("SET", new, b""), caller=caller, db=to_db)
        found = _look(connection, new)
        if found.type != "none" and not replace:
            raise KeyExists(shown(new))
        is_kept = found.bytes <= MOST_BYTES
        old = data(connection.ask("DUMP", new)) if is_kept else b""
        connection.ask("RESTORE", new, max(0, number(ttl) or 0), dump, *(["REPLACE"] if replace else []))
        after = data(connection.ask("DUMP", new))
    gate.note(says, caller=caller, db=db)
    if not is_kept:
        return ChangeResult([], f"{says}. {_TOO_LARGE}")
    before = KeySnapshot(new, old, found.expires_at_ms, mark(after))
    return ChangeResult([], f"{says}.", undo.keep(Undo(caller.who, gate.server.name, to_db, says, (before,))))


def _look(connection: Connection, name: bytes) -> _Found:
    kind, ttl, size = connection.exchange(("TYPE", name), ("PTTL", name), ("MEMORY", "USAGE", name))
    ttl_ms = number(ttl)
    return _Found(name, _word(unfailed(kind)), ttl_ms if ttl_ms and ttl_ms > 0 else None, number(size) or 0)


def _restoring(before: KeySnapshot) -> Argv:
    """Return what makes the key as it was."""
    if not before.dump:
        return "UNLINK", before.name
    return "RESTORE", before.name, before.expires_at_ms, before.dump, "REPLACE", "ABSTTL"


def _word(reply: Reply) -> str:
    return str(reply, "latin-1") if isinstance(reply, bytes) else "none"

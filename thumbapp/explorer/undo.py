"""What was there before a change, kept for ten minutes so that it can be put back.

A key is kept as the server's own DUMP, up to a million bytes; what can be turned round by commands, such
as a rename, as those. All of it lies in the app's own Redis, under its protected prefix.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final

import msgpack
import redis

from thumbapp.errors import UndoGone
from thumbapp.explorer.resp import Argv

KEPT_S: Final = 600
MOST_BYTES: Final = 1_000_000
MOST_KEPT: Final = 50
MOST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """A key as it was: its dump, b"" when there was none, the moment of its expiry, and what it became."""

    name: bytes
    dump: bytes
    expires_at_ms: int
    after: str


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take one change back: keys to put back, or commands that do the opposite."""

    who: str
    server: str
    db: int
    says: str
    before: tuple[KeySnapshot, ...] = ()
    commands: tuple[Argv, ...] = ()


class UndoStore:
    """The changes of the last ten minutes that can be undone, fifty for each who made them."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._namespace = namespace

    def keep(self, undo: Undo) -> str:
        """Keep *undo* and return its id, which cannot be guessed."""
        undo_id = secrets.token_urlsafe(12)
        mine = f"{self._namespace}undo:of:{undo.who}"
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(self._key(undo_id), _packed(undo), ex=KEPT_S)
        pipe.lpush(mine, undo_id)
        pipe.lrange(mine, MOST_KEPT, -1)
        pipe.ltrim(mine, 0, MOST_KEPT - 1)
        pipe.expire(mine, KEPT_S)
        _, _, old, _, _ = pipe.execute()
        if old:
            self._redis.unlink(*[self._key(name.decode()) for name in old])
        return undo_id

    def find(self, undo_id: str, *, who: str) -> Undo:
        """Return what was kept under that id for *who*; raises UndoGone."""
        data = self._redis.get(self._key(undo_id)) if undo_id.isprintable() and len(undo_id) < 40 else None
        undo = _unpacked(data) if data else None
        if undo is None or undo.who != who:
            raise UndoGone
        return undo

    def recent(self, *, who: str, server: str) -> list[tuple[str, Undo]]:
        """Return what *who* can still undo on *server* by its id, the latest first."""
        ids = [
            name.decode() for name in self._redis.lrange(f"{self._namespace}undo:of:{who}", 0, MOST_KEPT - 1)
        ]
        kept = self._redis.mget([self._key(undo_id) for undo_id in ids[:MOST_SHOWN]]) if ids else []
        found = [(undo_id, _unpacked(data)) for undo_id, data in zip(ids, kept, strict=False) if data]
        return [(undo_id, undo) for undo_id, undo in found if undo.server == server]

    def forget(self, undo_id: str) -> None:
        """Drop what was kept under that id: it was used."""
        self._redis.unlink(self._key(undo_id))

    def _key(self, undo_id: str) -> str:
        return f"{self._namespace}undo:{undo_id}"


def mark(data: bytes | None) -> str:
    """Return what tells one value from another: a short hash, "" of nothing."""
    return "" if data is None else hashlib.sha256(data).hexdigest()[:24]


def _packed(undo: Undo) -> bytes:
    before = [[item.name, item.dump, item.expires_at_ms, item.after] for item in undo.before]
    facts = [undo.who, undo.server, undo.db, undo.says, before, [list(argv) for argv in undo.commands]]
    return bytes(msgpack.packb(facts))


def _unpacked(data: bytes) -> Undo:
    who, server, db, says, before, commands = msgpack.unpackb(data)
    return Undo(
        who=who,
        server=server,
        db=db,
        says=says,
        before=tuple(KeySnapshot(*item) for item in before),
        commands=tuple(map(tuple, commands)),
    )

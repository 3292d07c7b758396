"""The switch of keyspace notifications: what a server tells about its keys, and putting it back.

The setting is the whole server's, so what it was before is kept in the app's own Redis with a time:
after it, or when the last page leaves, it is put back by whoever looks next, web or worker.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import redis

from thumbapp.errors import BadEdit, ServerRefused
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.names import literally

SETTING: Final = "notify-keyspace-events"
LASTS_S: Final = 600
LEAVES_S: Final = 20
ALL_CLASSES: Final = "g$lshzxet"


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter of the setting: what it is for, and what it costs."""

    letter: str
    name: str
    says: str


LETTERS: Final = (
    Letter("K", "by key", "to __keyspace@<db>__:<key>, the event's name as the message"),
    Letter("E", "by event", "to __keyevent@<db>__:<event>, the key as the message"),
    Letter("g", "generic", "del, expire, rename, copy and what else is for every type"),
    Letter("$", "strings", "set, append, incrby (also for INCR) and the like"),
    Letter("l", "lists", "lpush, rpop, ltrim and the like; a message for each push and pop of every queue"),
    Letter("s", "sets", "sadd, srem and the like"),
    Letter("h", "hashes", "hset, hdel, hincrby and the like"),
    Letter("z", "sorted sets", "zadd, zrem and the like"),
    Letter("x", "expired", "when a key is removed because its time is over, not when the time is"),
    Letter("e", "evicted", "when a key is removed because the memory is full"),
    Letter("t", "streams", "xadd, xtrim, xgroup-create and the like"),
    Letter("d", "modules", "events of module types, where the server has them (6.2)"),
    Letter("m", "misses", "every read of a key that is not there: many on a cache (6.0)"),
    Letter("n", "new keys", "every key that is made (7.0)"),
)
_KNOWN: Final = frozenset(item.letter for item in LETTERS)


@dataclass(frozen=True, slots=True)
class Switch:
    """How the setting stands: the letters now, what they were, and for how long they stay, in seconds.

    *before* is None when nothing is to be put back.
    """

    letters: frozenset[str]
    before: str | None = None
    left_s: int = 0

    @property
    def tells_nothing(self) -> bool:
        """Whether no message can come: a direction and a class are both needed."""
        return not (self.letters & {"K", "E"} and self.letters - {"K", "E"})


class Notifications:
    """The setting on one server; *client* is the app's own Redis, where what it was is kept."""

    def __init__(self, gate: Gate, client: redis.Redis, *, namespace: str) -> None:
        self._gate = gate
        self._redis: Any = client
        self._key = f"{namespace}explorer:events:{gate.server.name}"

    def state(self) -> Switch:
        """Return how the setting stands; raises ServerRefused where the server does not say."""
        with self._gate.server.pool.connection(0) as connection:
            letters = _letters(_now(connection))
        kept = self._redis.hmget(self._key, "before", "until_ms")
        if kept[1] is None:
            return Switch(letters)
        return Switch(letters, kept[0].decode(), max(0, (int(kept[1]) - self._now_ms()) // 1000))

    def set(self, letters: Iterable[str], *, caller: Caller, confirm: str = "") -> Switch:
        """Have the server tell *letters* for the next `LASTS_S` seconds; `renew` makes it longer.

        Raises:
            BadEdit: a letter is unknown, or both a direction and a class are needed.
            ConfirmationNeeded: it asks first. ServerRefused: the server forbids it.
        """
        wanted = frozenset(letters)
        if unknown := "".join(sorted(wanted - _KNOWN)):
            raise BadEdit(f"{unknown} is no letter of {SETTING}.")
        if wanted and Switch(wanted).tells_nothing:
            raise BadEdit("Choose by key or by event, and at least one kind of event.")
        command = ("CONFIG", "SET", SETTING, "".join(sorted(wanted)))
        self._gate.admit(command, caller=caller, db=0, confirm=confirm)
        with self._gate.server.pool.connection(0) as connection:
            was = _now(connection)
        # kept before it is changed: whatever ends this process between the two, it is put back
        is_first = self._redis.hsetnx(self._key, "before", was)
        self.renew()
        try:
            unfailed(self._gate.run(command, caller=caller, db=0, confirm=confirm).reply)
        except ServerRefused:
            if is_first:
                self._redis.delete(self._key)
            raise
        return self.state()

    def renew(self) -> None:
        """Leave the setting as it is for another `LASTS_S` seconds from now, if it was changed here."""
        if self._redis.hexists(self._key, "before"):
            self._redis.hset(self._key, "until_ms", self._now_ms() + LASTS_S * 1000)

    def leave(self) -> None:
        """Have it put back in `LEAVES_S` seconds, unless somebody who still watches calls `renew`."""
        if self._redis.hexists(self._key, "before"):
            self._redis.hset(self._key, "until_ms", self._now_ms() + LEAVES_S * 1000)

    def restore(self) -> bool:
        """Put the setting back as it was before it was changed here; return whether there was need."""
        before = self._redis.hget(self._key, "before")
        if before is None:
            return False
        self._gate.server.pool.exchange(0, ("CONFIG", "SET", SETTING, before))
        self._redis.delete(self._key)
        return True

    def restore_if_due(self) -> bool:
        """Put it back when its time is over; return whether that was done."""
        until_ms = self._redis.hget(self._key, "until_ms")
        return until_ms is not None and int(until_ms) <= self._now_ms() and self.restore()

    def _now_ms(self) -> int:
        seconds, micros = self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000


def patterns(letters: frozenset[str], *, db: int, key: bytes | None = None) -> list[bytes]:
    """Return what to subscribe to for the events of database *db*, of *key* alone when it is given."""
    if key is not None:
        return [b"__keyspace@%d__:%s" % (db, literally(key))]
    found = [b"__keyspace@%d__:*" % db] if "K" in letters else []
    return [*found, b"__keyevent@%d__:*" % db] if "E" in letters else found


def event_of(channel: bytes, data: bytes) -> tuple[str, bytes, bytes]:
    """Return the direction, ``key`` or ``event``, the key and the event's name of a notification."""
    head, _, tail = channel.partition(b"__:")
    return ("key", tail, data) if head.startswith(b"__keyspace@") else ("event", data, tail)


def _now(connection: Connection) -> str:
    match connection.ask("CONFIG", "GET", SETTING):
        case [_, bytes() as value]:
            return value.decode("latin-1")
    raise ServerRefused(f"ERR the server has no {SETTING}")


def _letters(value: str) -> frozenset[str]:
    """Return the letters of the setting's *value*; ``A`` stands for every ordinary class."""
    return frozenset(value.replace("A", ALL_CLASSES)) & _KNOWN

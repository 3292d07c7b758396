"""Keys found without stopping the server: SCAN a portion at a time, with what a list shows of each key.

Everything is sent as packed batches and read by hiredis, ten times cheaper than redis-py's pipelines.
A walk can stop anywhere and go on from its cursor; SCAN's promise holds: a key that was there all
the time is found, perhaps twice.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import hiredis

from thumbapp.errors import BadParameter, server_said
from thumbapp.explorer.connections import Connection, Journal
from thumbapp.explorer.costs import check_pattern
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import from_id, to_id

STEP: Final = 500
MOST_ROWS: Final = 1_000
MOST_ROWS_STREAMED: Final = 100_000
WITHIN_S: Final = 2.0
LENGTHS: Final = {
    "string": b"STRLEN",
    "list": b"LLEN",
    "set": b"SCARD",
    "zset": b"ZCARD",
    "hash": b"HLEN",
    "stream": b"XLEN",
}
_COMMANDS: Final = (
    "SCAN",
    "DBSIZE",
    "TYPE",
    "PTTL",
    "MEMORY USAGE",
    *(name.decode() for name in LENGTHS.values()),
)
_PER_KEY: Final = (b"*2\r\n$4\r\nTYPE\r\n", b"*2\r\n$4\r\nPTTL\r\n", b"*3\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n")
_NO_LIMIT: Final = 10**12
_MOST_LEFT_BYTES: Final = 2_000
_PROGRESS_EVERY_S: Final = 0.1
_GATHER_S: Final = 0.03
_CURSOR: Final = re.compile(r"(\d{1,20})\.(\d{1,15})(?:\.([\w~-]+))?", re.ASCII)
_TYPE: Final = re.compile(r"[A-Za-z][\w.-]{0,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What a list shows of a key; None is what the server would not say. ``ttl_ms`` None: no expiry."""

    name: bytes
    type: str
    ttl_ms: int | None
    bytes: int | None
    length: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """Which keys to find: a glob pattern or an exact name, b"" being all, and of which type, "" any."""

    match: bytes = b""
    type: str = ""

    def __post_init__(self) -> None:
        if self.exact is None:
            check_pattern(self.match)
        if self.type and not _TYPE.fullmatch(self.type):
            raise BadParameter("type", self.type, "a type of Redis, such as hash")

    @property
    def exact(self) -> bytes | None:
        """The one name that can match, None when the pattern may match several."""
        return literal(self.match) if self.match else None


@dataclass(frozen=True, slots=True)
class ScanPosition:
    """Where a walk is: SCAN's own cursor, about how many keys it passed, names found and not yet given."""

    step: int = 0
    scanned: int = 0
    left: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "ScanPosition":
        """Return the position that `str` wrote, the beginning for ""; raises BadParameter."""
        if not text:
            return cls()
        found = _CURSOR.fullmatch(text)
        if not found or int(found[1]) >= 2**64:
            raise BadParameter("cursor", text, "what the last answer gave")
        left = tuple(map(from_id, found[3].split("~"))) if found[3] else ()
        return cls(int(found[1]), int(found[2]), left)

    def __str__(self) -> str:
        left = f".{'~'.join(map(to_id, self.left))}" if self.left else ""
        return f"{self.step}.{self.scanned}{left}"


@dataclass(frozen=True, slots=True)
class ScanPage:
    """Rows that were found together; ``cursor`` goes on, None at the end."""

    rows: list[KeyRow]
    cursor: str | None
    scanned: int
    total: int


def page(
    gate: Gate,
    search: Search,
    *,
    db: int,
    cursor: str = "",
    limit: int = STEP,
    journal: Journal | None = None,
) -> ScanPage:
    """Return up to *limit* keys, fewer when two seconds were not enough to find them."""
    rows: list[KeyRow] = []
    portion = ScanPage([], None, 0, 0)
    for portion in walk(gate, search, db=db, cursor=cursor, limit=limit, journal=journal):
        rows += portion.rows
    return ScanPage(rows, portion.cursor, portion.scanned, portion.total)


def walk(
    gate: Gate,
    search: Search,
    *,
    db: int,
    cursor: str = "",
    limit: int = MOST_ROWS_STREAMED,
    within_s: float = WITHIN_S,
    journal: Journal | None = None,
) -> Iterator[ScanPage]:
    """Yield portions as they are found until there are *limit* rows or *within_s* has passed.

    Portions without rows come too, as progress; the last one has the cursor to go on with.
    """
    until = time.monotonic() + within_s
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, _COMMANDS)
        if search.exact is not None:
            yield _only(connection, search.exact, search.type)
            return
        walker = _Walker(
            connection, search, has_types=gate.server.knows(connection, "ACL")
        )  # both came with Redis 6
        position, total = ScanPosition.parse(cursor), _size(connection)
        while True:
            portion, position = walker.step(position, wanted=limit, total=total)
            limit -= len(portion.rows)
            yield portion
            if portion.cursor is None or limit <= 0 or time.monotonic() >= until:
                return


def all_rows(gate: Gate, search: Search, *, db: int, limit: int | None = None) -> Iterator[KeyRow]:
    """Yield the rows of all keys, or the first *limit*, as they are found; one may come twice."""
    for portion in walk(gate, search, db=db, limit=limit or _NO_LIMIT, within_s=float("inf")):
        yield from portion.rows


def walk_names(
    gate: Gate, connection: Connection, search: Search, *, cursor: str = "", within_s: float = WITHIN_S
) -> Iterator[tuple[list[bytes], ScanPosition]]:
    """Yield names as they are found over *connection*, up to 500 at a time, and the position after them.

    Nothing but the name is asked of a key, but its type where an old server cannot search by that.
    """
    until = time.monotonic() + within_s
    gate.check_reads(connection, _COMMANDS)
    if search.exact is not None:
        yield (
            [row.name for row in describe(connection, [search.exact]) if search.type in ("", row.type)],
            ScanPosition(),
        )
        return
    has_types = gate.server.knows(connection, "ACL")
    walker, position = _Walker(connection, search, has_types=has_types), ScanPosition.parse(cursor)
    while True:
        found, position = walker.names(position, STEP)
        if search.type and not has_types and found:
            found = [row.name for row in describe(connection, found) if row.type == search.type]
        yield found, position
        if position.step == 0 or time.monotonic() >= until:
            return


def describe(connection: Connection, found: Sequence[bytes]) -> list[KeyRow]:
    """Return a row for each of the keys *found* that is still there."""
    tails = list(map(_part, found))
    packet = b"".join([head + tail for tail in tails for head in _PER_KEY])
    replies = connection.exchange_packed(packet, 3 * len(found), logged_as=["TYPE", "PTTL", "MEMORY USAGE"])
    types = [str(_said(kind), "latin-1") for kind in replies[::3]]
    lengths = _lengths(connection, found, types)
    return [
        KeyRow(name, kind, _ttl(ttl), size if isinstance(size, int) else None, length)
        for name, kind, ttl, size, length in zip(
            found, types, replies[1::3], replies[2::3], lengths, strict=True
        )
        if kind != "none"
    ]


def literal(pattern: bytes) -> bytes | None:
    r"""Return the one name that *pattern* matches, escapes such as ``\*`` taken off; None for several."""
    if re.search(rb"(?<!\\)(?:\\\\)*[*?\[]", pattern):
        return None
    return re.sub(rb"\\(.)", rb"\1", pattern, flags=re.DOTALL)


class _Walker:
    """One walk over the keys of a database."""

    def __init__(self, connection: Connection, search: Search, *, has_types: bool) -> None:
        self._connection = connection
        self._search = search
        options = [b"MATCH", search.match] if search.match else []
        if search.type and has_types:
            options += [b"TYPE", search.type.encode()]
        self._is_filtered = bool(options)
        self._tail = b"".join(map(_part, options))
        self._head = b"*%d\r\n$4\r\nSCAN\r\n" % (len(options) + 4)
        self._count = 0
        self._has_found = False

    def step(self, position: ScanPosition, *, wanted: int, total: int) -> tuple[ScanPage, ScanPosition]:
        """Return what is found next, at most *wanted* rows but for very long names, and where it is then."""
        found, after = self.names(position, wanted)
        kept, left = _cut(found, wanted)
        rows = [row for row in describe(self._connection, kept) if self._search.type in ("", row.type)]
        position = ScanPosition(after.step, after.scanned, tuple(left))
        is_over = after.step == 0 and not left
        scanned = total if is_over else min(after.scanned - len(left), total)
        return ScanPage(rows, None if is_over else str(position), scanned, total), position

    def names(self, position: ScanPosition, wanted: int) -> tuple[list[bytes], ScanPosition]:
        """Return the next names from *position* on, and the position after them.

        The first are given at once, later ones gathered for a moment; where nothing fits it comes back
        without any, for the progress to be seen.
        """
        found = list(position.left)
        if found and (position.step == 0 or len(found) >= wanted):
            return found, ScanPosition(position.step, position.scanned)
        scanned, began, steps = position.scanned, time.perf_counter(), 0
        step, is_enough = position.step, False
        with self._connection.pipelining() as ask:
            while not is_enough:
                count = max(self._count, min(STEP, max(1, wanted - len(found))))
                cursor, names = _said(ask(self._packet(step, count), 1)[0])
                step, steps, found = int(cursor), steps + 1, found + names
                scanned += count if self._is_filtered else len(names)
                if len(names) * 4 < count:  # few fit: larger strides, but none that makes others wait
                    self._count = min(STEP, count * 4)
                is_enough = step == 0 or len(found) >= min(wanted, STEP) or self._is_late(began, found)
        self._has_found = self._has_found or bool(found)
        self._connection.note(["SCAN"], steps, began)
        return list(dict.fromkeys(found)), ScanPosition(step, scanned)

    def _is_late(self, began: float, found: list[bytes]) -> bool:
        patience_s = (_GATHER_S if self._has_found else 0.0) if found else _PROGRESS_EVERY_S
        return time.perf_counter() - began > patience_s

    def _packet(self, step: int, count: int) -> bytes:
        return self._head + _part(b"%d" % step) + self._tail + b"$5\r\nCOUNT\r\n" + _part(b"%d" % count)


def _part(argument: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(argument), argument)


def _only(connection: Connection, name: bytes, wanted: str) -> ScanPage:
    """Return the key *name* if it is there and of the type *wanted*, found without a search."""
    rows = [row for row in describe(connection, [name]) if wanted in ("", row.type)]
    total = _size(connection)
    return ScanPage(rows, None, total, total)


def _size(connection: Connection) -> int:
    """Return how many keys the database has."""
    size = connection.ask("DBSIZE")
    return size if isinstance(size, int) else 0


def _cut(found: list[bytes], wanted: int) -> tuple[list[bytes], list[bytes]]:
    """Return what to give now and what later; all now when the names would make the cursor too long."""
    left = found[wanted:]
    return (found[:wanted], left) if sum(map(len, left)) <= _MOST_LEFT_BYTES else (found, [])


def _lengths(connection: Connection, found: Sequence[bytes], types: Sequence[str]) -> list[int | None]:
    """Return how many elements or bytes each key has, None where its type has no such number."""
    asked = [
        (LENGTHS[kind], name) if kind in LENGTHS else None for name, kind in zip(found, types, strict=True)
    ]
    packet = b"".join(b"*2\r\n" + _part(command) + _part(name) for command, name in filter(None, asked))
    count = sum(ask is not None for ask in asked)
    words = sorted({LENGTHS[kind].decode() for kind in types if kind in LENGTHS})
    replies = iter(connection.exchange_packed(packet, count, logged_as=words) if count else [])
    lengths = [next(replies) if ask else None for ask in asked]
    return [length if isinstance(length, int) else None for length in lengths]


def _ttl(reply: Any) -> int | None:
    return reply if isinstance(reply, int) and reply >= 0 else None


def _said(reply: Any) -> Any:
    """Return *reply*; raise what the server answered when that is an error."""
    if isinstance(reply, hiredis.ReplyError):
        raise server_said(str(reply))
    return reply

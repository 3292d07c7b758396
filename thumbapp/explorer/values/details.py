"""What a page shows beside a page of a value: one element whole, groups of a stream, places on earth.

Everything is bounded, and let through by `Gate.check_reads`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from thumbapp.errors import BadParameter, KeyNotFound
from thumbapp.explorer.connections import Journal, unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.names import from_id, shown
from thumbapp.explorer.resp import Argv, Reply
from thumbapp.explorer.values import rows, streams
from thumbapp.explorer.values.model import Entry, Scored

MOST_WHOLE: Final = 100_000
MOST_COMBINED: Final = 500
_PENDING: Final = 50
_READING: Final = ("XINFO GROUPS", "XINFO CONSUMERS", "XPENDING", "XRANGE", "GEOPOS")
_ALGEBRA: Final = {"union": "SUNION", "intersection": "SINTER", "difference": "SDIFF"}


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """A consumer group with its consumers and what is pending in it; ``cursor`` goes on."""

    group: streams.Group
    consumers: list[streams.Consumer] = field(default_factory=list)
    pending: list[streams.Pending] = field(default_factory=list)
    cursor: str | None = None


def stream_groups(gate: Gate, name: bytes, *, db: int, journal: Journal | None = None) -> list[streams.Group]:
    """Return the groups of a stream, the first hundred of them."""
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, _READING)
        return streams.groups(connection, name)


def open_group(
    gate: Gate,
    name: bytes,
    group: streams.Group,
    *,
    db: int,
    cursor: str = "",
    journal: Journal | None = None,
) -> OpenGroup:
    """Return a group with its consumers and a page of what is pending in it."""
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, _READING)
        consumers = streams.consumers(connection, name, group.name)
        pending, after = streams.pending(connection, name, group.name, cursor=cursor, limit=_PENDING)
    return OpenGroup(group, consumers, pending, after)


def whole_entry(gate: Gate, name: bytes, entry_id: str, *, db: int, journal: Journal | None = None) -> Entry:
    """Return one entry of a stream, of each value at most its first hundred thousand bytes."""
    at = streams.parse_id(entry_id, "-")
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, _READING)
        reply = unfailed(connection.exchange(("XRANGE", name, at, at), cut_at=MOST_WHOLE)[0])
    found = streams.entries(reply)
    if not found:
        raise KeyNotFound(f"{shown(name)} with the entry {at}")
    return found[0]


def places(
    gate: Gate, name: bytes, items: Sequence[Scored], *, db: int, journal: Journal | None = None
) -> list[tuple[Scored, float, float]]:
    """Return those of *items* that may be places on earth, with longitude and latitude."""
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, _READING)
        return rows.positions(connection, name, list(items))


def combined(
    gate: Gate, names: Sequence[bytes], *, how: str, db: int, caller: Caller
) -> tuple[list[bytes], int]:
    """Return the first five hundred members of a union, intersection or difference, and how many there are.

    Raises:
        TooCostly: the sets are too large to be combined for looking.
    """
    if how not in _ALGEBRA:
        raise BadParameter("how", how[:40], " ".join(_ALGEBRA))
    argv: Argv = (_ALGEBRA[how], *names)
    reply: Reply = unfailed(gate.run(argv, caller=caller, db=db, cut_at=512).reply)
    members = [item for item in reply if isinstance(item, bytes)] if isinstance(reply, list) else []
    return sorted(members)[:MOST_COMBINED], len(members)


def reading_of(kind: str, name: bytes, item: str) -> Argv:
    """Return the command that reads one element of a hash, list or sorted set, by what stands for it."""
    if kind == "hash":
        return "HGET", name, from_id(item)
    if kind == "zset":
        return "ZSCORE", name, from_id(item)
    index = item.partition(".")[0]
    if kind != "list" or not index.removeprefix("-").isdecimal() or len(index) > 19:
        raise BadParameter("v_item", item[:40], "what the page gave")
    return "LINDEX", name, int(index)

"""Streams: entries from either end or between two times, groups, consumers, and what is pending."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from thumbapp.errors import BadParameter
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.reply_types import data, items, number, pairs, text
from thumbapp.explorer.resp import Reply
from thumbapp.explorer.values.model import CUT_AT, Entry, KeyFacts, Page, PageQuery

_ID: Final = re.compile(r"(\d{1,20})(?:-(\d{1,20}))?", re.ASCII)
_LAST_NUMBER: Final = 2**64 - 1
_SEARCH_STEP: Final = 200
_FIRST_TIME_MS: Final = 10**12
_LAST_TIME_MS: Final = 10**13
_SEARCHED_AT_ONCE: Final = 5_000
MOST_GROUPS: Final = 100


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: what it has read up to, and how much waits."""

    name: bytes
    consumers: int
    pending: int
    last_id: str
    lag: int | None


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer of a group, and for how long it has been silent."""

    name: bytes
    pending: int
    idle_ms: int


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that was delivered and not acknowledged."""

    id: str
    consumer: bytes
    idle_ms: int
    deliveries: int


def stream_page(connection: Connection, facts: KeyFacts, query: PageQuery) -> Page:
    """Return entries, the oldest first or reversed, between the times *low* and *high*."""
    low, high = parse_id(query.low, "-"), parse_id(query.high, "+")
    if query.cursor:
        low, high = (
            (low, parse_id(query.cursor, "+")) if query.is_reversed else (parse_id(query.cursor, "-"), high)
        )
    wanted = query.affordable(facts)
    found, cursor = (
        _search(connection, facts, query, low, high)
        if query.find
        else _read(connection, facts, query, low, high, wanted)
    )
    return Page(found, cursor, extra=overview(connection, facts.name))


def groups(connection: Connection, name: bytes) -> list[Group]:
    """Return the groups of a stream, the first hundred of them."""
    return [
        Group(
            data(row["name"]),
            number(row["consumers"]) or 0,
            number(row["pending"]) or 0,
            text(row["last-delivered-id"]),
            number(row.get("lag")),
        )
        for row in _rows(connection.exchange(("XINFO", "GROUPS", name))[0])[:MOST_GROUPS]
    ]


def consumers(connection: Connection, name: bytes, group: bytes) -> list[Consumer]:
    """Return the consumers of a group, the first hundred of them."""
    return [
        Consumer(data(row["name"]), number(row["pending"]) or 0, number(row["idle"]) or 0)
        for row in _rows(connection.exchange(("XINFO", "CONSUMERS", name, group))[0])[:MOST_GROUPS]
    ]


def pending(
    connection: Connection, name: bytes, group: bytes, *, cursor: str = "", limit: int = 50
) -> tuple[list[Pending], str | None]:
    """Return what is pending in a group, the oldest first, and the cursor to go on with."""
    reply = unfailed(connection.exchange(("XPENDING", name, group, parse_id(cursor, "-"), "+", limit))[0])
    rows = [
        Pending(
            text(row[0]),
            data(row[1]),
            number(row[2]) or 0,
            number(row[3]) or 0,
        )
        for row in items(reply)
        if isinstance(row, list)
    ]
    return rows, next_id(rows[-1].id) if len(rows) == limit else None


def parse_id(text: str, default: str) -> str:
    """Return what *text* means as an id: an id, milliseconds, or a time as in ``2026-11-24T15:05``."""
    if not text or text in ("-", "+"):
        return text or default
    if (found := _ID.fullmatch(text)) and all(int(part or 0) <= _LAST_NUMBER for part in found.groups()):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter("id", text, "an id such as 1764000000000-0, or a time") from error
    return str(int(moment.astimezone().timestamp() * 1000))


def id_time(entry_id: str) -> str:
    """Return the moment in an entry's id, in UTC; "" when it can be none, as in ids given by hand."""
    time_ms = int(entry_id.partition("-")[0])
    if not _FIRST_TIME_MS <= time_ms < _LAST_TIME_MS:
        return ""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _read(
    connection: Connection, facts: KeyFacts, query: PageQuery, low: str, high: str, wanted: int
) -> tuple[list[Entry], str | None]:
    command = ("XREVRANGE", facts.name, high, low) if query.is_reversed else ("XRANGE", facts.name, low, high)
    found = entries(unfailed(connection.exchange((*command, "COUNT", wanted), cut_at=CUT_AT)[0]))
    if len(found) < wanted:
        return found, None
    return found, _previous_id(found[-1].id) if query.is_reversed else next_id(found[-1].id)


def _search(
    connection: Connection, facts: KeyFacts, query: PageQuery, low: str, high: str
) -> tuple[list[Entry], str | None]:
    """Return the entries in which *find* stands, among five thousand from the cursor on."""
    found: list[Entry] = []
    for _ in range(_SEARCHED_AT_ONCE // _SEARCH_STEP):
        looked_at, cursor = _read(
            connection, facts, query, low, high, max(1, min(_SEARCH_STEP, query.affordable(facts) * 2))
        )
        found += [
            entry for entry in looked_at if any(query.find in part for pair in entry.pairs for part in pair)
        ]
        if cursor is None or len(found) >= query.limit:
            return found, cursor
        low, high = (low, cursor) if query.is_reversed else (cursor, high)
    return found, cursor


def overview(connection: Connection, name: bytes) -> dict[str, object]:
    """Return how many groups a stream has, its last id, and how many entries were ever added."""
    reply = connection.exchange(("XINFO", "STREAM", name), cut_at=CUT_AT)[0]
    facts = pairs(reply)
    return {
        "groups": facts.get("groups", 0),
        "last_id": text(facts.get("last-generated-id")),
        "added": facts.get("entries-added"),
    }


def entries(reply: Reply) -> list[Entry]:
    """Return the entries in the answer of XRANGE."""
    return list(_entries(reply))


def _entries(reply: Reply) -> Iterator[Entry]:
    for row in items(reply):
        if isinstance(row, list) and isinstance(row[1], list):
            flat = [part for part in row[1] if isinstance(part, bytes)]
            yield Entry(text(row[0]), list(zip(flat[::2], flat[1::2], strict=False)))


def _rows(reply: Reply) -> list[dict[str, Reply]]:
    return list(map(pairs, items(unfailed(reply))))


def next_id(text: str) -> str | None:
    """Return the id after *text*; Redis before 6.2 cannot be asked for what is beyond one."""
    time_ms, _, seq = text.partition("-")
    if int(seq or 0) < _LAST_NUMBER:
        return f"{time_ms}-{int(seq or 0) + 1}"
    return f"{int(time_ms) + 1}-0" if int(time_ms) < _LAST_NUMBER else None


def _previous_id(text: str) -> str | None:
    time_ms, _, seq = text.partition("-")
    if int(seq or 0):
        return f"{time_ms}-{int(seq) - 1}"
    return f"{int(time_ms) - 1}-{_LAST_NUMBER}" if int(time_ms) else None

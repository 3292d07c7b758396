"""A string: any stretch of its bytes, the place of a text in it, and what kind of thing it is."""

import re
from collections.abc import Iterator
from typing import Final

from thumbapp.errors import KeyNotFound
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.reply_types import number
from thumbapp.explorer.resp import Cut
from thumbapp.explorer.values.model import Bytes, KeyFacts, Page, PageQuery

WINDOW: Final = 32_768
HEX_WINDOW: Final = 4_096
MOST_WHOLE: Final = 1_000_000
_SEARCH_STEP: Final = 262_144
_SEARCHED_AT_ONCE: Final = 16_000_000
_NUMBER: Final = re.compile(rb"-?(0|[1-9]\d{0,18})")
_FRACTION: Final = re.compile(rb"-?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?", re.IGNORECASE)
_HYPERLOGLOG: Final = b"HYLL"


def string_page(connection: Connection, facts: KeyFacts, query: PageQuery, *, window: int = WINDOW) -> Page:
    """Return the bytes from the cursor on, at most *window* of them; cut ones know the whole length."""
    start = query.index()
    if query.find:
        place = find(connection, facts, query.find, start=start)
        if place is None:
            return Page([], says="It is not found from here on.")
        if place < 0:
            return Page([], str(-place), says=f"It is not in the first {-place:,} bytes. Search on.")
        start = place
    total = facts.length or 0
    data = _range(connection, facts.name, start, start + window)
    end = start + len(data)
    whole = len(data) == total
    extra = _kind(connection, facts, data) if start == 0 else {}
    return Page(
        [Bytes(start, data if whole else Cut(data, total))],
        str(end) if 0 < end < total else None,
        extra=extra,
    )


def find(connection: Connection, facts: KeyFacts, wanted: bytes, *, start: int) -> int | None:
    """Return where *wanted* stands from *start* on, None when nowhere.

    Sixteen million bytes are searched at once; when there are more to search, the place to go on from
    is returned as a negative number.
    """
    total, overlap = facts.length or 0, len(wanted) - 1
    for at in range(start, min(total, start + _SEARCHED_AT_ONCE), _SEARCH_STEP):
        found = _range(connection, facts.name, at, at + _SEARCH_STEP + overlap).find(wanted)
        if found >= 0:
            return at + found
    after = start + _SEARCHED_AT_ONCE
    return -after if after < total else None


def is_number(data: bytes) -> bool:
    """Whether INCRBY can count on *data*."""
    return bool(_NUMBER.fullmatch(data)) and -(2**63) <= int(data) < 2**63


def is_fraction(data: bytes) -> bool:
    """Whether INCRBYFLOAT can count on *data*."""
    return bool(_FRACTION.fullmatch(data))


def bits(data: bytes, *, offset: int) -> list[int]:
    """Return the places of the bits that are set in *data*, which begins at byte *offset*."""
    return [
        (offset + at) * 8 + bit
        for at, byte in enumerate(data)
        if byte
        for bit in range(8)
        if byte & 0x80 >> bit
    ]


def _kind(connection: Connection, facts: KeyFacts, data: bytes) -> dict[str, object]:
    """Return what else the beginning of a string tells: a number to count with, a HyperLogLog's count."""
    if data.startswith(_HYPERLOGLOG):
        count = number(connection.exchange(("PFCOUNT", facts.name))[0])
        return {} if count is None else {"hyperloglog": count}
    if len(data) > 60:
        return {}
    return {"number": "whole"} if is_number(data) else {"number": "fraction"} if is_fraction(data) else {}


def _range(connection: Connection, name: bytes, start: int, end: int) -> bytes:
    data = unfailed(connection.exchange(("GETRANGE", name, start, end - 1))[0])
    return data if isinstance(data, bytes) else b""


def chunks(gate: Gate, name: bytes, *, db: int) -> Iterator[bytes]:
    """Yield a string a quarter of a million bytes at a time, however long it is.

    Raises:
        KeyNotFound: there is no such key; before anything is yielded. ServerRefused: it is of another type.
    """
    at = 0
    with gate.server.pool.connection(db) as connection:
        gate.check_reads(connection, ["GETRANGE", "TYPE"])
        if connection.ask("TYPE", name) == b"none":
            raise KeyNotFound(shown(name))
        while data := _range(connection, name, at, at + _SEARCH_STEP):
            yield data
            at += len(data)

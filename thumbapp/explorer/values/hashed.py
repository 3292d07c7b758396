"""Sets and hashes, which have no order: read by SSCAN and HSCAN, searched by the server."""

from typing import Final

from thumbapp.errors import BadParameter
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.costs import check_pattern
from thumbapp.explorer.reply_types import number
from thumbapp.explorer.resp import Argv, Cut, Failure
from thumbapp.explorer.values.model import (
    CUT_AT,
    KeyFacts,
    Member,
    Page,
    PageQuery,
    Pair,
    containing,
    listed,
)

_MOST_STEPS: Final = 20
_STEP: Final = 500


def set_page(connection: Connection, facts: KeyFacts, query: PageQuery) -> Page:
    """Return members of the set from the cursor on."""
    found, cursor = scan_page(connection, "SSCAN", facts, query, width=1)
    return Page([Member(value) for (value,) in found], cursor)


def hash_page(connection: Connection, facts: KeyFacts, query: PageQuery, *, has_times: bool) -> Page:
    """Return fields of the hash from the cursor on, with the time each has left where fields expire.

    Of heavy values only the length is read, where the server can list fields alone.
    """
    is_heavy = facts.item_bytes > 4 * CUT_AT
    pairs, cursor = _names_alone(connection, facts, query) if is_heavy else (None, None)
    if pairs is None:
        pairs, cursor = scan_page(connection, "HSCAN", facts, query, width=2)
    times = _times(connection, facts.name, [field for field, _ in pairs]) if has_times else {}
    return Page([Pair(field, value, times.get(field)) for field, value in pairs], cursor)


def scan_page(
    connection: Connection, command: str, facts: KeyFacts, query: PageQuery, *, width: int, options: Argv = ()
) -> tuple[list[tuple[bytes, ...]], str | None]:
    """Return items of *width* strings each, and the cursor to go on with.

    A search goes through ten thousand items at most. A small key comes whole from the server; then
    the cursor holds how many of its items were given.
    """
    step, skip = _place(query.cursor)
    wanted = query.limit if options else query.affordable(facts)
    count = _STEP if query.find else wanted
    found: list[tuple[bytes, ...]] = []
    if query.find:
        check_pattern(containing(query.find))
        options = ("MATCH", containing(query.find), *options)
    for _ in range(_MOST_STEPS):
        reply = unfailed(
            connection.exchange((command, facts.name, step, *options, "COUNT", count), cut_at=CUT_AT)[0]
        )
        after, flat = _answer(reply)
        items = list(zip(*[iter(flat)] * width, strict=True))[skip:]
        room = wanted - len(found)
        if len(items) > room + wanted:
            return found + items[:room], f"{step}.{skip + room}"
        found, step, skip = found + items, after, 0
        if step == 0 or len(found) >= wanted:
            break
    return found, f"{step}.0" if step else None


def _names_alone(
    connection: Connection, facts: KeyFacts, query: PageQuery
) -> tuple[list[tuple[bytes, ...]] | None, str | None]:
    """Return fields with the lengths of their values; None where the server cannot list them alone."""
    probe = connection.exchange(("HSCAN", facts.name, 0, "COUNT", 1, "NOVALUES"), cut_at=CUT_AT)[0]
    if isinstance(probe, Failure):
        return None, None
    found, cursor = scan_page(connection, "HSCAN", facts, query, width=1, options=("NOVALUES",))
    fields = [field for (field,) in found]
    lengths = connection.exchange(*[("HSTRLEN", facts.name, field) for field in fields]) if fields else []
    return [
        (field, Cut(b"", number(length) or 0)) for field, length in zip(fields, lengths, strict=True)
    ], cursor


def _times(connection: Connection, name: bytes, fields: list[bytes]) -> dict[bytes, int]:
    """Return the milliseconds that those of *fields* have left that expire; cut names are not asked for."""
    whole = [field for field in fields if not isinstance(field, Cut)]
    if not whole:
        return {}
    reply = connection.exchange(("HPTTL", name, "FIELDS", len(whole), *whole))[0]
    times = reply if isinstance(reply, list) else []
    return {
        field: left for field, left in zip(whole, times, strict=False) if isinstance(left, int) and left >= 0
    }


def _place(cursor: str) -> tuple[int, int]:
    """Return the server's own cursor and how many items to pass over, from the text of both."""
    step, mark, skip = cursor.partition(".") if cursor else ("0", ".", "0")
    for part in (step, skip):
        if not mark or not part.isascii() or not part.isdecimal() or len(part) > 20 or int(part) >= 2**64:
            raise BadParameter("cursor", cursor, "what the last answer gave")
    return int(step), int(skip)


def _answer(reply: object) -> tuple[int, list[bytes]]:
    step, flat = reply if isinstance(reply, list) else (b"0", [])
    return int(step), listed(flat)

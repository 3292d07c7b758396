"""Keys out, whatever their number and size: each at its own moment, not the database at one."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from thumbapp.errors import KeyNotFound
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.records import DUMPED, Record
from thumbapp.explorer.scan import LENGTHS, KeyRow, Search, describe, walk_names
from thumbapp.explorer.values import streams
from thumbapp.explorer.values.model import listed
from thumbapp.explorer.values.opening import READING

_PART_BYTES: Final = 500_000
_MOST_ITEMS: Final = 500
_STRING_PART: Final = 262_144
_NO_LIMIT_S: Final = 10.0**9


def export(gate: Gate, search: Search, *, db: int) -> Iterator[Record]:
    """Yield the keys that *search* finds, large ones in several parts."""
    with gate.server.pool.connection(db) as finding, gate.server.pool.connection(db) as reading:
        for names, _ in walk_names(gate, finding, search, within_s=_NO_LIMIT_S):
            rows = {row.name: row for row in describe(finding, names)} if names else {}
            for row in rows.values():
                yield from _records(reading, row)


def export_key(gate: Gate, name: bytes, *, db: int) -> Iterator[Record]:
    """Yield the key *name* whole, a large one in several parts; raises KeyNotFound."""
    with gate.server.pool.connection(db) as connection:
        gate.check_reads(connection, READING)
        rows = describe(connection, [name])
        if not rows:
            raise KeyNotFound(shown(name))
        yield from _records(connection, rows[0])


def _records(connection: Connection, row: KeyRow) -> Iterator[Record]:
    """Yield the parts of a key; nothing when it vanished meanwhile."""
    ends = int(time.time() * 1000) + row.ttl_ms if row.ttl_ms is not None else None
    first = Record(row.name, row.type, None, ends)
    step = max(1, min(_MOST_ITEMS, _PART_BYTES // max(1, (row.bytes or 1) // max(1, row.length or 1))))
    if row.type not in LENGTHS:
        dump = connection.ask("DUMP", row.name)
        if isinstance(dump, bytes):
            yield replace(first, type=DUMPED, value=dump)
        return
    waiting: Record | None = None
    for value, stream in _PARTS[row.type](connection, row, step):
        if waiting is not None:
            yield replace(waiting, is_more=True)
        waiting = replace(first, value=value, stream=stream, is_first=waiting is None)
    if waiting is not None:
        yield waiting


_Part = tuple[Any, dict[str, Any]]


def _string_parts(connection: Connection, row: KeyRow, _: int) -> Iterator[_Part]:
    for at in range(0, max(1, row.length or 0), _STRING_PART):
        data = unfailed(connection.exchange(("GETRANGE", row.name, at, at + _STRING_PART - 1))[0])
        if data or not row.length:
            yield data or b"", {}


def _list_parts(connection: Connection, row: KeyRow, step: int) -> Iterator[_Part]:
    at = 0
    while values := listed(connection.exchange(("LRANGE", row.name, at, at + step - 1))[0]):
        yield values, {}
        at += len(values)


def _scanned(command: str, width: int) -> Any:
    def parts(connection: Connection, row: KeyRow, step: int) -> Iterator[_Part]:
        cursor: Any = 0
        while True:
            reply = unfailed(connection.exchange((command, row.name, cursor, "COUNT", step))[0])
            cursor, flat = reply if isinstance(reply, list) else (b"0", [])
            values = listed(flat)
            if values:
                yield values if width == 1 else _paired(values, scores=command == "ZSCAN"), {}
            if int(cursor) == 0:
                return

    return parts


def _paired(values: list[bytes], *, scores: bool) -> list[Any]:
    pairs = zip(values[::2], values[1::2], strict=True)
    return [(member, score.decode()) for member, score in pairs] if scores else list(pairs)


def _stream_parts(connection: Connection, row: KeyRow, step: int) -> Iterator[_Part]:
    start: str | None = "-"
    last_id = str(streams.overview(connection, row.name)["last_id"] or "0-0")
    about = {
        "last_id": last_id,
        "groups": [(group.name, group.last_id) for group in streams.groups(connection, row.name)],
    }
    while start is not None:
        reply = unfailed(connection.exchange(("XRANGE", row.name, start, "+", "COUNT", step))[0])
        entries = [(str(item[0], "ascii"), item[1]) for item in reply] if isinstance(reply, list) else []  # type: ignore[index, arg-type]  # an entry is an id with its fields
        start = streams.next_id(entries[-1][0]) if len(entries) == step else None
        yield entries, about if start is None else {}


_PARTS: Final[dict[str, Any]] = {
    "string": _string_parts,
    "list": _list_parts,
    "set": _scanned("SSCAN", 1),
    "hash": _scanned("HSCAN", 2),
    "zset": _scanned("ZSCAN", 2),
    "stream": _stream_parts,
}

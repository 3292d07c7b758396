"""Opening a key: what is known of it, and a page of its value, by its type."""

from dataclasses import dataclass
from typing import Final

from thumbapp.errors import KeyNotFound
from thumbapp.explorer.connections import Connection, Journal, unfailed
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv, Reply, length_of
from thumbapp.explorer.scan import LENGTHS
from thumbapp.explorer.values import hashed, rows, streams, strings
from thumbapp.explorer.values.model import KeyFacts, Page, PageQuery, facts_of

READING: Final = (
    *("TYPE", "PTTL", "MEMORY USAGE", "OBJECT IDLETIME", "OBJECT FREQ", "OBJECT ENCODING", "DUMP"),
    *(name.decode() for name in LENGTHS.values()),
    *(
        "GETRANGE",
        "PFCOUNT",
        "LRANGE",
        "LINDEX",
        "SSCAN",
        "ZRANGE",
        "ZREVRANGE",
        "ZSCAN",
        "ZCOUNT",
        "ZLEXCOUNT",
    ),
    *("ZSCORE", "GEOPOS", "HSCAN", "HGET", "HSTRLEN", "XRANGE", "XREVRANGE", "XPENDING", "XINFO STREAM"),
)
_MOST_DUMPED: Final = 1_000_000
_HINTS: Final = {
    "ReJSON-RL": "JSON of a module; read it in the console with JSON.GET.",
    "TSDB-TYPE": "A time series of a module; read it in the console with TS.RANGE.",
    "MBbloom--": "A Bloom filter of a module; ask it in the console with BF.EXISTS.",
    "vectorset": "A vector set; ask it in the console with VSIM.",
}


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """A key as it is shown: what is known of it and one page of its value."""

    facts: KeyFacts
    page: Page


def open_key(
    gate: Gate,
    name: bytes,
    query: PageQuery,
    *,
    db: int,
    window: int = strings.WINDOW,
    journal: Journal | None = None,
) -> OpenedKey:
    """Return the key *name* of database *db* with the page that *query* asks for.

    *window* is how many bytes of a string one page has. Raises KeyNotFound.
    """
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, READING)
        facts = facts_of(connection, name)
        return OpenedKey(facts, _page(gate, connection, facts, query, window=window))


def element(
    gate: Gate, argv: Argv, *, name: bytes, db: int, most: int, journal: Journal | None = None
) -> bytes:
    """Return the one string that *argv* reads, such as a field, at most its first *most* bytes."""
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, [str(argv[0])])
        reply: Reply = unfailed(connection.exchange(argv, cut_at=most)[0])
    if not isinstance(reply, bytes):
        raise KeyNotFound(f"{shown(name)} with that element")
    return reply


def _page(gate: Gate, connection: Connection, facts: KeyFacts, query: PageQuery, *, window: int) -> Page:
    if facts.type == "string":
        return strings.string_page(connection, facts, query, window=window)
    if facts.type == "hash":
        if has_times := gate.server.knows(connection, "HPTTL"):
            gate.check_reads(connection, ["HPTTL"])
        return hashed.hash_page(connection, facts, query, has_times=has_times)
    read = {
        "list": rows.list_page,
        "zset": rows.zset_page,
        "set": hashed.set_page,
        "stream": streams.stream_page,
    }.get(facts.type, _foreign_page)
    return read(connection, facts, query)


def _foreign_page(connection: Connection, facts: KeyFacts, _: PageQuery) -> Page:
    """Return what can be said of a type that only a module understands: its size when written down."""
    size = 0
    if (facts.bytes or 0) <= _MOST_DUMPED:
        size = length_of(connection.exchange(("DUMP", facts.name), cut_at=0)[0])
    hint = _HINTS.get(facts.type, "Values of this type can only be read by commands of their module.")
    return Page([], says=hint, extra={"dump_bytes": size} if size else {})

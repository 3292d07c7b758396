"""Opening a key: what is known of it, and a page of its value, by its type."""

from dataclasses import dataclass
from typing import Final

from thumbapp.errors import KeyNotFound
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv, Reply, length_of
from thumbapp.explorer.scan import LENGTHS
from thumbapp.explorer.values import hashed, rows, streams, strings
from thumbapp.explorer.values.model import KeyFacts, Page, PageQuery, facts_of
from thumbapp.explorer.wire import Journal, Line, unfailed

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
    with gate.server.link.hold(db, journal=journal) as line:
        gate.check_reads(line, READING)
        facts = facts_of(line, name)
        return OpenedKey(facts, _page(gate, line, facts, query, window=window))


def element(
    gate: Gate, argv: Argv, *, name: bytes, db: int, most: int, journal: Journal | None = None
) -> bytes:
    """Return the one string that *argv* reads, such as a field, at most its first *most* bytes."""
    with gate.server.link.hold(db, journal=journal) as line:
        gate.check_reads(line, [str(argv[0])])
        reply: Reply = unfailed(line.exchange(argv, cut_at=most)[0])
    if not isinstance(reply, bytes):
        raise KeyNotFound(f"{shown(name)} with that element")
    return reply


def _page(gate: Gate, line: Line, facts: KeyFacts, query: PageQuery, *, window: int) -> Page:
    if facts.type == "string":
        return strings.string_page(line, facts, query, window=window)
    if facts.type == "hash":
        if has_times := gate.server.knows(line, "HPTTL"):
            gate.check_reads(line, ["HPTTL"])
        return hashed.hash_page(line, facts, query, has_times=has_times)
    read = {
        "list": rows.list_page,
        "zset": rows.zset_page,
        "set": hashed.set_page,
        "stream": streams.stream_page,
    }.get(facts.type, _foreign_page)
    return read(line, facts, query)


def _foreign_page(line: Line, facts: KeyFacts, _: PageQuery) -> Page:
    """Return what can be said of a type that only a module understands: its size when written down."""
    size = 0
    if (facts.bytes or 0) <= _MOST_DUMPED:
        size = length_of(line.exchange(("DUMP", facts.name), cut_at=0)[0])
    hint = _HINTS.get(facts.type, "Values of this type can only be read by commands of their module.")
    return Page([], says=hint, extra={"dump_bytes": size} if size else {})

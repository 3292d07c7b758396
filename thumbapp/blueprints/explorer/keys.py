"""The left side of the explorer: a portion of the keys as a tree or a list, and what streams the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from thumbapp.blueprints.explorer.location import Layout, Location
from thumbapp.errors import ThumbAppError
from thumbapp.explorer import scan
from thumbapp.explorer.long_names import id_of
from thumbapp.explorer.scan import KeyRow
from thumbapp.explorer.tree import Folder, fold, steps

LISTED: Final = 100
FOLDED: Final = 500
_SORTS: Final = {
    "name": lambda row: row.name,
    "type": lambda row: row.type,
    "length": lambda row: row.length or 0,
    "memory": lambda row: row.bytes or 0,
    "ttl": lambda row: row.ttl_ms if row.ttl_ms is not None else float("inf"),
}


@dataclass(frozen=True, slots=True)
class KeysPage:
    """A portion of the keys as the page shows it; *error* is why there is none.

    *folders* and *crumbs* are those of a tree; ``hidden`` keys were found and have no room on the page.
    """

    rows: list[KeyRow]
    folders: list[Folder]
    crumbs: list[Folder]
    cursor: str | None = None
    scanned: int = 0
    total: int = 0
    hidden: int = 0
    error: ThumbAppError | None = None


def keys_page(location: Location) -> KeysPage:
    """Return the keys to show at *location*; what a server or the gate says against it is on the page."""
    is_tree = location.view is Layout.TREE
    try:
        found = scan.page(
            location.gate,
            location.search,
            db=location.db,
            cursor=location.cursor,
            limit=FOLDED if is_tree else LISTED,
        )
    except ThumbAppError as error:
        return KeysPage([], [], [], error=error)
    if not is_tree:
        rows = _sorted(found.rows, location.sort)
        return KeysPage(rows, [], [], found.cursor, found.scanned, found.total)
    return _tree(location, found)


def lines(location: Location, *, limit: int) -> Iterator[bytes]:
    """Yield the keys at *location* as lines of JSON while they are found; the last has the cursor to go on.

    A row is ``[id, type, ttl_ms, bytes, length]``. What breaks off says so in a line of its own, with the
    cursor of the last portion that came.
    """
    cursor: str | None = location.cursor
    try:
        for portion in scan.walk(
            location.gate, location.search, db=location.db, cursor=location.cursor, limit=limit
        ):
            cursor = portion.cursor
            facts = {"cursor": cursor, "scanned": portion.scanned, "total": portion.total}
            yield orjson.dumps({"rows": list(map(_compact, portion.rows)), **facts}) + b"\n"
    except ThumbAppError as error:
        yield orjson.dumps({"rows": [], "cursor": cursor, "code": error.code, "error": str(error)}) + b"\n"


def _tree(location: Location, found: scan.ScanPage) -> KeysPage:
    delimiter = location.delimiter.encode()
    level = fold(found.rows, below=location.folder, delimiter=delimiter)
    folders = level.folders[:LISTED]
    rows = (_sorted(level.rows, location.sort) if location.sort else level.rows)[:LISTED]
    return KeysPage(
        rows,
        folders,
        steps(location.folder, delimiter=delimiter),
        found.cursor,
        found.scanned,
        found.total,
        hidden=len(level.rows) + len(level.folders) - len(rows) - len(folders),
    )


def _sorted(rows: Sequence[KeyRow], order: str) -> list[KeyRow]:
    key = _SORTS.get(order.removeprefix("-"))
    return sorted(rows, key=key, reverse=order.startswith("-")) if key else list(rows)


def _compact(row: KeyRow) -> tuple[str, str, int | None, int | None, int | None]:
    return id_of(row.name), row.type, row.ttl_ms, row.bytes, row.length

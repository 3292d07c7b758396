"""What a page of the explorer looks at, as its address says it: so Back works and a link can be sent."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from flask import g, request, url_for

from thumbapp.blueprints.context import parts
from thumbapp.blueprints.request_params import parse_number
from thumbapp.errors import BadParameter
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.long_names import id_of, name_of
from thumbapp.explorer.names import from_id, literally, to_id, typed
from thumbapp.explorer.scan import Search

MOST_DB: Final = 100_000
_LONGEST_DELIMITER: Final = 8
_OF_ITEM: Final = ("v_item", "v_as")


class Layout(StrEnum):
    """How found keys are laid out."""

    TREE = "tree"
    LIST = "list"


class Order(StrEnum):
    """What the loaded keys are sorted by; ``-`` before it in an address turns it round."""

    FOUND = ""
    NAME = "name"
    TYPE = "type"
    LENGTH = "length"
    MEMORY = "memory"
    TTL = "ttl"


@dataclass(frozen=True, slots=True)
class Location:
    """Server, database, search and the open key; *path* is the folder of the tree, *key* an id."""

    server: str = ""
    db: int = 0
    match: str = ""
    type: str = ""
    view: Layout = Layout.TREE
    delimiter: str = ":"
    path: str = ""
    cursor: str = ""
    sort: str = ""
    key: str = ""

    @property
    def gate(self) -> Gate:
        """The gate to the server; raises UnknownServer."""
        return parts().explorer.gate(self.server)

    @property
    def database(self) -> str:
        """Server and database as the audit names them, ``main[0]``; raises UnknownServer."""
        return f"{self.gate.server.name}[{self.db}]"

    @property
    def search(self) -> Search:
        """What to look for, below *path* when a folder is open; raises BadParameter, PatternTooWild."""
        if self.path and not self.match:
            return Search(literally(self.folder) + b"*", self.type)
        return Search(typed(self.match), self.type)

    @property
    def folder(self) -> bytes:
        """The beginning that the names of the open folder share; raises BadParameter."""
        return from_id(self.path) if self.path else b""

    @property
    def name(self) -> bytes | None:
        """The name of the open key, None when none is; raises BadParameter, or KeyNotFound for a long one."""
        if not self.key:
            return None
        found = g.setdefault("long_names", {})
        if self not in found:
            found[self] = name_of(self.gate, self.key, db=self.db)
        return bytes(found[self])

    def is_open(self, name: bytes) -> bool:
        """Whether the key *name* is the open one."""
        return id_of(name) == self.key

    def url(self, endpoint: str = "explorer.index", **changes: object) -> str:
        """Return the address of *endpoint* for this location with some *changes*."""
        return url_for(endpoint, **replace(self, **changes).query())  # type: ignore[arg-type]  # templates name fields

    def part_url(self, endpoint: str = "explorer.index") -> str:
        """Return the address of *endpoint* for this location and the part of the value that is asked for."""
        asked = request.args.items()
        part = {name: text for name, text in asked if name.startswith("v_") and name not in _OF_ITEM}
        return url_for(endpoint, **self.query(), **part)  # type: ignore[arg-type]  # names are fields

    def url_of(self, name: bytes) -> str:
        """Return the address at which the key *name* is open."""
        return self.url(key=id_of(name))

    def url_into(self, path: bytes = b"") -> str:
        """Return the address at which the folder *path* is open, b"" being the top."""
        return self.url(path=to_id(path) if path else "", cursor="")

    def query(self) -> dict[str, str]:
        """Return what differs from the beginning, for an address; the database always."""
        beginning = Location()
        said = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: str(value)
            for name, value in said.items()
            if name == "db" or value != getattr(beginning, name)
        }


def current_location() -> Location:
    """Return what the address of the request says.

    Raises:
        UnknownServer: it names a server that is not in the settings.
        BadParameter: something in it cannot be.
    """
    given = request.args
    server = given.get("server", "")
    delimiter = given.get("delimiter", ":")
    if len(delimiter) > _LONGEST_DELIMITER:
        raise BadParameter("delimiter", delimiter, f"at most {_LONGEST_DELIMITER} characters")
    return Location(
        server=server,
        db=db_asked(given.get("db", ""), server=server),
        match=given.get("match", ""),
        type=given.get("type", ""),
        view=_layout(given.get("view", "")),
        delimiter=delimiter,
        path=given.get("path", ""),
        cursor=given.get("cursor", ""),
        sort=_sort(given.get("sort", "")),
        key=given.get("key", ""),
    )


def db_asked(text: str, *, server: str) -> int:
    """Return the number of the database in *text*, the server's first when there is none."""
    first = parts().explorer.servers.find(server).first_db
    if not text:
        return first
    if (number := parse_number(text, most=MOST_DB)) is None:
        raise BadParameter("db", text, "a number from 0 on")
    return number


def _layout(text: str) -> Layout:
    if text and text not in set(Layout):
        raise BadParameter("view", text, " ".join(Layout))
    return Layout(text) if text else Layout.TREE


def _sort(text: str) -> str:
    if text.removeprefix("-") not in set(Order):
        raise BadParameter("sort", text, " ".join(filter(None, Order)))
    return text

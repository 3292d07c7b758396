"""The right side of the explorer: the open key and a page of its value.

How a type gets a view of its own: a template `explorer/values/<type>.html`, which is given the `pane`;
types without one are shown by `explorer/values/_any.html`. The pane is made by `value_pane` for the
page and for the address that answers it alone, so a view works with and without scripts alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import request, url_for

from thumbapp.blueprints.explorer_where import Where
from thumbapp.blueprints.filters import key_text
from thumbapp.errors import BadParameter, ThumbAppError
from thumbapp.explorer.line import command_line
from thumbapp.explorer.names import from_id, shown, typed
from thumbapp.explorer.resp import Cut
from thumbapp.explorer.values.model import (
    PAGE,
    Ask,
    Bytes,
    Element,
    Entry,
    Item,
    KeyFacts,
    Member,
    Page,
    Pair,
    Scored,
)
from thumbapp.explorer.values.opening import open_key
from thumbapp.explorer.wire import Journal

# What the address says of the part of the value; they begin with v_ so as not to meet those of the list.
ASKED: Final = ("v_cursor", "v_find", "v_low", "v_high", "v_by", "v_reversed", "v_limit")


@dataclass(frozen=True, slots=True)
class ValuePane:
    """The open key; *error* is why it cannot be shown, then there are no facts and no page."""

    where: Where
    ask: Ask
    journal: Journal
    facts: KeyFacts | None = None
    page: Page | None = None
    error: ThumbAppError | None = None
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name of the key as it is shown."""
        return key_text(self.facts.name) if self.facts else _title_of(self.where.key)

    @property
    def name_to_copy(self) -> str:
        """The name as it can be typed into redis-cli."""
        return command_line([self.facts.name]) if self.facts else ""

    @property
    def noun(self) -> str:
        """What the length of the value counts."""
        return _NOUNS.get(self.facts.type if self.facts else "", "element")

    @property
    def columns(self) -> list[str]:
        """The heads of the table of any type."""
        return _COLUMNS.get(type(self.page.items[0]), ["value"]) if self.page and self.page.items else []

    @property
    def rows(self) -> list[list[str]]:
        """The items of the page as cells of text."""
        return [_cells(item) for item in self.page.items] if self.page else []

    @property
    def template(self) -> list[str]:
        """The templates that may show the value, the first that exists does."""
        kind = self.facts.type if self.facts else ""
        own = [f"explorer/values/{kind}.html"] if kind.isalnum() and kind.isascii() else []
        return [*own, "explorer/values/_any.html"]

    def url(self, **changes: str) -> str:
        """Return the address of another part of this value: ``url(v_cursor=...)``."""
        kept = {name: text for name, text in ({**self.asked, **changes}).items() if text}
        return url_for("explorer.index", **self.where.query(), **kept)  # type: ignore[arg-type]  # names are fields


def value_pane(place: Where) -> ValuePane | None:
    """Return the pane of the key that is open at *place*, None when none is."""
    if not place.key:
        return None
    journal, ask = Journal(), Ask()
    asked = {name: request.args[name] for name in ASKED if request.args.get(name)}
    try:
        ask = ask_for(asked)
        opened = open_key(place.gate, place.name or b"", ask, db=place.db, journal=journal)
    except ThumbAppError as error:
        return ValuePane(place, ask, journal, error=error, asked=asked)
    return ValuePane(place, ask, journal, opened.facts, opened.page, asked=asked)


def ask_for(given: Mapping[str, str]) -> Ask:
    """Return which part of a value is asked for by the names of `ASKED`; raises BadParameter."""
    limit = given.get("v_limit", str(PAGE))
    if not limit.isascii() or not limit.isdecimal() or len(limit) > 6:
        raise BadParameter("v_limit", limit, "a number")
    return Ask(
        cursor=given.get("v_cursor", ""),
        find=typed(given.get("v_find", "")),
        limit=int(limit),
        low=given.get("v_low", ""),
        high=given.get("v_high", ""),
        by=given.get("v_by", ""),
        is_reversed=given.get("v_reversed", "") == "1",
    )


_NOUNS: Final = {"string": "byte", "hash": "field", "stream": "entry", "set": "member", "zset": "member"}
_COLUMNS: Final[dict[type, list[str]]] = {
    Element: ["index", "value"],
    Member: ["member"],
    Scored: ["rank", "score", "member"],
    Pair: ["field", "value"],
    Entry: ["id", "fields"],
    Bytes: ["from", "bytes"],
}


def _cells(item: Item) -> list[str]:
    """Return *item* as cells of text that can be read whatever its bytes are."""
    if isinstance(item, Element):
        return [f"{item.index:,}", _text(item.value)]
    if isinstance(item, Scored):
        return ["" if item.rank is None else f"{item.rank:,}", item.score, _text(item.value)]
    if isinstance(item, Pair):
        return [_text(item.field), _text(item.value)]
    if isinstance(item, Entry):
        return [item.id, "  ".join(f"{_text(field)} = {_text(value)}" for field, value in item.pairs)]
    if isinstance(item, Bytes):
        return [f"{item.offset:,}", shown(item.data)]
    return [_text(item.value)]


def _title_of(key_id: str) -> str:
    try:
        return key_text(from_id(key_id))
    except BadParameter:
        return key_id[:100]


def _text(data: bytes) -> str:
    """Return *data* as it is shown, with its whole length when this is only its beginning."""
    return f"{shown(data)} ... ({data.total:,} bytes)" if isinstance(data, Cut) else shown(data)

"""The right side of the explorer: the open key and a page of its value.

How a type gets a view of its own: a template `explorer/values/<type>.html`, which is given the `pane`;
types without one are shown by `explorer/values/_any.html`. The pane is made by `value_pane` for the
page and for the address that answers it alone, so a view works with and without scripts alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import request, url_for

from thumbapp.blueprints.explorer.geo_map import GeoMap, draw_map
from thumbapp.blueprints.explorer.location import Location
from thumbapp.blueprints.explorer.value_views import LARGEST_PICTURE, ValueView, value_view
from thumbapp.blueprints.filters import key_text
from thumbapp.errors import BadParameter, ThumbAppError
from thumbapp.explorer.connections import Journal
from thumbapp.explorer.input_format import format_input, plainest_format
from thumbapp.explorer.long_names import LONGEST
from thumbapp.explorer.names import from_id, shown, typed
from thumbapp.explorer.quoting import command_line
from thumbapp.explorer.resp import Cut
from thumbapp.explorer.undo import mark
from thumbapp.explorer.values import strings
from thumbapp.explorer.values.model import (
    PAGE,
    Bytes,
    Element,
    Entry,
    Item,
    KeyFacts,
    Member,
    Page,
    PageQuery,
    Pair,
    Scored,
)
from thumbapp.explorer.values.opening import open_key

# What the address says of the part of the value; they begin with v_ so as not to meet those of the list.
ASKED: Final = (
    *("v_cursor", "v_find", "v_low", "v_high", "v_by", "v_reversed", "v_limit"),
    *("v_view", "v_item", "v_group", "v_pending", "v_with", "v_how", "v_as"),
)

ROWS: Final = 50
TEXT_WINDOW: Final = 28_000  # with all around it a page stays below 64 kB


@dataclass(frozen=True, slots=True)
class ValuePane:
    """The open key; *error* is why it cannot be shown, then there are no facts and no page."""

    location: Location
    query: PageQuery
    journal: Journal
    facts: KeyFacts | None = None
    page: Page | None = None
    error: ThumbAppError | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    view: ValueView | None = None

    @property
    def title(self) -> str:
        """The name of the key as it is shown."""
        return key_text(self.facts.name) if self.facts else _title_of(self.location.key)

    @property
    def whole_name(self) -> str:
        """The name as it can be typed into redis-cli, however long it is."""
        return command_line([self.facts.name]) if self.facts else ""

    @property
    def is_name_long(self) -> bool:
        """Whether the name alone would make the page a large one."""
        return bool(self.facts and len(self.facts.name) > LONGEST)

    @property
    def name_values(self) -> dict[str, str]:
        """The name as it stands in a form that gives another, empty when it is long."""
        name = self.facts.name if self.facts and not self.is_name_long else b""
        writing = plainest_format(name)
        return {"new": format_input(name, writing), "writing": str(writing)}

    @property
    def mark(self) -> str:
        """What tells this key from others, so that what was typed for one never stays in another's form."""
        return mark(self.location.url(match="", type="", path="", cursor="", sort="").encode())

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
        return self.part((), **changes)

    def part(self, without: Sequence[str], **changes: str) -> str:
        """Return the address of another part of this value, leaving out what *without* names."""
        kept = {name: text for name, text in self.asked.items() if name not in without} | changes
        said = {name: text for name, text in kept.items() if text}
        return url_for("explorer.index", **self.location.query(), **said)  # type: ignore[arg-type]  # names are fields

    def kept(self, *without: str) -> dict[str, str]:
        """Return what a form that asks for another part sends along, leaving out what *without* names."""
        return self.location.query() | {
            name: text for name, text in self.asked.items() if name not in without
        }

    @property
    def change_url(self) -> str:
        """The address that takes changes of this key, and leads back to the part of it that is shown."""
        return self.location.part_url("explorer_changes.change")

    @property
    def entries_url(self) -> str:
        """The address of the entries alone, for who follows a stream."""
        return url_for("explorer.entries", **self.kept("v_item", "v_group", "v_pending", "v_as"))  # type: ignore[arg-type]  # names are fields

    @property
    def picture_url(self) -> str:
        """The address of the value as a picture, "" when it is none that can be shown."""
        string = self.view.string if self.view else None
        is_shown = string and string.media_type and string.total <= LARGEST_PICTURE
        return (
            self.location.url("explorer_files.raw", match="", path="", cursor="") + "&inline=1"
            if is_shown
            else ""
        )

    @property
    def map(self) -> GeoMap | None:
        """The places of the page on a map, None when there are none."""
        return draw_map(self.view.places) if self.view else None

    @property
    def why_fixed(self) -> str:
        """Why the key cannot be changed now."""
        server = self.location.gate.server
        if server.is_read_only:
            return "This server is set to read-only."
        if self.facts and (prefix := server.protecting(self.facts.name)) is not None:
            return f"Keys beginning with {shown(prefix)} are protected: they are shown and not changed."
        return "View mode: switch edit mode on above to change this key."


def value_pane(location: Location) -> ValuePane | None:
    """Return the pane of the key that is open at *location*, None when none is."""
    if not location.key:
        return None
    journal, query = Journal(), PageQuery()
    asked = {name: request.args[name] for name in ASKED if request.args.get(name)}
    try:
        query = page_query({"v_limit": str(ROWS), **asked})
        window = _WINDOWS.get(asked.get("v_view", ""), TEXT_WINDOW)
        opened = open_key(
            location.gate, location.name or b"", query, db=location.db, window=window, journal=journal
        )
        view = value_view(location, opened, asked, journal)
    except ThumbAppError as error:
        return ValuePane(location, query, journal, error=error, asked=asked)
    return ValuePane(location, query, journal, opened.facts, opened.page, asked=asked, view=view)


def page_query(given: Mapping[str, str]) -> PageQuery:
    """Return which part of a value is asked for by the names of `ASKED`; raises BadParameter."""
    limit = given.get("v_limit", str(PAGE))
    if not limit.isascii() or not limit.isdecimal() or len(limit) > 6:
        raise BadParameter("v_limit", limit, "a number")
    return PageQuery(
        cursor=given.get("v_cursor", ""),
        find=typed(given.get("v_find", "")),
        limit=int(limit),
        low=given.get("v_low", ""),
        high=given.get("v_high", ""),
        by=given.get("v_by", ""),
        is_reversed=given.get("v_reversed", "") == "1",
    )


_WINDOWS: Final = {"hex": strings.HEX_WINDOW, "bits": strings.HEX_WINDOW, "base64": strings.WINDOW // 2}
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
        head, is_long = key_id.removeprefix("~").partition(".")[0], key_id.startswith("~")
        return key_text(from_id(head)) + (" ..." if is_long else "")
    except BadParameter:
        return key_id[:100]


def _text(data: bytes) -> str:
    """Return *data* as it is shown, with its whole length when this is only its beginning."""
    return f"{shown(data)} ... ({data.total:,} bytes)" if isinstance(data, Cut) else shown(data)

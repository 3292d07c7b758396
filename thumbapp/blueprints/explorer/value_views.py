"""What the view of each type shows, computed here so that the templates only place it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flask import g

from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import html_size, modes
from thumbapp.blueprints.explorer.location import Location
from thumbapp.errors import BadParameter
from thumbapp.explorer.connections import Journal
from thumbapp.explorer.decode import Shown, View, fitting_views, show
from thumbapp.explorer.decode.images import media_type
from thumbapp.explorer.export import export
from thumbapp.explorer.input_format import InputFormat, format_input, plainest_format
from thumbapp.explorer.names import from_id, literally, shown, typed
from thumbapp.explorer.resp import Cut, length_of
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.scan import Search
from thumbapp.explorer.undo import MOST_BYTES, mark
from thumbapp.explorer.values import details, streams, strings
from thumbapp.explorer.values.model import Bytes, Element, Entry, Item, KeyFacts, Member, Pair, Scored
from thumbapp.explorer.values.opening import OpenedKey, element
from thumbapp.forms.explorer.model import item_id, place_id
from thumbapp.taskqueue.description import describe_message
from thumbapp.taskqueue.serializer import SignedJsonSerializer, signing_key

LARGEST_PICTURE: Final = 5_000_000
_LONGEST_TEXT: Final = 300
_TEXT_BYTES: Final = 450
_ENTRIES_BYTES: Final = 20_000
_LONGEST_COMMANDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Editing:
    """A value as it stands in a form, how it is written there, and the mark of what was seen."""

    text: str
    writing: InputFormat
    seen: str

    @property
    def values(self) -> dict[str, str]:
        """What the form is filled with."""
        return {"value": self.text, "writing": str(self.writing), "seen": self.seen}


@dataclass(frozen=True, slots=True)
class BytesView:
    """Bytes in one view, the others to choose from, and what to edit; None when they are not whole here."""

    shown: Shown
    views: Sequence[View]
    editing: Editing | None = None
    offset: int = 0
    end: int = 0
    total: int = 0
    media_type: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_heavy(self) -> bool:
        """Whether a page can bear what is shown or what is edited, and not both."""
        edited = self.editing.text if self.editing else ""
        return html_size.size_of(self.shown.text) + html_size.size_of(edited) > html_size.MOST_BYTES


@dataclass(frozen=True, slots=True)
class Row:
    """An element in a table: what stands for it in a form, "" when it is too long for that, and its texts."""

    id: str
    label: str
    text: str
    score: str = ""
    ttl_ms: int | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of a stream: its first fields with their values as texts, and how many more it has."""

    id: str
    pairs: Sequence[tuple[str, str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One element, opened: its title, the whole of it, or the fields of an entry."""

    id: str
    title: str
    value: BytesView | None = None
    score: str = ""
    is_number: bool = False
    pairs: Sequence[tuple[str, BytesView]] = ()


@dataclass(frozen=True, slots=True)
class ValueView:
    """Everything the view of a type shows beside what is known of the key."""

    may_change: bool
    can_undo_deletion: bool
    string: BytesView | None = None
    rows: Sequence[Row] = ()
    entries: Sequence[EntryRow] = ()
    item: OpenItem | None = None
    groups: Sequence[streams.Group] = ()
    group: details.OpenGroup | None = None
    places: Sequence[tuple[str, float, float]] = ()
    combined: tuple[Sequence[str], int] | None = None
    commands: str | None = None
    has_field_times: bool = False


def value_view(
    location: Location, opened: OpenedKey, given: Mapping[str, str], journal: Journal
) -> ValueView:
    """Return what the view of the key shows, as the address asks for it (``v_view``, ``v_item`` ...)."""
    facts, server = opened.facts, location.gate.server
    is_free = not server.is_read_only and server.protecting(facts.name) is None
    found = ValueView(
        may_change=is_free and modes.mode_now().covers(Mode.EDIT),
        can_undo_deletion=(facts.bytes or 0) <= MOST_BYTES,
        commands=_commands(location, facts) if given.get("v_as") == "commands" else None,
    )
    if facts.type == "string":
        return replace(found, string=_string(opened, given))
    found = replace(found, item=_item(location, facts, given, journal) if given.get("v_item") else None)
    if facts.type == "stream":
        groups, group = _groups(location, facts, given, journal)
        return replace(found, entries=_entries(opened.page.items), groups=groups, group=group)
    return replace(
        found,
        rows=[row for one in opened.page.items if (row := _row(one)) is not None],
        places=_places(location, opened, given, journal),
        combined=_combined(location, facts, given),
        has_field_times=found.item is not None and facts.type == "hash" and _has_field_times(location),
    )


def decode_message(data: bytes) -> str | None:
    """Return what a message of this app's queue says, None for any other bytes."""
    if "redis_serializer" not in g:
        g.redis_serializer = SignedJsonSerializer(signing_key(parts().settings.secret()))
    return describe_message(data, g.redis_serializer)


def bytes_view(
    data: bytes, view: str, *, offset: int = 0, extra: Mapping[str, object] | None = None
) -> BytesView:
    """Return *data* in the view called *view*, the most telling one for ""; raises BadParameter."""
    views = fitting_views(data, decode_message=decode_message) if offset == 0 else _ANYWHERE
    if view and view not in set(View):
        raise BadParameter("v_view", view[:40], " ".join(View))
    chosen = View(view) if view else views[0]
    is_whole = not isinstance(data, Cut) and offset == 0
    return BytesView(
        shown=_bounded(show(data, chosen, decode_message=decode_message, offset=offset)),
        views=views,
        editing=_editing(data) if is_whole and len(data) <= details.MOST_WHOLE else None,
        offset=offset,
        end=offset + len(data),
        total=max(length_of(data), offset + len(data)),
        media_type=media_type(data),
        extra=extra or {},
    )


_ANYWHERE: Final = (View.TEXT, View.HEX, View.BASE64, View.BITS)


def _bounded(found: Shown) -> Shown:
    """Return *found* with a text that a page can bear: deep JSON is mostly indents."""
    text = html_size.fitted(found.text, html_size.MOST_BYTES)
    if text == found.text:
        return found
    warning = f"{found.warning} Only its first {len(text):,} characters stand here.".strip()
    return replace(found, text=text, warning=warning)


def _editing(data: bytes) -> Editing:
    writing = plainest_format(data)
    return Editing(format_input(data, writing), writing, mark(data))


def _string(opened: OpenedKey, given: Mapping[str, str]) -> BytesView | None:
    """Return the bytes of a page of a string in the chosen view; None when nothing was found."""
    found = next((item for item in opened.page.items if isinstance(item, Bytes)), None)
    if found is None:
        return None
    return bytes_view(found.data, given.get("v_view", ""), offset=found.offset, extra=opened.page.extra)


def _text(data: bytes) -> str:
    """Return *data* on one line of a table, long ones cut."""
    if not isinstance(data, Cut) and (message := decode_message(data)):
        return message.partition("\n")[0]
    text, total = shown(data[:_LONGEST_TEXT]), length_of(data)
    fits = html_size.fitted(text[:_LONGEST_TEXT], _TEXT_BYTES)
    return f"{fits} ... ({total:,} bytes)" if total > _LONGEST_TEXT or fits != text else text


def _row(item: Item) -> Row | None:
    if isinstance(item, Element):
        whole = "" if isinstance(item.value, Cut) else place_id(item.index, item.value)
        return Row(whole or f"{item.index}.", f"{item.index:,}", _text(item.value))
    if isinstance(item, Pair):
        return Row(_id(item.field), _text(item.field), _text(item.value), ttl_ms=item.ttl_ms)
    if isinstance(item, Scored):
        rank = f"{item.rank:,}" if item.rank is not None else ""
        return Row(_id(item.value), rank, _text(item.value), score=item.score)
    return Row(_id(item.value), "", _text(item.value)) if isinstance(item, Member) else None


def _id(data: bytes) -> str:
    return "" if isinstance(data, Cut) else item_id(data)


def _entries(items: Sequence[Item]) -> list[EntryRow]:
    most = _ENTRIES_BYTES // max(1, len(items))
    return [_entry(item, most) for item in items if isinstance(item, Entry)]


def _entry(item: Entry, most: int) -> EntryRow:
    pairs = html_size.first_pairs(((_text(name), _text(value)) for name, value in item.pairs), most)
    return EntryRow(item.id, pairs, len(item.pairs) - len(pairs))


def _item(location: Location, facts: KeyFacts, given: Mapping[str, str], journal: Journal) -> OpenItem:
    """Return one element whole; raises KeyNotFound when it is not there any more."""
    item, view, name = given["v_item"], given.get("v_view", ""), facts.name
    if facts.type == "stream":
        entry = details.whole_entry(location.gate, name, item, db=location.db, journal=journal)
        return OpenItem(
            item, entry.id, pairs=[(shown(left), bytes_view(right, view)) for left, right in entry.pairs]
        )
    if facts.type == "set":
        return OpenItem(item, "member", bytes_view(from_id(item), view))
    argv = details.reading_of(facts.type, name, item)
    data = element(location.gate, argv, name=name, db=location.db, most=details.MOST_WHOLE, journal=journal)
    if facts.type == "zset":
        return OpenItem(
            item, "member", bytes_view(from_id(item), view), score=data.decode("latin-1"), is_number=True
        )
    title = item.partition(".")[0] if facts.type == "list" else shown(from_id(item))
    is_number = strings.is_number(data) or strings.is_fraction(data)
    return OpenItem(item, title, bytes_view(data, view), is_number=is_number)


def _groups(
    location: Location, facts: KeyFacts, given: Mapping[str, str], journal: Journal
) -> tuple[list[streams.Group], details.OpenGroup | None]:
    """Return the groups of a stream, and the one that is open."""
    found = details.stream_groups(location.gate, facts.name, db=location.db, journal=journal)
    wanted = from_id(given["v_group"]) if given.get("v_group") else None
    chosen = next((group for group in found if group.name == wanted), None)
    if chosen is None:
        return found, None
    cursor = given.get("v_pending", "")
    return found, details.open_group(
        location.gate, facts.name, chosen, db=location.db, cursor=cursor, journal=journal
    )


def _has_field_times(location: Location) -> bool:
    """Whether the server lets fields of a hash expire."""
    with location.gate.server.pool.connection(location.db) as connection:
        return location.gate.server.knows(connection, "HPEXPIRE")


def _commands(location: Location, facts: KeyFacts) -> str:
    """Return the commands that make the key, "" when they are too long to stand on a page."""
    if (facts.bytes or 0) > _LONGEST_COMMANDS:
        return ""
    found = export(location.gate, Search(literally(facts.name)), db=location.db)
    text = "\n".join(line for record in found for line in record.lines())
    return text if len(text) <= _LONGEST_COMMANDS else ""


def _places(
    location: Location, opened: OpenedKey, given: Mapping[str, str], journal: Journal
) -> list[tuple[str, float, float]]:
    """Return the members of a sorted set that are places on earth, when a map is asked for."""
    if opened.facts.type != "zset" or given.get("v_by") != "map":
        return []
    scored = [
        item for item in opened.page.items if isinstance(item, Scored) and not isinstance(item.value, Cut)
    ]
    found = details.places(location.gate, opened.facts.name, scored, db=location.db, journal=journal)
    return [(shown(item.value)[:80], longitude, latitude) for item, longitude, latitude in found]


def _combined(
    location: Location, facts: KeyFacts, given: Mapping[str, str]
) -> tuple[Sequence[str], int] | None:
    """Return what a set and another have together, when that is asked for."""
    if facts.type != "set" or not given.get("v_with"):
        return None
    other, how = typed(given["v_with"]), given.get("v_how", "intersection")
    members, count = details.combined(
        location.gate, [facts.name, other], how=how, db=location.db, caller=modes.caller()
    )
    return [_text(member) for member in members], count

"""The forms of strings, lists, sets, sorted sets and hashes."""

from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.changes import hashes, lists, sets, strings
from thumbapp.explorer.edit import Change
from thumbapp.forms.explorer.model import Action, Field, Kind, Typed

ENDS: Final = (("tail", "at the tail"), ("head", "at the head"))
VALUES: Final = Field("values", "Values, one on a line", Kind.LINES, is_bytes=True)
VALUE: Final = Field("value", "Value", Kind.AREA, is_bytes=True)
ITEM: Final = Field("item", kind=Kind.HIDDEN)
SEEN: Final = Field("seen", kind=Kind.HIDDEN)
BY: Final = Field("by", "Add", Kind.NUMBER, default="1")
SCORE: Final = Field("score", "Score", Kind.NUMBER, default="0")
_FLAGS: Final = (
    ("", "add or change"),
    ("NX", "only add (NX)"),
    ("XX", "only change (XX)"),
    ("GT", "only raise (GT)"),
    ("LT", "only lower (LT)"),
)
_WAYS: Final = (("union", "union"), ("intersection", "intersection"), ("difference", "difference"))


def _signed(typed: Typed) -> str:
    """Return the number to add: what was typed, turned round by the button that takes away."""
    by = typed.text("by")
    if typed.text("sign") != "-":
        return by
    return by.removeprefix("-") if by.startswith("-") else f"-{by}"


def _popped(typed: Typed) -> Change:
    return lists.pop(typed.name, at_head=typed.text("end") == "head", count=typed.whole("count"))


def _inserted(typed: Typed) -> Change:
    index, seen = typed.place
    is_before = typed.text("where") != "after"
    return lists.insert_element(typed.name, index, typed.data("value"), before=is_before, seen=seen)


def _replaced(typed: Typed) -> Change:
    index, seen = typed.place
    return lists.set_element(typed.name, index, typed.data("value"), seen=seen)


def _removed(typed: Typed) -> Change:
    index, seen = typed.place
    return lists.remove_element(typed.name, index, seen=seen)


def _scored(typed: Typed) -> Change:
    flags = [typed.text("flag")] if typed.text("flag") else []
    return sets.add_scored(typed.name, typed.data("value"), typed.text("score"), flags=flags)


def _combined(typed: Typed) -> Change:
    others = typed.rows("others")
    if not others:
        raise BadEdit("Name the other set.")
    return sets.combine_sets(typed.name, others, how=typed.text("how"), into=typed.said("into"))


STRINGS: Final = (
    Action(
        "string.set",
        "Save",
        "check",
        lambda typed: strings.set_string(typed.name, typed.data("value"), seen=typed.seen),
        (VALUE, SEEN),
    ),
    Action(
        "string.append",
        "Append",
        "plus",
        lambda typed: strings.append_to_string(typed.name, typed.data("value")),
        (Field("value", "Append at the end", is_bytes=True),),
    ),
    Action(
        "string.write",
        "Write bytes",
        "check",
        lambda typed: strings.write_into_string(
            typed.name, typed.data("value"), offset=typed.whole("offset")
        ),
        (
            Field("offset", "From byte", Kind.NUMBER, default="0"),
            Field("value", "These bytes", is_bytes=True),
        ),
    ),
    Action(
        "string.bit",
        "Set the bit",
        "check",
        lambda typed: strings.set_bit(typed.name, place=typed.whole("place"), bit=typed.whole("bit")),
        (
            Field("place", "Place of the bit", Kind.NUMBER, default="0"),
            Field("bit", "Is", Kind.CHOICE, choices=(("1", "1"), ("0", "0"))),
        ),
    ),
    Action(
        "string.add",
        "Add",
        "plus",
        lambda typed: strings.add_to_number(typed.name, _signed(typed)),
        (BY,),
    ),
    Action(
        "string.count",
        "Count them",
        "plus",
        lambda typed: strings.add_to_hyperloglog(typed.name, typed.rows("values")),
        (VALUES,),
    ),
)
LISTS: Final = (
    Action(
        "list.push",
        "Push",
        "plus",
        lambda typed: lists.push(typed.name, typed.rows("values"), at_head=typed.text("end") == "head"),
        (VALUES, Field("end", "Where", Kind.CHOICE, choices=ENDS)),
    ),
    Action(
        "list.pop",
        "Pop",
        "trash",
        _popped,
        (
            Field("end", "Where", Kind.CHOICE, choices=ENDS),
            Field("count", "How many", Kind.NUMBER, default="1"),
        ),
    ),
    Action("list.set", "Save", "check", _replaced, (VALUE, ITEM, SEEN)),
    Action(
        "list.insert",
        "Insert",
        "plus",
        _inserted,
        (
            Field("value", "Insert", Kind.AREA, is_bytes=True),
            Field("where", "Where", Kind.CHOICE, choices=(("before", "before it"), ("after", "after it"))),
            ITEM,
            SEEN,
        ),
    ),
    Action("list.remove", "Remove", "trash", _removed, (ITEM, SEEN)),
    Action(
        "list.trim",
        "Trim",
        "trash",
        lambda typed: lists.trim_list(typed.name, typed.whole("start"), typed.whole("stop")),
        (
            Field("start", "Keep from place", Kind.NUMBER, default="0"),
            Field("stop", "to place", Kind.NUMBER, default="-1", help="-1 is the last element."),
        ),
    ),
)
SETS: Final = (
    Action(
        "set.add", "Add", "plus", lambda typed: sets.add_members(typed.name, typed.rows("values")), (VALUES,)
    ),
    Action(
        "set.remove", "Remove", "trash", lambda typed: sets.remove_member(typed.name, typed.item), (ITEM,)
    ),
    Action(
        "set.combine",
        "Store the result",
        "check",
        _combined,
        (
            Field("how", "How", Kind.CHOICE, choices=_WAYS),
            Field("others", "With the sets, one on a line", Kind.LINES, is_bytes=True),
            Field("into", "Store as the key", is_bytes=True, help="It may not be there yet."),
        ),
    ),
)
SORTED_SETS: Final = (
    Action(
        "zset.add",
        "Add",
        "plus",
        _scored,
        (
            Field("value", "Member", is_bytes=True),
            SCORE,
            Field("flag", "How", Kind.CHOICE, choices=_FLAGS),
        ),
    ),
    Action(
        "zset.score",
        "Save the score",
        "check",
        lambda typed: sets.add_scored(typed.name, typed.item, typed.text("score"), flags=["XX"]),
        (SCORE, ITEM),
    ),
    Action(
        "zset.by",
        "Add to the score",
        "plus",
        lambda typed: sets.add_to_score(typed.name, typed.item, _signed(typed)),
        (BY, ITEM),
    ),
    Action(
        "zset.remove", "Remove", "trash", lambda typed: sets.remove_scored(typed.name, typed.item), (ITEM,)
    ),
    Action(
        "zset.place",
        "Add the place",
        "plus",
        lambda typed: sets.add_place(
            typed.name,
            typed.data("value"),
            longitude=typed.text("longitude"),
            latitude=typed.text("latitude"),
        ),
        (
            Field("value", "Name of the place", is_bytes=True),
            Field("longitude", "Longitude", Kind.NUMBER, help="-180 to 180, east is positive."),
            Field("latitude", "Latitude", Kind.NUMBER, help="-85.05 to 85.05, north is positive."),
        ),
    ),
)
HASHES: Final = (
    Action(
        "hash.add",
        "Add the field",
        "plus",
        lambda typed: hashes.set_field(typed.name, typed.data("field"), typed.data("value")),
        (Field("field", "Field", is_bytes=True), VALUE),
    ),
    Action(
        "hash.set",
        "Save",
        "check",
        lambda typed: hashes.set_field(typed.name, typed.item, typed.data("value"), seen=typed.seen),
        (VALUE, ITEM, SEEN),
    ),
    Action(
        "hash.by",
        "Add",
        "plus",
        lambda typed: hashes.add_to_field(typed.name, typed.item, _signed(typed)),
        (BY, ITEM),
    ),
    Action(
        "hash.remove", "Remove", "trash", lambda typed: hashes.remove_field(typed.name, typed.item), (ITEM,)
    ),
    Action(
        "hash.expire",
        "Set its end",
        "queued",
        lambda typed: hashes.expire_field(typed.name, typed.item, typed.ttl_ms("life")),
        (Field("life", "The field lives for", help="90, 15 min, 2 h, 3 days"), ITEM),
    ),
    Action(
        "hash.persist",
        "Keep the field",
        "check",
        lambda typed: hashes.expire_field(typed.name, typed.item, None),
        (ITEM,),
    ),
)

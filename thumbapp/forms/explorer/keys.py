"""The forms of a key as a whole, and of new ones of every type."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from thumbapp.explorer.changes import hashes, keys, lists, sets, streams, strings
from thumbapp.explorer.edit import Change
from thumbapp.forms.explorer.model import Action, Field, Kind, Typed
from thumbapp.forms.explorer.rows import ENDS, SCORE, VALUE, VALUES
from thumbapp.forms.explorer.streams import ENTRY_ID, PAIRS

NAME: Final = Field("name", "Name", is_bytes=True)
NEW_NAME: Final = Field("new", "New name", is_bytes=True)
_REPLACE: Final = Field("replace", "Replace a key that is there already", Kind.TICK)
_LIFE: Final = Field("life", "Lives for", help="Empty: for ever. 90, 15 min, 2 h, 3 days.")
_Make = Callable[[Typed], Change]


@dataclass(frozen=True, slots=True)
class Copying:
    """To which name and database a key is copied, and whether over one that is there."""

    new: bytes
    to_db: int
    replace: bool

    @classmethod
    def read(cls, typed: Typed) -> "Copying":
        """Return what was typed into the form for it."""
        return cls(typed.said("new"), typed.whole("to_db"), typed.ticked("replace"))


KEYS: Final = (
    Action(
        "key.rename",
        "Rename",
        "check",
        lambda typed: keys.rename_key(typed.name, typed.said("new"), replace=typed.ticked("replace")),
        (NEW_NAME, _REPLACE),
    ),
    Action(
        "key.expire",
        "Set its end",
        "queued",
        lambda typed: keys.expire_key(typed.name, typed.ttl_ms("life")),
        (Field("life", "Lives for", help="90 (seconds), 15 min, 2 h, 3 days"),),
    ),
    Action("key.persist", "Keep for ever", "check", lambda typed: keys.persist_key(typed.name)),
    Action("key.delete", "Delete", "trash", lambda typed: keys.delete_key(typed.name), (), is_dangerous=True),
)
COPY_FIELDS: Final = (NEW_NAME, Field("to_db", "To database", Kind.NUMBER, default="0"), _REPLACE)


def _living(make: _Make) -> _Make:
    """Return what makes the change of *make* and gives the new key its end."""

    def making(typed: Typed) -> Change:
        change = make(typed)
        if not typed.text("life") or not isinstance(change.commands, tuple):
            return change
        end = ("PEXPIRE", change.name, typed.ttl_ms("life"))
        return replace(change, commands=(*change.commands, end))

    return making


def _new(kind: str, make: _Make, *fields: Field) -> Action:
    return Action(f"new.{kind}", "Make the key", "plus", _living(make), (*fields, _LIFE), is_new=True)


NEW: Final = (
    _new("string", lambda typed: strings.set_string(typed.name, typed.data("value")), VALUE),
    _new(
        "list",
        lambda typed: lists.push(
            typed.name, typed.rows("values"), at_head=typed.text("end") == "head", is_new=True
        ),
        VALUES,
        Field("end", "Pushed", Kind.CHOICE, choices=ENDS),
    ),
    _new("set", lambda typed: sets.add_members(typed.name, typed.rows("values"), is_new=True), VALUES),
    _new(
        "zset",
        lambda typed: sets.add_scored(typed.name, typed.data("value"), typed.text("score"), is_new=True),
        Field("value", "Member", is_bytes=True),
        SCORE,
    ),
    _new(
        "hash",
        lambda typed: hashes.set_field(typed.name, typed.data("field"), typed.data("value"), is_new=True),
        Field("field", "Field", is_bytes=True),
        VALUE,
    ),
    _new(
        "stream",
        lambda typed: streams.add_entry(
            typed.name, typed.pairs("pairs"), entry_id=typed.text("id") or "*", is_new=True
        ),
        PAIRS,
        ENTRY_ID,
    ),
    _new(
        "places",
        lambda typed: sets.add_place(
            typed.name,
            typed.data("value"),
            longitude=typed.text("longitude"),
            latitude=typed.text("latitude"),
            is_new=True,
        ),
        Field("value", "Name of the place", is_bytes=True),
        Field("longitude", "Longitude", Kind.NUMBER),
        Field("latitude", "Latitude", Kind.NUMBER),
    ),
    _new(
        "hyperloglog",
        lambda typed: replace(
            strings.add_to_hyperloglog(typed.name, typed.rows("values")), absent=(typed.name,)
        ),
        VALUES,
    ),
    _new(
        "bitmap",
        lambda typed: replace(
            strings.set_bit(typed.name, place=typed.whole("place"), bit=1), absent=(typed.name,)
        ),
        Field("place", "The first bit that is set", Kind.NUMBER, default="0"),
    ),
)

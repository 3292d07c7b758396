"""What a form that changes a key is made of, and what was typed into it, as what a change takes.

A form is data, so that a page can show it, and show it again as it was typed when it could not be done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from thumbapp.errors import BadEdit, BadParameter
from thumbapp.explorer.edit import Change
from thumbapp.explorer.input_format import InputFormat, parse_input
from thumbapp.explorer.names import from_id, to_id
from thumbapp.explorer.ttl import parse_ttl
from thumbapp.explorer.undo import mark

_MOST_DIGITS: Final = 19


class Kind(StrEnum):
    """How something is typed."""

    LINE = "line"
    AREA = "area"
    LINES = "lines"
    NUMBER = "number"
    CHOICE = "choice"
    TICK = "tick"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Field:
    """Something to type: bytes where *is_bytes*, so that the form lets choose how they are written."""

    name: str
    label: str = ""
    kind: Kind = Kind.LINE
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    is_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A form: its *words* stand on its button, *make* turns what was typed into a change.

    Without *make* it is one that an address of its own takes.
    """

    name: str
    words: str
    icon: str
    make: Callable[["Typed"], Change] | None
    fields: tuple[Field, ...] = ()
    is_dangerous: bool = False
    is_new: bool = False

    def change(self, typed: "Typed") -> Change:
        """Return the change that what was *typed* means; raises BadEdit, BadParameter."""
        if self.make is None:
            raise BadParameter("action", self.name, "a form of this address")
        return self.make(typed)

    @property
    def is_stepper(self) -> bool:
        """Whether it adds a number, so that another button takes it away."""
        return any(item.name == "by" for item in self.fields)

    @property
    def takes_bytes(self) -> bool:
        """Whether anything in the form is bytes."""
        return any(item.is_bytes for item in self.fields)


class Typed:
    """What somebody typed into a form about the key *name*."""

    def __init__(self, name: bytes, fields: Mapping[str, str]) -> None:
        self.name = name
        self._fields = fields

    def text(self, name: str) -> str:
        """Return a field as it was typed, without space around it."""
        return self._fields.get(name, "").strip()

    def data(self, name: str) -> bytes:
        """Return a field as the bytes that it stands for."""
        return parse_input(self._fields.get(name, ""), self._writing)

    def said(self, name: str) -> bytes:
        """Return a field as the bytes that it stands for; it may not be empty."""
        data = self.data(name)
        if not data:
            raise BadEdit("A name is missing.")
        return data

    def rows(self, name: str) -> list[bytes]:
        """Return the values that stand one on a line."""
        lines = self._fields.get(name, "").replace("\r\n", "\n").removesuffix("\n").split("\n")
        return [parse_input(line, self._writing) for line in lines] if lines != [""] else []

    def pairs(self, name: str) -> list[tuple[bytes, bytes]]:
        """Return the fields and values that stand as ``field=value``, one on a line."""
        lines = self._fields.get(name, "").replace("\r\n", "\n").removesuffix("\n").split("\n")
        parts = [line.partition("=") for line in lines if line]
        if any(not mark for _, mark, _ in parts):
            raise BadEdit("Write each field and its value as field=value, one on a line.")
        return [
            (parse_input(left, self._writing), parse_input(right, self._writing)) for left, _, right in parts
        ]

    def whole(self, name: str) -> int:
        """Return a whole number."""
        text = self.text(name)
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdecimal() or len(digits) > _MOST_DIGITS:
            raise BadEdit(f"{text[:40]!r} is no whole number.")
        return int(text)

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self._fields.get(name))

    def ttl_ms(self, name: str) -> int:
        """Return the milliseconds of a time to live."""
        return parse_ttl(self.text(name))

    @property
    def item(self) -> bytes:
        """The element that the form is about: a field, a member."""
        return from_id(self._fields.get("item", ""))

    @property
    def seen(self) -> str:
        """The mark of the value that was shown."""
        return self._fields.get("seen", "")

    @property
    def place(self) -> tuple[int, str]:
        """The place of the element of a list, and the mark of what was shown there."""
        index, _, seen = self._fields.get("item", "").partition(".")
        if not index.removeprefix("-").isdecimal() or not index.isascii() or len(index) > _MOST_DIGITS:
            raise BadEdit("The place in the list is missing.")
        return int(index), self.seen or seen

    @property
    def _writing(self) -> InputFormat:
        return InputFormat.parse(self._fields.get("writing", ""))


WRITINGS: Final = tuple((str(way), way.value) for way in InputFormat)


def place_id(index: int, value: bytes) -> str:
    """Return what stands for the element of a list in a form: its place and the mark of what is there."""
    return f"{index}.{mark(value)}"


def item_id(data: bytes) -> str:
    """Return what stands for a field or a member in a form."""
    return to_id(data)

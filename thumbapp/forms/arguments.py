"""The arguments of a task as fields of a form, made of its signature; knows no task and no web.

A field is for one parameter that can be named; a task that takes any number of arguments has JSON only.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from inspect import Parameter, Signature
from math import isfinite
from typing import Any, Final

import orjson

from thumbapp.errors import BadArguments, Refused

PREFIX: Final = "arg."
_YES: Final = "true"


class ArgumentKind(StrEnum):
    """How a field is written: as a number, text, yes or no, or JSON."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    JSON = "json"


_KINDS: Final[dict[object, ArgumentKind]] = {
    int: ArgumentKind.INTEGER,
    float: ArgumentKind.NUMBER,
    str: ArgumentKind.TEXT,
    bool: ArgumentKind.FLAG,
}
_SAYS: Final = {
    ArgumentKind.INTEGER: "a whole number",
    ArgumentKind.NUMBER: "a number",
    ArgumentKind.TEXT: "text",
    ArgumentKind.FLAG: "yes or no",
    ArgumentKind.JSON: "JSON, or plain text",
}
_NAMED: Final = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Argument:
    """One field; ``value`` is what stands in it, ``default`` what is taken when it is left empty."""

    name: str
    kind: ArgumentKind
    is_required: bool
    default: str = ""
    value: str = ""

    @property
    def field(self) -> str:
        """The name of its control."""
        return PREFIX + self.name

    @property
    def says(self) -> str:
        """What is to be written, in words."""
        words = _SAYS[self.kind]
        return words if self.is_required else f"{words}; left empty: {self.default}"

    def read(self, text: str) -> Any:
        """Return the value that *text* stands for; raises BadArguments."""
        try:
            return _READERS[self.kind](text)
        except ValueError as error:
            raise BadArguments(f"{self.name} must be {_SAYS[self.kind]}, not {text[:40]!r}") from error


def arguments_of(signature: Signature) -> list[Argument] | None:
    """Return a field for each parameter; None when some cannot be named."""
    parameters = list(signature.parameters.values())
    if any(parameter.kind not in _NAMED for parameter in parameters):
        return None
    return [_argument(parameter) for parameter in parameters]


def filled(
    fields: Iterable[Argument], args: Iterable[Any], kwargs: Mapping[str, Any]
) -> list[Argument] | None:
    """Return *fields* with the values of a call in them; None when it has others too."""
    known, given = list(fields), list(args)
    named = dict(zip([field.name for field in known], given, strict=False)) | dict(kwargs)
    if len(given) > len(known) or set(named) - {field.name for field in known}:
        return None
    return [
        replace(field, value=_shown(field, named[field.name])) if field.name in named else field
        for field in known
    ]


def typed(fields: Iterable[Argument], form: Mapping[str, str]) -> list[Argument]:
    """Return *fields* with what somebody has typed."""
    return [replace(field, value=form.get(field.field, "")) for field in fields]


def read_arguments(fields: Iterable[Argument]) -> tuple[dict[str, Any], dict[str, Refused]]:
    """Return the values of *fields* by name, and the error of each that cannot be read.

    One that is left empty is not given, unless it must be: text may be empty.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, Refused] = {}
    for field in fields:
        if not field.value.strip() and not (field.is_required and field.kind is ArgumentKind.TEXT):
            if field.is_required:
                wrong[field.field] = BadArguments(f"{field.name} is needed, {field.says}")
            continue
        try:
            values[field.name] = field.read(field.value)
        except BadArguments as error:
            wrong[field.field] = error
    return values, wrong


def _argument(parameter: Parameter) -> Argument:
    is_required = parameter.default is Parameter.empty
    kind = _KINDS.get(parameter.annotation, ArgumentKind.JSON)
    default = "" if is_required else _text(parameter.default)
    return Argument(parameter.name, kind, is_required, default)


def _shown(field: Argument, value: Any) -> str:
    is_plain = field.kind is ArgumentKind.TEXT and isinstance(value, str)
    return str(value) if is_plain else _text(value)


def _text(value: Any) -> str:
    """Return *value* as it is written into a field."""
    if isinstance(value, str) and not _looks_like_json(value):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return str(value)


def _looks_like_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def _json_or_text(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        if text.lstrip()[:1] in {"{", "[", '"'}:
            raise
        return text


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in {_YES, "false"}:
        raise ValueError(text)
    return word == _YES


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return int(text) if text.strip().lstrip("-").isdecimal() else number


_READERS: Final[dict[ArgumentKind, Callable[[str], Any]]] = {
    ArgumentKind.INTEGER: int,
    ArgumentKind.NUMBER: _number,
    ArgumentKind.TEXT: str,
    ArgumentKind.FLAG: _flag,
    ArgumentKind.JSON: _json_or_text,
}

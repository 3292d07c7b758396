"""The form that runs a task: a field for each argument of its signature, or everything as JSON.

A field whose type is text takes what was typed; any other reads JSON, and text where it is none.
"""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

_EMPTY: Final = inspect.Parameter.empty
_NO_JSON: Final = (ValueError, RecursionError)  # the latter: it is nested too deep
_MANY: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Kind(StrEnum):
    """How an argument is asked for."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    JSON = "json"


_KINDS: Final = {str: Kind.TEXT, int: Kind.NUMBER, float: Kind.NUMBER, bool: Kind.FLAG}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a task: its field's name, how it is asked for, what stands in it now."""

    name: str
    kind: Kind
    says: str
    is_required: bool
    value: str = ""
    error: str = ""

    @property
    def field(self) -> str:
        """The name of its field."""
        return f"arg-{self.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """What a form asks to be called, or why that cannot be: *errors* by argument, "" the whole."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def arguments_of(
    signature: inspect.Signature,
    *,
    args: list[Any] | None = None,
    kwargs: dict[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[Argument]:
    """Return the fields for *signature*: filled with what was *typed*, else with a call's arguments."""
    given = _bound(signature, args or [], kwargs or {})
    return [
        _argument(
            item, given.get(item.name, item.default), typed=typed, error=(errors or {}).get(item.name, "")
        )
        for item in signature.parameters.values()
    ]


def read_fields(signature: inspect.Signature, typed: Mapping[str, str]) -> Call:
    """Return the call that the fields ask for; what is empty and has a default is left out."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for item in signature.parameters.values():
        value = _read(item, typed.get(f"arg-{item.name}", ""), errors)
        if value is _EMPTY:
            continue
        if item.kind is inspect.Parameter.VAR_KEYWORD:
            kwargs |= value
        elif item.kind is inspect.Parameter.VAR_POSITIONAL:
            args += value
        elif item.kind is not inspect.Parameter.KEYWORD_ONLY and len(args) == _place(signature, item.name):
            args.append(value)
        else:
            kwargs[item.name] = value
    return Call(args, kwargs, errors)


def read_json(args: str, kwargs: str) -> Call:
    """Return the call that two texts, a JSON list and a JSON object, ask for."""
    errors: dict[str, str] = {}
    found = [
        _loaded(text, wanted, errors, name=name)
        for name, text, wanted in (("args", args, list), ("kwargs", kwargs, dict))
    ]
    return Call(found[0], found[1], errors)


def as_typed(value: Any) -> str:
    """Return *value* as it is written in a field."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _argument(
    item: inspect.Parameter, value: Any, *, typed: Mapping[str, str] | None, error: str
) -> Argument:
    kind = Kind.JSON if item.kind in _MANY else _KINDS.get(item.annotation, Kind.JSON)
    shown = "" if value is _EMPTY or value is None else _shown(value, kind)
    if typed is not None:
        shown = typed.get(f"arg-{item.name}", "false" if kind is Kind.FLAG else "")
    is_required = item.default is _EMPTY and item.kind not in _MANY
    return Argument(item.name, kind, _says(item), is_required, shown, error)


def _shown(value: Any, kind: Kind) -> str:
    """Return *value* as it is read back: a text that would be taken for JSON stands in quotes."""
    if kind is Kind.JSON and isinstance(value, str) and _is_json(value):
        return json.dumps(value, ensure_ascii=False)
    return as_typed(value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_refuse)
    except _NO_JSON:
        return False
    return True


def _says(item: inspect.Parameter) -> str:
    """Return what is to be written in the field of *item*, in words."""
    if item.kind is inspect.Parameter.VAR_POSITIONAL:
        return "more arguments, a JSON list"
    if item.kind is inspect.Parameter.VAR_KEYWORD:
        return "more named arguments, a JSON object"
    kind = inspect.formatannotation(item.annotation) if item.annotation is not _EMPTY else "JSON, or text"
    return kind if item.default is _EMPTY else f"{kind}, {as_typed(item.default)} when empty"


def _bound(signature: inspect.Signature, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    try:
        bound = signature.bind_partial(*args, **kwargs).arguments
    except TypeError:
        return {}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in bound.items()}


def _read(item: inspect.Parameter, text: str, errors: dict[str, str]) -> Any:
    """Return what *text* means for *item*; empty where it is to be left out."""
    if item.annotation is bool:
        return text == "true"
    if item.annotation is str:
        return text if text or item.default is _EMPTY else _EMPTY
    if not text.strip():
        if item.default is _EMPTY and item.kind not in _MANY:
            errors[item.name] = "This is needed."
        return _EMPTY
    if item.kind in _MANY:
        wanted = list if item.kind is inspect.Parameter.VAR_POSITIONAL else dict
        return _loaded(text, wanted, errors, name=item.name)
    return _value(item, text, errors)


def _value(item: inspect.Parameter, text: str, errors: dict[str, str]) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except _NO_JSON:
        if _KINDS.get(item.annotation) is Kind.NUMBER:
            errors[item.name] = "This is no number."
        return text


def _loaded(text: str, wanted: type, errors: dict[str, str], *, name: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse) if text.strip() else wanted()
    except _NO_JSON as error:
        errors[name] = f"This is no JSON: {error}."
        return wanted()
    if not isinstance(value, wanted):
        errors[name] = f"This is to be a JSON {'list' if wanted is list else 'object'}."
        return wanted()
    return value


def _place(signature: inspect.Signature, name: str) -> int:
    return list(signature.parameters).index(name)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")

"""Keys as lines of JSON and back: every type, every byte, with the moment of their end.

A large key takes several lines, ``more`` on all but its last. Text is written as it is, other bytes as
``{"base64": ...}``. Types of modules are written as the server's own dump.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from thumbapp.errors import BadImport
from thumbapp.explorer.quoting import command_line
from thumbapp.explorer.resp import Argv, as_bytes
from thumbapp.runtime.logs import json_line

DUMPED: Final = "dump"
LONGEST_LINE: Final = 32_000_000
_ADDING: Final = {"list": "RPUSH", "set": "SADD"}


@dataclass(frozen=True, slots=True)
class Record:
    """A key, or a part of one: *value* holds bytes, or rows of bytes by its type.

    A string's is its bytes, a list's and set's their elements, a hash's pairs, a sorted set's members with
    their scores, a stream's entries as an id with a flat row of fields and values.
    """

    name: bytes
    type: str
    value: Any
    expires_at_ms: int | None = None
    is_more: bool = False
    is_first: bool = True
    stream: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Return the record as a line of JSON, without its end; nothing in it drives a terminal."""
        body: dict[str, Any] = {"key": self.name, "type": self.type, "value": self.value}
        if self.is_first:
            body["expires_at_ms"] = self.expires_at_ms
        if not self.is_first:
            body["part"] = True
        if self.is_more:
            body["more"] = True
        if self.stream:
            body["stream"] = self.stream
        line = orjson.dumps(_written(body))
        is_plain = line.isascii() and b"\x7f" not in line  # most are, and looking is quick
        return line if is_plain else json_line(line.decode()).encode()

    def commands(self, name: bytes | None = None) -> list[Argv]:
        """Return the commands that add this part to a key, under another *name* if given."""
        name = self.name if name is None else name
        if not self.value and self.type not in ("string", "stream"):
            return []
        return _COMMANDS.get(self.type, _dumped)(self, name)

    def lines(self) -> list[str]:
        """Return the record as commands that redis-cli reads."""
        ends: list[Argv] = (
            [("PEXPIREAT", self.name, self.expires_at_ms)] if self.expires_at_ms and not self.is_more else []
        )
        return [command_line(map(as_bytes, argv)) for argv in [*self.commands(), *ends]]


def json_records(lines: Iterable[bytes]) -> Iterator[tuple[int, Record]]:
    """Yield the number of each line of JSON with its record; raises BadImport."""
    for number, text in enumerate(lines, 1):
        if text.strip():
            yield number, parse(text, number=number)


def parse(line: bytes, *, number: int) -> Record:
    """Return the record that a line of JSON describes; raises BadImport, which names the line."""
    if len(line) > LONGEST_LINE:
        raise BadImport(number, f"it has more than {LONGEST_LINE // 10**6} MB")
    try:
        body = orjson.loads(line)
        if not isinstance(body, dict):
            raise ValueError("it is no object")
        record = _record(body)
    except (KeyError, ValueError, TypeError, binascii.Error) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BadImport(number, reason) from error
    return record


def _record(body: dict[str, Any]) -> Record:
    kind, ends, stream = body["type"], body.get("expires_at_ms"), body.get("stream") or {}
    if kind not in _READERS:
        raise ValueError(f"{kind!r} is no type that can be imported")
    if ends is not None and (not isinstance(ends, int) or not 0 < ends < 2**53):
        raise ValueError("expires_at_ms is no moment in milliseconds")
    if not isinstance(stream, dict):
        raise ValueError("stream is no object")
    return Record(
        name=_read(body["key"]),
        type=kind,
        value=_READERS[kind](body["value"]),
        expires_at_ms=ends,
        is_more=body.get("more") is True,
        is_first=body.get("part") is not True,
        stream=_stream_facts(stream),
    )


def _stream_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a stream beside its entries: its last id, its groups by name and id."""
    groups = [[_read(name), _text(last)] for name, last in facts.get("groups", [])]
    return {"last_id": _text(facts["last_id"]), "groups": groups} if facts else {}


def _written(value: Any) -> Any:
    """Return *value* with all bytes as text or base64."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _written(item) for name, item in value.items()}
    return [_written(item) for item in value] if isinstance(value, list | tuple) else value


def _read(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        return base64.b64decode(value["base64"], validate=True)
    raise ValueError("a text or {'base64': ...} was expected")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > 60:
        raise ValueError("a short text was expected")
    return value


def _rows(read: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def reader(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("a list of values was expected")
        return [read(item) for item in value]

    return reader


def _pair(value: Any) -> tuple[bytes, bytes]:
    first, second = _exactly(value, 2)
    return _read(first), _read(second)


def _scored(value: Any) -> tuple[bytes, str]:
    member, score = _exactly(value, 2)
    float(score)
    return _read(member), _text(str(score))


def _entry(value: Any) -> tuple[str, list[bytes]]:
    entry_id, flat = _exactly(value, 2)
    parts = _rows(_read)(flat)
    if not parts or len(parts) % 2:
        raise ValueError("an entry needs fields and values")
    return _text(entry_id), parts


def _exactly(value: Any, count: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"a row of {count} was expected")
    return value


def _string(record: Record, name: bytes) -> list[Argv]:
    return [("SET" if record.is_first else "APPEND", name, record.value)]


def _elements(record: Record, name: bytes) -> list[Argv]:
    return [(_ADDING[record.type], name, *record.value)]


def _fields(record: Record, name: bytes) -> list[Argv]:
    return [("HMSET", name, *[part for pair in record.value for part in pair])]


def _members(record: Record, name: bytes) -> list[Argv]:
    return [("ZADD", name, *[part for member, score in record.value for part in (score, member)])]


def _entries(record: Record, name: bytes) -> list[Argv]:
    commands: list[Argv] = [("XADD", name, entry_id, *flat) for entry_id, flat in record.value]
    if record.stream:
        if not record.value and record.is_first:  # the only way to a stream without entries
            commands = [("XGROUP", "CREATE", name, b"-", "0", "MKSTREAM"), ("XGROUP", "DESTROY", name, b"-")]
        commands.append(("XSETID", name, record.stream["last_id"]))
        commands += [("XGROUP", "CREATE", name, group, last) for group, last in record.stream["groups"]]
    return commands


def _dumped(record: Record, name: bytes) -> list[Argv]:
    return [("RESTORE", name, 0, record.value)]


_COMMANDS: Final[dict[str, Callable[[Record, bytes], list[Argv]]]] = {
    "string": _string,
    "list": _elements,
    "set": _elements,
    "hash": _fields,
    "zset": _members,
    "stream": _entries,
}
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": _read,
    "list": _rows(_read),
    "set": _rows(_read),
    "hash": _rows(_pair),
    "zset": _rows(_scored),
    "stream": _rows(_entry),
    DUMPED: _read,
}

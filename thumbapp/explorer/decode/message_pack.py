"""MessagePack as indented text: strings, numbers and what JSON has no word for."""

from collections.abc import Iterator
from typing import Any, Final

import msgpack

from thumbapp.explorer.names import shown

_DEEPEST: Final = 60
_MOST_LINES: Final = 20_000
_STEP: Final = "  "


class _Pairs(list[tuple[Any, Any]]):
    """A map, in its own order; its keys may be anything, lists too."""


def looks_like(data: bytes) -> bool:
    """Whether *data* is one map or array of MessagePack; a number alone could be anything."""
    first = data[:1]
    is_structure = b"\x80" <= first <= b"\x9f" or b"\xdc" <= first <= b"\xdf"
    try:
        return is_structure and len(data) > 1 and _read(data) is not None
    except ValueError:
        return False


def indented(data: bytes) -> str:
    """Return what *data* holds, an item a line; raises ValueError when it is not one whole message."""
    lines: list[str] = []
    for line in _lines(_read(data), 0, ""):
        if len(lines) == _MOST_LINES:
            lines.append("...")
            break
        lines.append(line)
    return "\n".join(lines)


def _read(data: bytes) -> Any:
    """Return the value in *data*.

    It is gone over once without making anything: an array announces its length, and the library
    makes room for that many items. In a message that is whole they cannot be more than its bytes.
    """
    try:
        unpacker = msgpack.Unpacker(max_buffer_size=len(data) + 1)
        unpacker.feed(data)
        unpacker.skip()
        if unpacker.tell() != len(data):
            raise ValueError(f"a message of {unpacker.tell():,} bytes is followed by something else")
        return msgpack.unpackb(data, raw=True, strict_map_key=False, object_pairs_hook=_Pairs)
    except msgpack.OutOfData as error:
        raise ValueError("it breaks off") from error
    except (msgpack.UnpackException, OverflowError, TypeError, RecursionError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _lines(value: Any, depth: int, before: str) -> Iterator[str]:
    indent = _STEP * depth
    if depth > _DEEPEST:
        yield f"{indent}{before}..."
    elif isinstance(value, _Pairs):
        yield f"{indent}{before}{{"
        for key, item in value:
            yield from _lines(item, depth + 1, f"{_scalar(key)}: ")
        yield f"{indent}}}"
    elif isinstance(value, list):
        yield f"{indent}{before}["
        for item in value:
            yield from _lines(item, depth + 1, "")
        yield f"{indent}]"
    else:
        yield f"{indent}{before}{_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, bytes):
        return '"' + shown(value).replace('"', '\\"') + '"'
    if isinstance(value, msgpack.ExtType):
        return f"extension {value.code}: {value.data.hex()}"
    if isinstance(value, msgpack.Timestamp):
        return f"time {value.seconds}.{value.nanoseconds:09d}"
    if isinstance(value, list):
        return "(a list)"
    return _WORDS.get(repr(value), repr(value))


_WORDS: Final = {"True": "true", "False": "false", "None": "null"}

"""A reply as redis-cli prints it on a terminal, and as JSON."""

import base64
from typing import Final

from thumbapp.explorer.quoting import quote
from thumbapp.explorer.resp import Argv, Cut, Failure, Reply, Status, word

_DEEPEST: Final = 60
_TOO_DEEP: Final = "(nested deeper than 60 levels)"
_VERBATIM: Final = frozenset(
    {
        "INFO",
        "LOLWUT",
        "MEMORY MALLOC-STATS",
        "MEMORY DOCTOR",
        "CLUSTER NODES",
        "CLUSTER INFO",
        "CLIENT LIST",
        "CLIENT INFO",
        "LATENCY GRAPH",
        "LATENCY DOCTOR",
    }
)


def as_text(reply: Reply, argv: Argv = ()) -> str:
    """Return *reply* to *argv* as redis-cli prints it, without the last line end."""
    is_verbatim = not _VERBATIM.isdisjoint({word(argv, 0), f"{word(argv, 0)} {word(argv, 1)}"})
    if is_verbatim and isinstance(reply, bytes):
        return reply.decode("utf-8", "backslashreplace").rstrip("\n")
    if is_verbatim and isinstance(reply, Failure):
        return reply.text
    return "\n".join(_lines(reply, 0))


def as_json(reply: Reply, *, depth: int = 0) -> object:
    """Return *reply* for JSON: text as it is, other bytes as ``{"base64": ...}``."""
    if depth > _DEEPEST:
        return {"error": _TOO_DEEP}
    if isinstance(reply, list):
        return [as_json(item, depth=depth + 1) for item in reply]
    if isinstance(reply, bytes):
        return bytes_as_json(reply)
    return {"error": reply.text} if isinstance(reply, Failure) else reply


def bytes_as_json(data: bytes) -> object:
    """Return *data* as text where it is UTF-8, as ``{"base64": ...}`` where not; a beginning says so."""
    whole = {"of": data.total} if isinstance(data, Cut) else {}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode(), **whole}
    return {"text": text, **whole} if whole else text


def _lines(reply: Reply, depth: int) -> list[str]:
    """Return the lines of *reply*; those of a list stand behind its numbers, indented by their width."""
    if isinstance(reply, list) and reply:
        if depth > _DEEPEST:
            return [_TOO_DEEP]
        width = len(str(len(reply)))
        return [line for at, item in enumerate(reply, 1) for line in _item(item, at, width, depth)]
    return [_scalar(reply)]


def _item(item: Reply, number: int, width: int, depth: int) -> list[str]:
    first, *rest = _lines(item, depth + 1)
    return [f"{number:>{width}}) {first}", *(" " * (width + 2) + line for line in rest)]


def _scalar(reply: Reply) -> str:
    if reply is None:
        return "(nil)"
    if isinstance(reply, Failure):
        return f"(error) {reply.text}"
    if isinstance(reply, int):
        return f"(integer) {reply}"
    if isinstance(reply, Status):
        return reply.decode("utf-8", "backslashreplace")
    if isinstance(reply, Cut):
        return f"{quote(reply)}... ({reply.total:,} bytes)"
    return quote(reply) if isinstance(reply, bytes) else "(empty array)"

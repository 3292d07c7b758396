"""The parts of a reply, each read as what it should be: empty where a server sent something else.

Knows no commands; an error of the server counts as something else.
"""

from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Reply


def items(reply: Reply) -> list[Reply]:
    """Return the items of a list."""
    return reply if isinstance(reply, list) else []


def data(reply: Reply) -> bytes:
    """Return the bytes of a string."""
    return reply if isinstance(reply, bytes) else b""


def text(reply: Reply) -> str:
    """Return a string as text, whatever is no UTF-8 replaced: for words of the server's own."""
    return data(reply).decode("utf-8", "replace")


def readable(reply: Reply) -> str:
    """Return a string or a number for people, as `shown` does."""
    return shown(reply) if isinstance(reply, bytes) else "" if reply is None else str(reply)


def number(reply: Reply) -> int | None:
    """Return a number; None where there is none."""
    return reply if isinstance(reply, int) else None


def pairs(reply: Reply) -> dict[str, Reply]:
    """Return a map as RESP2 has it, names and values in turn, as a dictionary."""
    flat = items(reply)
    return {text(name): value for name, value in zip(flat[::2], flat[1::2], strict=False)}

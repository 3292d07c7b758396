"""Answers of a server as they are: a status told from a string, an error kept in its place, long strings cut.

redis-py's readers do none of that, and hold any answer whole. Knows the protocol (RESP2), not commands.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Union

import hiredis

from thumbapp.errors import ReplyTooLarge

_CHUNK: Final = 65_536
_LINE_END: Final = b"\r\n"
_PER_VALUE: Final = 64


class Status(bytes):
    """A status such as ``OK``, which redis-cli prints without quotes."""


class Cut(bytes):
    """The beginning of a string that has *total* bytes in the server."""

    total: int

    def __new__(cls, data: bytes, total: int) -> "Cut":
        """Return *data* as the beginning of *total* bytes."""
        cut = super().__new__(cls, data)
        cut.total = total
        return cut


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the server answered with."""

    text: str


Reply = Union[None, int, bytes, Failure, "list[Reply]"]
Argument = bytes | str | int | float
Argv = tuple[Argument, ...]


def pack(commands: Iterable[Argv]) -> bytes:
    """Return *commands* as the bytes that a server reads."""
    return b"".join(map(hiredis.pack_command, commands))  # type: ignore[arg-type]  # its stub wants one argument


def as_bytes(argument: Argument) -> bytes:
    """Return *argument* as the bytes that travel."""
    return argument if isinstance(argument, bytes) else str(argument).encode()


def word(argv: Argv, place: int) -> str:
    """Return the argument at *place* in capitals, "" when there is none."""
    if place >= len(argv):
        return ""
    return as_bytes(argv[place]).upper().decode("latin-1")


def length_of(reply: Reply) -> int:
    """Return how many bytes the string *reply* has in the server, however much of it is here."""
    return reply.total if isinstance(reply, Cut) else len(reply) if isinstance(reply, bytes) else 0


class ReplyReader:
    """Reads replies from *receive*, which returns the next bytes, b"" at the end.

    Of a string longer than *cut_at* only the beginning is kept, as `Cut`; the rest is read past.
    """

    def __init__(self, receive: Callable[[int], bytes], *, cut_at: int | None, limit: int) -> None:
        self._receive = receive
        self._cut_at = cut_at
        self._limit = limit
        self._left = limit
        self._buffer = bytearray()
        self._place = 0

    @property
    def has_more(self) -> bool:
        """Whether bytes of a further reply are here already."""
        return len(self._buffer) > self._place

    def read_anew(self) -> Reply:
        """Return the next whole reply, which may again be as large as the limit."""
        self._left = self._limit
        return self.read()

    def read(self) -> Reply:
        """Return the next whole reply.

        Raises:
            ReplyTooLarge: what must be kept is more than the limit; the connection is of no use after.
        """
        top: list[Reply] = []
        open_lists: list[tuple[list[Reply], int]] = [(top, 1)]
        while open_lists:
            target, wanted = open_lists[-1]
            if len(target) == wanted:
                open_lists.pop()
                continue
            size, value = self._value()
            target.append(value)
            if size:
                assert isinstance(value, list)  # noqa: S101 - only a list has a size, for mypy
                open_lists.append((value, size))
        return top[0]

    def _value(self) -> tuple[int, Reply]:
        """Return the next value; of a list only its size and the list to fill."""
        self._spend(_PER_VALUE)
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return 0, self._bulk(int(rest))
        if kind == b"*":
            size = int(rest)
            return max(0, size), None if size < 0 else []
        if kind == b":":
            return 0, int(rest)
        if kind == b"-":
            return 0, Failure(rest.decode("utf-8", "backslashreplace"))
        return 0, Status(rest)

    def _bulk(self, size: int) -> bytes | None:
        if size < 0:
            return None
        kept = size if self._cut_at is None else min(size, self._cut_at)
        self._spend(kept)
        data = self._take(kept)
        self._skip(size - kept + len(_LINE_END))
        return data if kept == size else Cut(data, size)

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ReplyTooLarge(self._limit)

    def _line(self) -> bytes:
        while (end := self._buffer.find(_LINE_END, self._place)) < 0:
            self._more()
        return self._taken(end, len(_LINE_END))

    def _take(self, size: int) -> bytes:
        while len(self._buffer) - self._place < size:
            self._more()
        return self._taken(self._place + size, 0)

    def _taken(self, end: int, after: int) -> bytes:
        data = bytes(self._buffer[self._place : end])
        self._place = end + after
        if self._place > _CHUNK:
            del self._buffer[: self._place]
            self._place = 0
        return data

    def _skip(self, size: int) -> None:
        held = min(size, len(self._buffer) - self._place)
        self._place += held
        size -= held
        while size:
            size -= len(self._received(min(size, _CHUNK)))

    def _more(self) -> None:
        self._buffer += self._received(_CHUNK)

    def _received(self, size: int) -> bytes:
        data = self._receive(size)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data

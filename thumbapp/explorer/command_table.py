"""What a server says of its commands: their flags, subcommand by subcommand where it knows them.

Redis before 7 describes ``CONFIG`` but not ``CONFIG GET``; there the flags of the whole command count.
"""

from collections.abc import Iterator
from typing import Final

from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.reply_types import items, text
from thumbapp.explorer.resp import Argv, Reply, word

_NAME, _FLAGS, _SUBCOMMANDS = 0, 2, 9
NOTHING_KNOWN: Final[frozenset[str]] = frozenset()


class CommandTable:
    """The flags of one server's commands, asked once."""

    def __init__(self, flags: dict[str, frozenset[str]]) -> None:
        self._flags = flags

    @classmethod
    def ask(cls, connection: Connection) -> "CommandTable":
        """Return the command table of the server at the other end of *connection*."""
        rows = items(unfailed(connection.exchange(("COMMAND",))[0]))
        return cls(dict(_described(rows, is_top=True)))

    def __contains__(self, name: str) -> bool:
        return name in self._flags

    def flags(self, argv: Argv) -> frozenset[str]:
        """Return the flags of the command that *argv* is; none of one that the server does not know."""
        name, pair = word(argv, 0), f"{word(argv, 0)} {word(argv, 1)}"
        return self._flags.get(pair) or self._flags.get(name) or NOTHING_KNOWN


def _described(rows: list[Reply], *, is_top: bool) -> Iterator[tuple[str, frozenset[str]]]:
    for row in rows:
        if isinstance(row, list):
            yield text(row[_NAME]).upper().replace("|", " "), frozenset(map(text, items(row[_FLAGS])))
            if is_top and len(row) > _SUBCOMMANDS:
                yield from _described(items(row[_SUBCOMMANDS]), is_top=False)

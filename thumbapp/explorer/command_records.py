"""The commands that an export wrote, read back as the parts of keys that they are.

Only commands that write one key are taken; whatever else stands in a file is refused, with its line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from thumbapp.errors import BadImport, LineUnreadable
from thumbapp.explorer.quoting import parse as parse_line
from thumbapp.explorer.records import DUMPED, LONGEST_LINE, Record
from thumbapp.explorer.resp import Argv

COMMANDS: Final = "commands"
_FIRST: Final = frozenset(
    {
        "SET",
        "SETRANGE",
        "APPEND",
        "RPUSH",
        "LPUSH",
        "SADD",
        "HSET",
        "HMSET",
        "ZADD",
        "GEOADD",
        "PFADD",
        "XADD",
    }
    | {"XSETID", "RESTORE", "PEXPIREAT"}
)
_GROUPS: Final = frozenset({"CREATE", "DESTROY"})


@dataclass(frozen=True, slots=True)
class CommandPart(Record):
    """A command that writes a key, whose name stands at *place* of *argv*."""

    argv: tuple[bytes, ...] = ()
    place: int = 1

    def commands(self, name: bytes | None = None) -> list[Argv]:
        """Return the command, for another key *name* if given."""
        key = self.name if name is None else name
        return [(*self.argv[: self.place], key, *self.argv[self.place + 1 :])]


def command_records(lines: Iterable[bytes]) -> Iterator[tuple[int, Record]]:
    """Yield the parts of keys with the number of the line they end on; commands that follow each other
    about one key are its parts. Raises BadImport.
    """
    waiting: CommandPart | None = None
    number = 0
    for number, text in enumerate(lines, 1):
        try:
            part = _part(text, number)
        except BadImport:
            if waiting is not None:
                yield number - 1, waiting  # it was whole: all before the bad line is in
            raise
        if part is None:
            continue
        goes_on = waiting is not None and part.name == waiting.name
        if waiting is not None and goes_on and part.argv[0].upper() == b"PEXPIREAT":
            waiting = replace(waiting, expires_at_ms=_moment(part, number))
            continue
        if waiting is not None:
            yield number - 1, replace(waiting, is_more=goes_on)
        waiting = replace(part, is_first=not goes_on)
    if waiting is not None:
        yield number, waiting


def looks_like_commands(beginning: bytes) -> bool:
    """Whether a file that begins so holds commands rather than JSON."""
    return not beginning.lstrip().startswith(b"{")


def _part(text: bytes, number: int) -> CommandPart | None:
    """Return the command of a line, None where there is none."""
    if len(text) > LONGEST_LINE:
        raise BadImport(number, f"it has more than {LONGEST_LINE // 10**6} MB")
    try:
        argv = tuple(parse_line(text))
    except LineUnreadable as error:
        raise BadImport(number, "redis-cli could not read it either, a quote is missing") from error
    if not argv:
        return None
    word = argv[0].decode("latin-1").upper()
    is_group = word == "XGROUP" and len(argv) > 3 and argv[1].decode("latin-1").upper() in _GROUPS
    if not is_group and (word not in _FIRST or len(argv) < 3):
        raise BadImport(number, f"{word[:40]} is none of the commands that write a key in an export")
    place = 2 if is_group else 1
    kind = DUMPED if word == "RESTORE" else COMMANDS
    return CommandPart(argv[place], kind, None, argv=argv, place=place)


def _moment(part: CommandPart, number: int) -> int:
    text = part.argv[2]
    if not text.isdigit() or not 0 < int(text[:17]) < 2**53:
        raise BadImport(number, "PEXPIREAT needs a moment in milliseconds")
    return int(text)

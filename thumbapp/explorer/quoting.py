"""A line as redis-cli reads it, and arguments written so that redis-cli reads them back.

Knows quotes and escapes, not commands.
"""

from collections.abc import Iterable
from typing import Final

from thumbapp.errors import LineUnreadable

_SPACE: Final = frozenset(b" \t\n\v\f\r")
_ENDS_A_WORD: Final = frozenset(b" \n\r\t")
_ESCAPES: Final = {0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x62: 0x08, 0x61: 0x07}
_WRITTEN: Final = {
    **{byte: f"\\x{byte:02x}" for byte in range(256) if not 0x20 <= byte < 0x7F},
    **{value: f"\\{chr(letter)}" for letter, value in _ESCAPES.items()},
    0x5C: "\\\\",
    0x22: '\\"',
}
_BARE: Final = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=,@%*?[]{}()<>$^~|&"
)
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_BACKSLASH: Final = 0x5C
_DOUBLE: Final = 0x22
_SINGLE: Final = 0x27


def parse(line: str | bytes) -> list[bytes]:
    r"""Return the arguments of *line*, exactly those that redis-cli would send.

    ``"..."`` knows ``\n \r \t \b \a \\ \" \xNN``, ``'...'`` knows ``\'``; what follows a closing quote
    must be space.

    Raises:
        LineUnreadable: a quote is left open or glued to what follows, or the line holds a zero byte,
            at which redis-cli would quietly stop.
    """
    text = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
    if 0 in text:
        raise LineUnreadable(r"it holds a zero byte; write it as \x00 inside double quotes")
    words: list[bytes] = []
    place = _after_space(text, 0)
    while place < len(text):
        word, place = _word(text, place)
        words.append(word)
        place = _after_space(text, place)
    return words


def argument(text: str) -> bytes:
    """Return the one argument that *text* means: quoted and escaped as in redis-cli, else as it stands."""
    if text[:1] not in ("'", '"'):
        return text.encode("utf-8", "surrogateescape")
    words = parse(text)
    return words[0] if len(words) == 1 else text.encode("utf-8", "surrogateescape")


def quote(argument: bytes) -> str:
    """Return *argument* as redis-cli prints a string: in double quotes, everything odd escaped."""
    return f'"{argument.decode("latin-1").translate(_WRITTEN)}"'


def command_line(argv: Iterable[bytes]) -> str:
    """Return *argv* as a line that `parse` and redis-cli read back; quoted only where that is needed."""
    return " ".join(word.decode() if word and _BARE.issuperset(word) else quote(word) for word in argv)


def _after_space(text: bytes, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _word(text: bytes, place: int) -> tuple[bytes, int]:
    """Return the argument that begins at *place*, and where it ends."""
    word = bytearray()
    while place < len(text) and text[place] not in _ENDS_A_WORD:
        if text[place] in (_DOUBLE, _SINGLE):
            place = _quoted(text, place + 1, text[place], word)
            break
        word.append(text[place])
        place += 1
    return bytes(word), place


def _quoted(text: bytes, place: int, mark: int, word: bytearray) -> int:
    """Add what stands up to the closing *mark* to *word*; return the place after the mark."""
    read = _in_double if mark == _DOUBLE else _in_single
    while place < len(text):
        if text[place] == mark:
            if place + 1 < len(text) and text[place + 1] not in _SPACE:
                raise LineUnreadable("a closing quote is followed by something other than space")
            return place + 1
        value, place = read(text, place)
        word.append(value)
    raise LineUnreadable("a quote is not closed")


def _in_double(text: bytes, place: int) -> tuple[int, int]:
    r"""Return the byte that stands at *place*, an escape being one, and the place after it."""
    if text[place] != _BACKSLASH or place + 1 == len(text):
        return text[place], place + 1
    digits = text[place + 2 : place + 4]
    if text[place + 1] == ord("x") and len(digits) == 2 and _HEX.issuperset(digits):
        return int(digits, 16), place + 4
    return _ESCAPES.get(text[place + 1], text[place + 1]), place + 2


def _in_single(text: bytes, place: int) -> tuple[int, int]:
    if text[place] == _BACKSLASH and text[place + 1 : place + 2] == b"'":
        return _SINGLE, place + 2
    return text[place], place + 1

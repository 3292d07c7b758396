"""A pickle as the list of its steps. It is never loaded: loading one runs whatever it says."""

import pickletools
from collections.abc import Iterator
from typing import Any, Final

_MOST_STEPS: Final = 2_000
_LONGEST_ARGUMENT: Final = 200
_ENOUGH_TO_TELL: Final = 3
_STRINGS: Final = frozenset(
    {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"}
)
_SILENT: Final = frozenset({"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "FRAME"})

Step = tuple[pickletools.OpcodeInfo, Any, int | None]


def looks_like(data: bytes) -> bool:
    """Whether *data* begins like a pickle: by its mark, or an old one by its first steps and its end."""
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return _can_be_read(data)
    return data[-1:] == b"." and data[:1] in b"(]}cl" and _can_be_read(data) and _reaches_its_end(data)


def listing(data: bytes) -> tuple[str, list[str], str]:
    """Return the steps of *data*, a line each, what loading it would import, and a warning or "".

    Raises:
        ValueError: the first step is none of a pickle.
    """
    lines: list[str] = []
    imports: list[str] = []
    warning = ""
    strings: list[str] = []
    try:
        for opcode, argument, place in pickletools.genops(data):
            if len(lines) == _MOST_STEPS:
                return "\n".join(lines), imports, f"Only the first {_MOST_STEPS:,} steps are shown."
            if opcode.name not in _SILENT:
                lines.append(f"{place or 0:>6}  {opcode.name:<18} {_argument(argument)}".rstrip())
            imports += _imported(opcode.name, argument, strings)
            strings = [*strings[-1:], str(argument)] if opcode.name in _STRINGS else strings
    except (ValueError, IndexError, UnicodeError, OverflowError) as error:
        if not lines:
            raise ValueError(str(error)) from error
        warning = f"It breaks off: {error}."
    return "\n".join(lines), list(dict.fromkeys(imports)), warning


def _imported(name: str, argument: Any, strings: list[str]) -> Iterator[str]:
    """Yield what a step would import; *strings* are the last two texts, from which newer pickles take it."""
    if name in ("GLOBAL", "INST"):
        yield str(argument).replace(" ", ".")
    elif name == "STACK_GLOBAL":
        yield ".".join(strings) if len(strings) == 2 else "something"


def _argument(argument: Any) -> str:
    if argument is None:
        return ""
    try:
        text = ascii(argument)
    except ValueError:  # an integer with more digits than Python prints
        text = "a very long number"
    return (
        text
        if len(text) <= _LONGEST_ARGUMENT
        else f"{text[:_LONGEST_ARGUMENT]}... ({len(text):,} characters)"
    )


def _can_be_read(data: bytes) -> bool:
    steps = pickletools.genops(data)
    try:
        for _, _ in zip(range(_ENOUGH_TO_TELL), steps, strict=False):
            pass
    except (ValueError, IndexError, UnicodeError, OverflowError):
        return False
    return True


def _reaches_its_end(data: bytes) -> bool:
    try:
        places = [place for _, _, place in pickletools.genops(data)]
    except (ValueError, IndexError, UnicodeError, OverflowError):
        return False
    return places[-1] == len(data) - 1

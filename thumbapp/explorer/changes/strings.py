"""Changes of strings, numbers, bits and HyperLogLogs."""

from collections.abc import Sequence
from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.changes.typed import counting, some
from thumbapp.explorer.edit import Change, ExpectedValue
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv

FURTHEST_OFFSET: Final = 16_000_000


def set_string(name: bytes, value: bytes, *, seen: str | None = None) -> Change:
    """Return the setting of a string: a new one, or the one that was *seen*, whose life goes on."""
    says = f"SET {shown(name)}"
    if seen is None:
        return Change(name, "string", says, (("SET", name, value),), absent=(name,), is_new=True)
    return Change(
        name, "string", says, (("SET", name, value),), seen=ExpectedValue(("GET", name), seen), keeps_ttl=True
    )


def append_to_string(name: bytes, value: bytes) -> Change:
    """Return the addition of bytes at a string's end."""
    return Change(name, "string", f"APPEND {shown(name)}", (("APPEND", name, value),))


def write_into_string(name: bytes, value: bytes, *, offset: int) -> Change:
    """Return the overwriting of a string's bytes from *offset* on."""
    if not 0 <= offset <= FURTHEST_OFFSET:
        raise BadEdit(f"The place is a number from 0 to {FURTHEST_OFFSET:,}.")
    return Change(name, "string", f"SETRANGE {shown(name)} {offset}", (("SETRANGE", name, offset, value),))


def set_bit(name: bytes, *, place: int, bit: int) -> Change:
    """Return the setting of one bit of a string."""
    if not 0 <= place <= FURTHEST_OFFSET * 8 or bit not in (0, 1):
        raise BadEdit(f"The place is a number from 0 to {FURTHEST_OFFSET * 8:,}, the bit 0 or 1.")
    return Change(
        name, "string", f"SETBIT {shown(name)} {place} {bit}", (("SETBIT", name, place, bit),), is_new=True
    )


def add_to_number(name: bytes, by: str) -> Change:
    """Return the addition of a number, whole or with a fraction, negative ones taken away."""
    command = counting(by, whole="INCRBY", fraction="INCRBYFLOAT")
    return Change(name, "string", f"{command} {shown(name)} {by}", ((command, name, by),))


def add_to_hyperloglog(name: bytes, values: Sequence[bytes]) -> Change:
    """Return the counting of values by a HyperLogLog, a new one where there is none.

    It is asked for its count at once: the first to ask has the server write the answer into the value, and
    looking at it would seem to be a change.
    """
    commands: tuple[Argv, ...] = (("PFADD", name, *some(values)), ("PFCOUNT", name))
    return Change(name, "string", f"PFADD {shown(name)}", commands, is_new=True)

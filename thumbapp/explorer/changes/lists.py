"""Changes of lists, by end or by place."""

import secrets
from collections.abc import Sequence

from thumbapp.errors import BadEdit
from thumbapp.explorer.changes.typed import MOST_VALUES, new_key, some
from thumbapp.explorer.edit import Change, ExpectedValue
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv


def push(name: bytes, values: Sequence[bytes], *, at_head: bool, is_new: bool = False) -> Change:
    """Return the addition of elements at one end of a list."""
    command = "LPUSH" if at_head else "RPUSH"
    return Change(
        name,
        "list",
        f"{command} {shown(name)}",
        ((command, name, *some(values)),),
        is_new=is_new,
        absent=new_key(name, is_new),
    )


def pop(name: bytes, *, at_head: bool, count: int = 1) -> Change:
    """Return the taking of elements from one end of a list."""
    if not 1 <= count <= MOST_VALUES:
        raise BadEdit(f"From 1 to {MOST_VALUES:,} elements are taken at once.")
    command = "LPOP" if at_head else "RPOP"
    return Change(name, "list", f"{command} {shown(name)}", ((command, name),) * count)


def set_element(name: bytes, index: int, value: bytes, *, seen: str) -> Change:
    """Return the replacement of the element at *index*, the one that was *seen* there."""
    return Change(
        name,
        "list",
        f"LSET {shown(name)} {index}",
        (("LSET", name, index, value),),
        seen=ExpectedValue(("LINDEX", name, index), seen),
    )


def remove_element(name: bytes, index: int, *, seen: str) -> Change:
    """Return the removal of the element at *index*: it is made unique, and that one is removed."""
    unique = secrets.token_bytes(16)
    commands: tuple[Argv, ...] = (
        ("LSET", name, index, unique),
        ("LREM", name, 1 if index >= 0 else -1, unique),
    )
    return Change(
        name,
        "list",
        f"LREM {shown(name)} {index}",
        commands,
        seen=ExpectedValue(("LINDEX", name, index), seen),
    )


def insert_element(name: bytes, index: int, value: bytes, *, before: bool, seen: str) -> Change:
    """Return the insertion of an element beside the one at *index*, which is unique for that moment."""
    unique = secrets.token_bytes(16)

    def commands(current: bytes) -> tuple[Argv, ...]:
        moved = index + 1 if before else index
        return (
            ("LSET", name, index, unique),
            ("LINSERT", name, "BEFORE" if before else "AFTER", unique, value),
            ("LSET", name, moved, current),
        )

    return Change(
        name,
        "list",
        f"LINSERT {shown(name)} {index}",
        commands,
        seen=ExpectedValue(("LINDEX", name, index), seen),
    )


def trim_list(name: bytes, start: int, stop: int) -> Change:
    """Return the cutting of a list down to the elements from *start* to *stop*."""
    return Change(name, "list", f"LTRIM {shown(name)} {start} {stop}", (("LTRIM", name, start, stop),))

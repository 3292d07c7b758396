"""Changes of streams, their groups and what is pending in them."""

import re
from collections.abc import Sequence
from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.changes.typed import MOST_VALUES, new_key
from thumbapp.explorer.edit import Change
from thumbapp.explorer.names import shown
from thumbapp.explorer.values.streams import parse_id

_AUTOMATIC_ID: Final = re.compile(r"\*|\d{1,20}-\*", re.ASCII)


def add_entry(
    name: bytes, pairs: Sequence[tuple[bytes, bytes]], *, entry_id: str = "*", is_new: bool = False
) -> Change:
    """Return the addition of an entry, with an id of the server's own or a given one."""
    flat = [part for pair in pairs for part in pair]
    if not flat or len(flat) > 2 * MOST_VALUES:
        raise BadEdit(f"An entry has from 1 to {MOST_VALUES:,} fields.")
    asked = entry_id if _AUTOMATIC_ID.fullmatch(entry_id) else parse_id(entry_id, "*")
    return Change(
        name,
        "stream",
        f"XADD {shown(name)}",
        (("XADD", name, asked, *flat),),
        is_new=is_new,
        absent=new_key(name, is_new),
    )


def remove_entry(name: bytes, entry_id: str) -> Change:
    """Return the removal of an entry."""
    return Change(
        name, "stream", f"XDEL {shown(name)} {entry_id}", (("XDEL", name, parse_id(entry_id, "0")),)
    )


def trim_stream(name: bytes, *, most: int) -> Change:
    """Return the cutting of a stream down to its newest *most* entries."""
    if most < 0:
        raise BadEdit("The number of entries to keep is 0 or more.")
    return Change(name, "stream", f"XTRIM {shown(name)} {most}", (("XTRIM", name, "MAXLEN", most),))


def create_group(name: bytes, group: bytes, *, start: str) -> Change:
    """Return the making of a group that reads from *start* on, ``$`` being what is yet to come."""
    at = start if start == "$" else parse_id(start, "$")
    return Change(
        name,
        "stream",
        f"XGROUP CREATE {shown(name)} {shown(group)}",
        (("XGROUP", "CREATE", name, group, at),),
    )


def move_group(name: bytes, group: bytes, *, start: str) -> Change:
    """Return the setting of the id that a group has read up to."""
    at = start if start == "$" else parse_id(start, "$")
    return Change(
        name, "stream", f"XGROUP SETID {shown(name)} {shown(group)}", (("XGROUP", "SETID", name, group, at),)
    )


def destroy_group(name: bytes, group: bytes) -> Change:
    """Return the removal of a group with all that is pending in it; the gate asks first."""
    return Change(
        name, "stream", f"XGROUP DESTROY {shown(name)} {shown(group)}", (("XGROUP", "DESTROY", name, group),)
    )


def remove_consumer(name: bytes, group: bytes, consumer: bytes) -> Change:
    """Return the removal of a consumer with what is pending for it."""
    return Change(
        name,
        "stream",
        f"XGROUP DELCONSUMER {shown(name)} {shown(group)} {shown(consumer)}",
        (("XGROUP", "DELCONSUMER", name, group, consumer),),
    )


def acknowledge(name: bytes, group: bytes, entry_id: str) -> Change:
    """Return the note that an entry was worked on."""
    return Change(
        name,
        "stream",
        f"XACK {shown(name)} {shown(group)} {entry_id}",
        (("XACK", name, group, parse_id(entry_id, "0")),),
    )


def claim(name: bytes, group: bytes, consumer: bytes, entry_id: str, *, idle_ms: int = 0) -> Change:
    """Return the handing of a pending entry to another consumer when it was idle for *idle_ms*."""
    return Change(
        name,
        "stream",
        f"XCLAIM {shown(name)} {shown(group)} {shown(consumer)} {entry_id}",
        (("XCLAIM", name, group, consumer, max(0, idle_ms), parse_id(entry_id, "0")),),
    )

"""Changes of hashes, field by field."""

from thumbapp.errors import BadEdit
from thumbapp.explorer.changes.typed import counting, new_key
from thumbapp.explorer.edit import Change, ExpectedValue
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv


def set_field(name: bytes, field: bytes, value: bytes, *, seen: str = "", is_new: bool = False) -> Change:
    """Return the setting of a field: a new one when *seen* is "", else the one whose value that marks."""
    return Change(
        name,
        "hash",
        f"HSET {shown(name)} {shown(field)}",
        (("HSET", name, field, value),),
        seen=None if is_new else ExpectedValue(("HGET", name, field), seen),
        is_new=is_new,
        absent=new_key(name, is_new),
    )


def add_to_field(name: bytes, field: bytes, by: str) -> Change:
    """Return the addition of a number to a field."""
    command = counting(by, whole="HINCRBY", fraction="HINCRBYFLOAT")
    return Change(name, "hash", f"{command} {shown(name)} {shown(field)} {by}", ((command, name, field, by),))


def remove_field(name: bytes, field: bytes) -> Change:
    """Return the removal of a field."""
    return Change(name, "hash", f"HDEL {shown(name)} {shown(field)}", (("HDEL", name, field),))


def expire_field(name: bytes, field: bytes, ttl_ms: int | None) -> Change:
    """Return another life for a field, None being no end; only newer servers know fields that expire."""
    life: Argv = ()
    if ttl_ms is None:
        word = "HPERSIST"
    elif 0 < ttl_ms < 2**46:
        word, life = "HPEXPIRE", (ttl_ms,)
    else:
        raise BadEdit("A field lives from one millisecond to two thousand years.")
    command: Argv = (word, name, *life, "FIELDS", 1, field)
    return Change(name, "hash", f"{word} {shown(name)} {shown(field)}", (command,))

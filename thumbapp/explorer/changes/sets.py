"""Changes of sets, sorted sets and places on earth."""

from collections.abc import Sequence
from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.changes.typed import as_score, new_key, some
from thumbapp.explorer.edit import Change
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv

_ALGEBRA: Final = {"union": "SUNIONSTORE", "intersection": "SINTERSTORE", "difference": "SDIFFSTORE"}
_ZADD_FLAGS: Final = frozenset({"NX", "XX", "GT", "LT"})


def add_members(name: bytes, values: Sequence[bytes], *, is_new: bool = False) -> Change:
    """Return the addition of members to a set."""
    return Change(
        name,
        "set",
        f"SADD {shown(name)}",
        (("SADD", name, *some(values)),),
        is_new=is_new,
        absent=new_key(name, is_new),
    )


def remove_member(name: bytes, value: bytes) -> Change:
    """Return the removal of a member from a set."""
    return Change(name, "set", f"SREM {shown(name)} {shown(value)}", (("SREM", name, value),))


def combine_sets(name: bytes, others: Sequence[bytes], *, how: str, into: bytes) -> Change:
    """Return the storing of a union, intersection or difference with other sets under a new name."""
    if how not in _ALGEBRA:
        raise BadEdit("Sets are combined by union, intersection or difference.")
    command = _ALGEBRA[how]
    return Change(
        name,
        "set",
        f"{command} {shown(into)} {shown(name)}",
        ((command, into, name, *some(others)),),
        absent=(into,),
    )


def add_scored(
    name: bytes, value: bytes, score: str, *, flags: Sequence[str] = (), is_new: bool = False
) -> Change:
    """Return the addition of a member with its score, or another score for one that is there."""
    if unknown := set(flags) - _ZADD_FLAGS:
        raise BadEdit(f"{sorted(unknown)[0]} is none of NX, XX, GT and LT.")
    command: Argv = ("ZADD", name, *flags, as_score(score), value)
    return Change(
        name, "zset", f"ZADD {shown(name)} {score}", (command,), is_new=is_new, absent=new_key(name, is_new)
    )


def add_to_score(name: bytes, value: bytes, by: str) -> Change:
    """Return the addition of a number to a member's score."""
    return Change(name, "zset", f"ZINCRBY {shown(name)} {by}", (("ZINCRBY", name, as_score(by), value),))


def remove_scored(name: bytes, value: bytes) -> Change:
    """Return the removal of a member from a sorted set."""
    return Change(name, "zset", f"ZREM {shown(name)} {shown(value)}", (("ZREM", name, value),))


def add_place(name: bytes, value: bytes, *, longitude: str, latitude: str, is_new: bool = False) -> Change:
    """Return the addition of a place on earth."""
    command: Argv = ("GEOADD", name, as_score(longitude), as_score(latitude), value)
    return Change(
        name, "zset", f"GEOADD {shown(name)}", (command,), is_new=is_new, absent=new_key(name, is_new)
    )

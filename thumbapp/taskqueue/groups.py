"""The consumer group that every queue has, and what the server's replies say of it.

A message in a worker's hands, or given back by one, is an entry of the group; the others were given to
nobody yet. Where nobody ever took a message the server has no group and answers with an error.
"""

from typing import Any, Final

GROUP: Final = b"workers"
NOBODY: Final = b"nobody"


def in_hand(pending: Any) -> int:
    """Return how many messages workers hold, less those given back, by the reply to XPENDING."""
    if isinstance(pending, Exception):
        return 0
    free = sum(int(each["pending"]) for each in pending["consumers"] if each["name"] == NOBODY)
    return int(pending["pending"]) - free


def given(pending: Any) -> int:
    """Return how many messages were given to workers, those given back too, by the reply to XPENDING."""
    return 0 if isinstance(pending, Exception) else int(pending["pending"])


def first_fresh(groups: Any) -> str:
    """Return the first id that workers have not been given, by the reply to XINFO GROUPS."""
    known = {} if isinstance(groups, Exception) else {each["name"]: each for each in groups}
    return next_id(known.get(GROUP, {}).get("last-delivered-id", b"0-0"))


def next_id(entry: bytes) -> str:
    """Return the first id after *entry*."""
    moment, _, number = entry.decode().partition("-")
    return f"{moment}-{int(number) + 1}"

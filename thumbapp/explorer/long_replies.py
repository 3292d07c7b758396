"""A reply that is long or deep, for people: its text a portion at a time, its lists as a tree to fold.

Knows what a reply looks like, not where it is shown.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from thumbapp.explorer.replies import as_text
from thumbapp.explorer.resp import Reply

MOST_LINES: Final = 5_000
MOST_CHARACTERS: Final = 1_000_000
MOST_NODES: Final = 5_000
_LONGEST_TOLD: Final = 60
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class Branch:
    """A list in a reply: its number in the list around it, what it begins with, and what is in it.

    A part is a branch, or the text of those items between two branches that are no lists.
    """

    number: int
    size: int
    begins: str
    parts: "tuple[Branch | str, ...]"


def portion(text: str, start: int = 0) -> str:
    """Return what of *text* is shown at once from *start* on: `MOST_LINES` whole lines at most.

    Of lines that are longer than `MOST_CHARACTERS` together, fewer; of a single such one, a piece.
    """
    piece = text[start : start + MOST_CHARACTERS]
    lines = piece.split("\n", MOST_LINES)
    if len(lines) > MOST_LINES:
        return "\n".join(lines[:MOST_LINES]) + "\n"
    if start + len(piece) < len(text) and len(lines) > 1:
        return piece[: -len(lines[-1])] if lines[-1] else piece
    return piece


def as_tree(reply: Reply) -> Branch | None:
    """Return *reply* as a tree; None when it holds no lists, or more than can be folded well."""
    if not isinstance(reply, list) or not any(isinstance(item, list) for item in reply):
        return None
    return _branch(reply, 0) if _weight(reply, 0) <= MOST_NODES else None


def _weight(reply: Reply, depth: int) -> int:
    """Return how many items there are in all; too many when they stand too deep."""
    if not isinstance(reply, list):
        return 1
    return MOST_NODES if depth > _DEEPEST else 1 + sum(_weight(item, depth + 1) for item in reply)


def _branch(reply: list[Reply], number: int) -> Branch:
    parts: list[Branch | str] = []
    numbered = enumerate(reply, 1)
    for is_list, run in groupby(numbered, key=lambda pair: isinstance(pair[1], list) and bool(pair[1])):
        if is_list:
            parts.extend(_branch(item, at) for at, item in run if isinstance(item, list))
        else:
            parts.append("\n".join(f"{at}) {as_text(item)}" for at, item in run))
    return Branch(number, len(reply), _beginning(reply), tuple(parts))


def _beginning(reply: list[Reply]) -> str:
    """Return the first item, as a name for the list: most lists begin with one."""
    first = as_text(reply[0]) if reply and not isinstance(reply[0], list) else ""
    return first if len(first) <= _LONGEST_TOLD else f"{first[:_LONGEST_TOLD]}..."

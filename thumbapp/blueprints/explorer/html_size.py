"""How much of a page a text takes: written there, a quote mark is five bytes and a Chinese letter three."""

from collections.abc import Iterable
from typing import Final

from markupsafe import escape

MOST_BYTES: Final = 44_000  # with all around it a page stays below 64 kB
_BESIDE: Final = 66  # what stands around a field and its value


def size_of(text: str) -> int:
    """Return how many bytes *text* takes on a page."""
    return len(escape(text).encode("utf-8", "replace"))


def fitted(text: str, most: int) -> str:
    """Return *text*, or so much of its beginning that it takes at most *most* bytes of a page."""
    while (size := size_of(text)) > most:
        text = text[: len(text) * most // size]
    return text


def first_pairs(pairs: Iterable[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """Return the first of *pairs* that take at most *most* bytes of a page, and the first in any case."""
    taken, kept = 0, list[tuple[str, str]]()
    for name, value in pairs:
        taken += size_of(name) + size_of(value) + _BESIDE
        if kept and taken > most:
            break
        kept.append((name, value))
    return kept

"""The boxes of an AVIF or HEIF file: how much EXIF it holds, read before a decoder reads it."""

import mmap
import struct
from collections.abc import Iterator

from thumbapp.imaging.survey import Parts

_MOST_BOXES = 50_000
_CONTAINERS = frozenset({b"moov", b"trak"})
_FULL_HEAD = 4


def exif_bytes(content: mmap.mmap) -> int:
    """Return how many bytes the EXIF items of *content* have together.

    Raises:
        TooManyParts: it is cut into far too many boxes or items.
    """
    parts = Parts(_MOST_BOXES)
    return sum(_exif_of_meta(content, start, end, parts) for start, end in _metas(content, parts))


def _boxes(content: mmap.mmap, at: int, end: int, parts: Parts) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the payload of each box that begins between *at* and *end*."""
    while at + 8 <= end:
        parts.count()
        size, kind = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        last = min(end, at + size) if size else end
        yield kind, at + head, last
        at = max(last, at + head)


def _metas(content: mmap.mmap, parts: Parts) -> Iterator[tuple[int, int]]:
    """Yield where the boxes of each description of items begin and end, the file's own and the tracks'."""
    waiting = [(0, len(content))]
    while waiting:
        for kind, start, end in _boxes(content, *waiting.pop(), parts):
            if kind == b"meta":
                yield start + _FULL_HEAD, end
            elif kind in _CONTAINERS:
                waiting.append((start, end))


def _exif_of_meta(content: mmap.mmap, start: int, end: int, parts: Parts) -> int:
    found = {kind: (first, last) for kind, first, last in _boxes(content, start, end, parts)}
    if not {b"iinf", b"iloc"} <= set(found):
        return 0
    wanted = _exif_items(content, *found[b"iinf"], parts)
    return sum(size for item, size in _sizes(content, found[b"iloc"][0], parts) if item in wanted)


def _exif_items(content: mmap.mmap, start: int, end: int, parts: Parts) -> set[int]:
    """Return the numbers of the items that are EXIF."""
    at = start + _FULL_HEAD + (4 if content[start] else 2)
    items = set()
    for _, first, _ in _boxes(content, at, end, parts):
        wide = content[first] > 2
        number = _number(content, first + _FULL_HEAD, 4 if wide else 2)
        kind = first + _FULL_HEAD + (6 if wide else 4)
        if content[kind : kind + 4] == b"Exif":
            items.add(number)
    return items


def _sizes(content: mmap.mmap, start: int, parts: Parts) -> Iterator[tuple[int, int]]:
    """Yield the number and the bytes of each part of each item; a part without a length has all there are."""
    version = content[start]
    offset, length = content[start + 4] >> 4, content[start + 4] & 15
    base, index = content[start + 5] >> 4, content[start + 5] & 15 if version else 0
    wide = 4 if version > 1 else 2
    at = start + 6 + wide
    for _ in range(_number(content, start + 6, wide)):
        parts.count()
        item = _number(content, at, wide)
        at += wide + (2 if version else 0) + 2 + base
        extents = _number(content, at, 2)
        at += 2
        for _ in range(extents):
            parts.count()
            at += index + offset
            yield item, _number(content, at, length) or len(content)
            at += length


def _number(content: mmap.mmap, at: int, size: int) -> int:
    if at + size > len(content):
        raise IndexError("beyond the end")
    return int.from_bytes(content[at : at + size], "big")

"""What the bytes of a picture file say before any decoder sees them: frames, scans, damage.

Walks the containers themselves, because asking a decoder for it can cost a full decode.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
SOS = b"\xff\xda"


@dataclass(frozen=True, slots=True)
class JpegLayout:
    """How a JPEG is drawn; ``is_buffered``: the decoder keeps the whole picture's coefficients."""

    scans: int
    is_buffered: bool


def jpeg_layout(path: Path) -> JpegLayout:
    """Return how many passes the JPEG at *path* takes, counted without decoding."""
    content = path.read_bytes()
    progressive, components = False, 0
    for marker, start, _ in _jpeg_segments(content):
        if marker in _FRAME_HEADERS:
            progressive, components = marker in _PROGRESSIVE, content[start + 5]
        elif marker == 0xDA:
            buffered = progressive or content[start] < components
            return JpegLayout(content.count(SOS, start - 4) if buffered else 1, buffered)
    return JpegLayout(1, progressive)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment's payload up to the first scan."""
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return
        marker = content[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(content):
            return
        yield marker, at + 4, end
        if marker == 0xDA:
            return
        at = end


def count_gif_frames(content: bytes, *, limit: int) -> int:
    """Return the number of images in a GIF, at most *limit*."""
    frames, at = 0, 13 + _gif_table(content, 10)
    while frames < limit and at < len(content):
        kind = content[at]
        if kind == 0x2C:
            frames += 1
            at += 10 + _gif_table(content, at + 9) + 1
        elif kind == 0x21:
            at += 2
        else:
            break
        at = _gif_end_of_blocks(content, at)
    return frames


def _gif_table(content: bytes, at: int) -> int:
    flags = content[at] if at < len(content) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_end_of_blocks(content: bytes, at: int) -> int:
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1


def count_png_frames(content: bytes, *, limit: int) -> int:
    """Return the number of frames of an APNG, at most *limit*; 1 for a still PNG."""
    frames, at = 0, 8
    while frames < limit and at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        frames += kind == b"fcTL"
        at += 12 + length
    return max(frames, 1)


def count_webp_frames(content: bytes, *, limit: int) -> int:
    """Return the number of frames of a WebP, at most *limit*; 1 for a still one."""
    frames, at = 0, 12
    while frames < limit and at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        frames += kind == b"ANMF"
        at += 8 + length + (length & 1)
    return max(frames, 1)


def count_tiff_pages(content: bytes, *, limit: int) -> int:
    """Return the number of pages of a TIFF, at most *limit*."""
    order = "<" if content[:2] == b"II" else ">"
    big = content[2:4] in (b"\x2b\x00", b"\x00\x2b")
    link = struct.Struct(order + ("Q" if big else "I"))
    count = struct.Struct(order + ("Q" if big else "H"))
    seen: set[int] = set()
    at = link.unpack_from(content, 8 if big else 4)[0] if len(content) >= 16 else 0
    while at and at not in seen and len(seen) < limit and at + count.size <= len(content):
        seen.add(at)
        entries = count.unpack_from(content, at)[0]
        end = at + count.size + entries * (20 if big else 12)
        at = link.unpack_from(content, end)[0] if end + link.size <= len(content) else 0
    return max(len(seen), 1)

"""The segments and scans of a JPEG, read without decoding it."""

import math
import mmap
import re
from collections.abc import Iterator, Mapping, Sequence

from thumbapp.errors import BrokenPicture
from thumbapp.imaging.survey import Parts, Survey

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_NO_MARKER = frozenset({0x00, 0xFF})
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_ARITHMETIC = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_RESTART_INTERVAL, _RESTARTS = 0xDD, tuple(bytes((0xFF, 0xD0 + number % 8)) for number in range(16))
# any run of bits decodes to something; this one has no marker in it
_FILLER = bytes((0x55, 0xAA, 0x3C, 0x96)) * 256
_MOST_ZEROS = 64
_TABLES, _MOST_TABLE_BYTES = 0xDB, 4 * 129
# what the values for brightness add up to at quality 90
_USUAL_COARSENESS = 736
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# readers go through all metadata, and through tables, EXIF and Photoshop's resources piece by piece
_MOST_PARTS = 10_000
_BYTES_A_PART = 2_048
_EXIF, _EXIF_HEAD = 0xE1, b"Exif\0\0"
_BYTES_A_PIECE = {_TABLES: 65, _EXIF: 16, 0xED: 128}


def survey(content: mmap.mmap) -> Survey:
    """Return what the JPEG *content* says; the frames of a JPEG are not counted.

    Raises:
        BrokenPicture: it ends between two of its scans.
        TooManyParts: it has been cut into far too many.
    """
    frame, scans = 0, []
    tables: dict[int, int] = {}
    for marker, start in _segments(content):
        if marker in _FRAME_HEADERS:
            frame = start
        elif marker == _TABLES:
            tables |= _coarseness(content, start)
        elif marker == 0xDA:
            scans.append(start)
            if not frame or _holds_all(content, frame, start):
                break
    if not scans or not frame:
        return Survey("JPEG")
    detail = _detail(content, frame, scans[0], tables)
    if _holds_all(content, frame, scans[0]):
        return Survey("JPEG", detail=detail)
    if not _is_complete(content, frame, scans):
        raise BrokenPicture("its end is missing")
    return Survey("JPEG", 1, len(scans), _coefficient_bytes(content, frame), detail=detail)


def _coarseness(content: mmap.mmap, start: int) -> dict[int, int]:
    """Return the sum of each quantization table in the segment that begins at *start*."""
    sums = {}
    end = min(_MOST_TABLE_BYTES, int.from_bytes(content[start - 2 : start], "big") - 2) + start
    while start < end:
        wide, name = content[start] >> 4 != 0, content[start] & 15
        values = content[start + 1 : start + 1 + (128 if wide else 64)]
        sums[name] = (sum(values[::2]) << 8) + sum(values[1::2]) if wide else sum(values)
        start += 1 + len(values)
    return sums


def _detail(content: mmap.mmap, frame: int, scan: int, tables: Mapping[int, int]) -> float:
    """Return how many bits a pixel takes, as if the picture had been saved with quality 90.

    The finer a picture's texture, the more it loses when a decoder makes it smaller.
    """
    height, width = (int.from_bytes(content[frame + at : frame + at + 2], "big") for at in (1, 3))
    coarseness = tables.get(content[frame + 8], _USUAL_COARSENESS) / _USUAL_COARSENESS
    return 8 * (len(content) - scan) / max(1, width * height) * math.sqrt(coarseness)


def _holds_all(content: mmap.mmap, frame: int, scan: int) -> bool:
    """Whether one scan is the whole picture."""
    return content[frame - 3] not in _PROGRESSIVE and content[scan] >= content[frame + 5]


def _is_complete(content: mmap.mmap, frame: int, scans: Sequence[int]) -> bool:
    """Whether a picture of several scans has them: each colour to the last bit, detail of the first.

    One that was cut off and closed between two scans decodes without an error, half of it grey or blurred.
    """
    colours, details = set(), 0
    for start in scans:
        count = content[start]
        first, last, precision = content[start + 1 + 2 * count : start + 4 + 2 * count]
        ids = {content[start + 1 + 2 * index] for index in range(count)}
        if first == 0 and precision & 15 == 0:
            colours |= ids
        if content[frame + 6] in ids:
            details |= (2 << last) - (1 << first)
    wanted = {content[frame + 6 + 3 * index] for index in range(content[frame + 5])}
    return content[frame - 3] in _LOSSLESS or (colours >= wanted and details | 1 == (1 << 64) - 1)


def _segments(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield marker and start of each segment's payload up to the end of the picture."""
    at, parts = 2, Parts(_MOST_PARTS)
    while 0 <= at <= len(content) - 4:
        marker = content[at + 1]
        if content[at] != 0xFF or marker in _NO_MARKER:
            # decoders go on at the next one
            parts.count()
            at = content.find(b"\xff", at + 1)
            continue
        if marker == 0xD9:
            return
        if marker in _STANDALONE:
            parts.count()
            at += 2
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        is_pieces = marker != _EXIF or content[at + 4 : at + 10] == _EXIF_HEAD
        parts.count(1 + length // (_BYTES_A_PIECE.get(marker, _BYTES_A_PART) if is_pieces else _BYTES_A_PART))
        yield marker, at + 4
        at += 2 + length
        if marker == 0xDA:
            at = end_of_scan(content, at)


def first_scan(content: mmap.mmap) -> int:
    """Return where the data of a JPEG's first scan begins."""
    start = next((start for marker, start in _segments(content) if marker == 0xDA), len(content))
    return start - 2 + int.from_bytes(content[start - 2 : start], "big")


def lengthened(content: mmap.mmap) -> bytes:
    """Return a JPEG with bits added to its first scan, which a whole one has no use for.

    Where a decoder looks for a restart, the bits come after restarts too. One for arithmetic codes takes
    what is missing for zeros, and an encoder relies on that.
    """
    kinds = {marker for marker, _ in _segments(content)}
    restarts = _RESTARTS if _RESTART_INTERVAL in kinds else ()
    end = end_of_scan(content, first_scan(content))
    filler = b"".join((_FILLER, *(restart + _FILLER for restart in restarts)))
    zeros = bytes(_MOST_ZEROS) if kinds & _ARITHMETIC else b""
    return b"".join((content[:end], zeros, filler, content[end:]))


def end_of_scan(content: mmap.mmap, start: int) -> int:
    """Return where the scan whose data begins at *start* meets a marker other than a restart."""
    found = _END_OF_SCAN.search(content, start)
    return found.start() if found else len(content)


def _coefficient_bytes(content: mmap.mmap, start: int) -> float:
    """Return the bytes a pixel that a frame's coefficients take: two each, fewer for thinned colours."""
    factors = [content[start + 7 + 3 * index] for index in range(content[start + 5])]
    areas = [(factor >> 4) * (factor & 15) for factor in factors]
    return 2 * sum(areas) / max([*areas, 1])

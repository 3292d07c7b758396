"""What the bytes of a picture file say before any decoder sees them: format, frames, scans, damage.

Walks the containers themselves, because asking a decoder for it can cost a full decode, and because
decoders pass over some damage in silence.
"""

import mmap
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from thumbapp.errors import BrokenPicture, EmptyFile, TooManyPixels
from thumbapp.imaging import boxes, jpeg, png
from thumbapp.imaging.survey import MOST_EXIF_BYTES, Parts, Survey

_MOST_CHUNKS = 50_000
_MOST_BLOCKS = 400_000
# a line in each strip of a tall picture, twice; a field costs as much as a few dozen numbers
_MOST_TIFF_VALUES, _TIFF_FIELD_VALUES = 300_000, 50
_BMP_CORE_HEAD = 12
_RLE = frozenset({1, 2})
# run lengths are unpacked one by one: 0.2 s a million at worst
_MOST_RLE_PIXELS = 16_000_000
_TIFF_BLOBS = frozenset({1, 2, 7})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """Map the file at *path* into memory inside the block, to be read without being copied.

    Raises:
        EmptyFile: it has no bytes.
    """
    with path.open("rb") as stream:
        if not path.stat().st_size:
            raise EmptyFile
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def format_of(head: bytes) -> str:
    """Return the format that *head*, a file's first 32 bytes, belongs to; "" for none we know."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in (8, 16, 20, 24, 28)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        return "HEIF" if brands & _HEIF_BRANDS else ""
    return ""


_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)


def survey(content: mmap.mmap, *, most_frames: int) -> Survey | None:
    """Return what *content* is; None when it is of no format we know. Counting ends past *most_frames*.

    Raises:
        BrokenPicture: the container is visibly damaged.
    """
    name = format_of(content[:32])
    if not name:
        return None
    reader = _READERS.get(name)
    try:
        return reader(content, most_frames + 1) if reader else Survey(name)
    except (struct.error, LookupError, ValueError, OverflowError) as error:
        raise BrokenPicture("the file ends too early") from error


def _survey_gif(content: mmap.mmap, most: int) -> Survey:
    frames, at, parts = 0, 13 + _gif_table(content, 10), Parts(_MOST_BLOCKS)
    while frames < most and at < len(content):
        if content[at] == 0x2C:
            frames += 1
            at += 10 + _gif_table(content, at + 9) + 1
        elif content[at] == 0x21:
            at += 2
        else:
            break
        while at < len(content) and content[at]:
            parts.count()
            at += content[at] + 1
        parts.count()
        at += 1
    return Survey("GIF", max(frames, 1))


def _gif_table(content: mmap.mmap, at: int) -> int:
    flags = content[at]
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _survey_bmp(content: mmap.mmap, most: int) -> Survey:
    """Refuse run lengths of many pixels."""
    head, width, height = struct.unpack_from("<Iii", content, 14)
    if head > _BMP_CORE_HEAD and struct.unpack_from("<I", content, 30)[0] in _RLE:
        pixels = abs(width * height)
        if pixels > _MOST_RLE_PIXELS:
            raise TooManyPixels(pixels, _MOST_RLE_PIXELS)
    return Survey("BMP")


def _survey_webp(content: mmap.mmap, most: int) -> Survey:
    """Read the canvas here: the decoder allocates it twice as soon as it is opened."""
    frames, at, parts = 0, 12, Parts(_MOST_CHUNKS)
    size = _webp_size(content)
    while frames < most and at + 8 <= len(content):
        parts.count()
        kind, length = struct.unpack_from("<4sI", content, at)
        frames += kind == b"ANMF"
        at += 8 + length + (length & 1)
    return Survey("WEBP", max(frames, 1), size=size)


def _webp_size(content: mmap.mmap) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        return _little(content[24:27]) + 1, _little(content[27:30]) + 1
    if kind == b"VP8L":
        bits = _little(content[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", content, 26)
    return width & 0x3FFF, height & 0x3FFF


def _little(part: bytes) -> int:
    return int.from_bytes(part, "little")


def _survey_tiff(content: mmap.mmap, most: int) -> Survey:
    order = "<" if content[:2] == b"II" else ">"
    big = 0x2B in content[2:4]
    link, count = struct.Struct(order + ("Q" if big else "I")), struct.Struct(order + ("Q" if big else "H"))
    seen: set[int] = set()
    at = link.unpack_from(content, 8 if big else 4)[0]
    entry, step = struct.Struct(order + ("HHQ" if big else "HHI")), 20 if big else 12
    _count_tiff_values(content, entry, step, at + count.size, *count.unpack_from(content, at))
    while at and at not in seen and len(seen) < most and at + count.size <= len(content):
        seen.add(at)
        end = at + count.size + count.unpack_from(content, at)[0] * step
        at = link.unpack_from(content, end)[0] if end + link.size <= len(content) else 0
    return Survey("TIFF", max(len(seen), 1))


def _count_tiff_values(content: mmap.mmap, entry: struct.Struct, step: int, start: int, entries: int) -> None:
    """Refuse a first page whose fields hold more numbers than a reader should make a list of."""
    values = Parts(_MOST_TIFF_VALUES)
    for at in range(start, start + entries * step, step):
        values.count(_TIFF_FIELD_VALUES)
        _, kind, number = entry.unpack_from(content, at)
        values.count(0 if kind in _TIFF_BLOBS else number)


def _survey_boxes(content: mmap.mmap, name: str) -> Survey:
    """Look at the size of the EXIF block: some readers go through all of it as soon as they open the file."""
    if boxes.exif_bytes(content) > MOST_EXIF_BYTES:
        raise BrokenPicture("its metadata is too large")
    return Survey(name)


_READERS: dict[str, Callable[[mmap.mmap, int], Survey]] = {
    "JPEG": lambda content, most: jpeg.survey(content),
    "PNG": png.survey,
    "GIF": _survey_gif,
    "BMP": _survey_bmp,
    "WEBP": _survey_webp,
    "TIFF": _survey_tiff,
    "AVIF": lambda content, most: _survey_boxes(content, "AVIF"),
    "HEIF": lambda content, most: _survey_boxes(content, "HEIF"),
}

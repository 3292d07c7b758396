"""The chunks of a PNG, read without decoding it: what decoders take on trust or pass over in silence."""

import mmap
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from thumbapp.errors import BrokenPicture
from thumbapp.imaging.survey import MOST_EXIF_BYTES, Parts, Survey

_MOST_CHUNKS = 50_000
# a reader unpacks each profile that it meets; there ought to be one
_CHUNKS_A_PROFILE = 5_000
_PALETTE = 3
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ONE_PASS = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_READ_AT_ONCE = 2**16
# what a level of grey that takes fewer bits is multiplied with to become one of 8
_GREY_STEPS = {"L;2": 85, "L;4": 17}


def survey(content: mmap.mmap, most: int) -> Survey:
    """Return what the PNG *content* says; counting frames ends with *most*.

    Decoders do not check the sums of the compressed data.

    Raises:
        BrokenPicture: a checksum is wrong, or what its pixels mean comes behind them.
        TooManyParts: it has been cut into far too many.
    """
    first: dict[bytes, tuple[int, int]] = {}
    frames, parts = 0, Parts(_MOST_CHUNKS)
    for kind, start, end in _chunks(content):
        parts.count(_CHUNKS_A_PROFILE if kind == b"iCCP" else 1)
        if kind[0] & 0x20 == 0 and zlib.crc32(memoryview(content)[start - 4 : end]) != _number(content, end):
            raise BrokenPicture(f"the checksum of a {kind.decode('latin-1')} part is wrong")
        first.setdefault(kind, (start, end))
        frames += kind == b"fcTL"
        if frames >= most:
            break
    data, nowhere = first.get(b"IDAT", (len(content), 0)), (len(content), 0)
    if content[25] == _PALETTE and first.get(b"PLTE", nowhere) >= data:
        raise BrokenPicture("its palette is missing")
    control = first.get(b"acTL", nowhere)
    promised = _number(content, control[0]) if control < data else 0
    start, end = first.get(b"eXIf", (0, 0))
    exif = content[start:end] if end - start < MOST_EXIF_BYTES else b""
    return Survey("PNG", max(1, min(frames, promised)), exif=exif)


def _chunks(content: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each chunk's payload up to the one that ends the picture."""
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, at + 8, at + 8 + length
        at += 12 + length


def _number(content: mmap.mmap, at: int) -> int:
    return int(struct.unpack_from(">I", content, at)[0])


def check_is_whole(content: mmap.mmap, *, frames: int) -> None:
    """Refuse a PNG of which a picture among its first *frames* has fewer lines than it says.

    A decoder leaves the missing ones black and says nothing.
    """
    pictures: list[tuple[bytes, list[tuple[int, int]]]] = [(content[16:24], [])]
    for kind, start, end in _chunks(content):
        if kind == b"fcTL" and pictures[-1][1]:
            pictures.append((content[start + 4 : start + 12], []))
        elif kind in {b"IDAT", b"fdAT"}:
            pictures[-1][1].append((start + 4 * (kind == b"fdAT"), end))
    for size, pieces in pictures[:frames]:
        wanted = _raw_bytes(content, size)
        if _unpacked_bytes(content, pieces, most=wanted) < wanted:
            raise BrokenPicture("its end is missing")


def _raw_bytes(content: mmap.mmap, size: bytes) -> int:
    """Return how many bytes the lines of a picture have together, each with its filter."""
    width, height = struct.unpack(">II", size)
    bits = content[24] * _SAMPLES[content[25]]
    total = 0
    for left, top, right, down in _ADAM7 if content[28] else _ONE_PASS:
        across, lines = -((left - width) // right), -((top - height) // down)
        total += lines * (1 + (across * bits + 7) // 8) if across > 0 and lines > 0 else 0
    return total


def _unpacked_bytes(content: mmap.mmap, pieces: list[tuple[int, int]], *, most: int) -> int:
    """Return how many bytes *pieces* hold together once unpacked, counted as far as *most*."""
    unpack, total = zlib.decompressobj(), 0
    steps = (
        (at, min(end, at + _READ_AT_ONCE)) for start, end in pieces for at in range(start, end, _READ_AT_ONCE)
    )
    try:
        for start, end in steps:
            packed = content[start:end]
            while packed and total < most:
                total += len(unpack.decompress(packed, _READ_AT_ONCE))
                packed = unpack.unconsumed_tail
    except zlib.error as error:
        raise BrokenPicture(str(error)) from error
    return total


def set_transparency(picture: Image.Image) -> None:
    """Bring the level or colour of *picture* that is transparent to the 8 bits its pixels will have.

    The reader leaves it as it stands in the file.
    """
    clear = picture.info.get("transparency")
    # without data there is a tile and no kind
    kind = str(getattr(picture, "tile", ()) and picture.tile[0].args)  # type: ignore[attr-defined] # a file's
    if isinstance(clear, tuple) and kind == "RGB;16B":
        picture.info["transparency"] = tuple(value >> 8 for value in clear)
    elif isinstance(clear, int) and kind in _GREY_STEPS:
        picture.info["transparency"] = clear * _GREY_STEPS[kind]

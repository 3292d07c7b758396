"""From a file to pixels that can be scaled: no larger than needed, whole or refused."""

import io
import mmap
from pathlib import Path

from PIL import Image, ImageFile

from thumbapp.errors import BrokenPicture, RenderOutOfMemory
from thumbapp.imaging import containers, jpeg
from thumbapp.imaging.geometry import Box

ImageFile.LOAD_TRUNCATED_IMAGES = False
_SCALABLE = frozenset({"L", "RGB", "RGBA", "CMYK"})
# their decoders give all pixels in one piece, of 3 or 4 bytes; whole lines of it are copied once, parts twice
_DECODED_AT_ONCE = frozenset({"WEBP", "AVIF"})
_BLOCK_BYTES = 2**16
# any run of bits decodes to something; this one has no marker in it
_FILLER = bytes((0x55, 0xAA, 0x3C, 0x96)) * 256
_TAIL_SIDE = 16


def decoded(picture: Image.Image, path: Path, *, draft: int) -> tuple[Image.Image, Box]:
    """Return the pixels of *picture*, *draft* times smaller, and the part of them that is the picture.

    Raises:
        BrokenPicture: its data is cut off or damaged.
        MemoryError: there is not enough memory for it.
    """
    full = picture.size
    if draft > 1:
        picture.draft(None, (full[0] // draft, full[1] // draft))
    # sides that draft does not divide leave a last pixel that is only partly filled
    box = Box(0, 0, full[0] / draft, full[1] / draft)
    load(picture)
    if picture.format in {"JPEG", "MPO"} and _ends_flat(picture):
        _check_jpeg_is_whole(picture, path, draft=draft)
    return scalable(picture), box


def load(picture: Image.Image) -> None:
    """Decode *picture* in place.

    Raises:
        BrokenPicture: its data is cut off or damaged.
        MemoryError: there is not enough memory for it.
    """
    if isinstance(picture, ImageFile.ImageFile) and picture.format in _DECODED_AT_ONCE:
        lines = 12 * picture.width
        picture.decodermaxblock = lines * max(1, _BLOCK_BYTES // lines)
    try:
        picture.load()
    except (MemoryError, RenderOutOfMemory):
        raise
    except Exception as error:
        raise BrokenPicture(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return text[:120] if text else type(error).__name__


def scalable(image: Image.Image) -> Image.Image:
    """Return *image* in a mode that scaling handles: L, RGB, RGBA or CMYK."""
    if image.mode in _SCALABLE and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.mode in {"I", "F"}:
        return _from_range(image)
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Return a 16-bit grey picture as 8 bits: the upper byte of each pixel."""
    high = 0 if image.mode == "I;16B" else 1
    return Image.frombytes("L", image.size, image.tobytes()[high::2])


def _from_range(image: Image.Image) -> Image.Image:
    """Return a picture of large or fractional numbers as 8 bits, its own range made black to white."""
    low, high = image.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple) or not high > low:
        return Image.new("L", image.size)
    scale = 255 / (high - low)
    return image.convert("F").point(lambda value: value * scale + (0.5 - low * scale)).convert("L")


def _ends_flat(picture: Image.Image) -> bool:
    """Whether the last block has one colour, as it has where a decoder ran out of data."""
    left, top = max(0, picture.width - _TAIL_SIDE), max(0, picture.height - 1)
    corner = picture.crop((left, top, picture.width, picture.height))
    return all(low == high for low, high in (band.getextrema() for band in corner.split()))


def _check_jpeg_is_whole(picture: Image.Image, path: Path, *, draft: int) -> None:
    """Refuse a JPEG whose data ends before its picture does.

    A decoder paints the missing part grey and says nothing. So the file is decoded once more with bits
    added behind its data: a whole picture has no use for them, one that lacks data changes.
    """
    with containers.mapped(path) as content:
        longer = _lengthened(content)
    with Image.open(io.BytesIO(longer), formats=("JPEG",)) as again:
        if draft > 1:
            again.draft(None, (again.width // draft, again.height // draft))
        try:
            again.load()
        except (OSError, ValueError, SyntaxError) as error:
            raise BrokenPicture("its end is missing") from error
        if again.mode == picture.mode and again.tobytes() != picture.tobytes():
            raise BrokenPicture("its end is missing")


def _lengthened(content: mmap.mmap) -> bytes:
    """Return a JPEG with bits added to its first scan."""
    end = jpeg.end_of_scan(content, jpeg.first_scan(content))
    return content[:end] + _FILLER + content[end:]

"""From a file to pixels that can be scaled: no larger than needed, whole or refused."""

import io
from pathlib import Path

from PIL import ExifTags, Image, ImageChops, ImageFile

from thumbapp.errors import BrokenPicture, RenderOutOfMemory
from thumbapp.imaging import containers, jpeg, png
from thumbapp.imaging.geometry import Box

ImageFile.LOAD_TRUNCATED_IMAGES = False
_SCALABLE = frozenset({"L", "RGB", "RGBA", "CMYK"})
# their decoders give all pixels in one piece, of 3 or 4 bytes; whole lines of it are copied once, parts twice
_DECODED_AT_ONCE = frozenset({"WEBP", "AVIF"})
_BLOCK_BYTES = 2**16
_TAIL_SIDE = 16
_LAYERS = frozenset("RGBACMYK")


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
    _check_is_whole(picture, path, draft=draft)
    return _positive(scalable(picture), picture), box


def _check_is_whole(picture: Image.Image, path: Path, *, draft: int) -> None:
    """Refuse a picture whose data ends before its lines do; its decoder has said nothing."""
    match picture.format:
        case "JPEG" | "MPO" if _ends_flat(picture):
            _check_jpeg_is_whole(picture, path, draft=draft)
        case "PNG" if picture.info.get("interlace") or _ends_in_zeros(picture):
            check_png_is_whole(path, frames=1)


def check_png_is_whole(path: Path, *, frames: int) -> None:
    """Refuse a PNG of which one of its first *frames* pictures has fewer lines than it says.

    Raises:
        BrokenPicture: it has.
    """
    with containers.mapped(path) as content:
        png.check_is_whole(content, frames=frames)


def load(picture: Image.Image) -> None:
    """Decode *picture* in place.

    Raises:
        BrokenPicture: its data is cut off or damaged.
        MemoryError: there is not enough memory for it.
    """
    if picture.format == "TIFF":
        _name_deep_layers(picture)
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
    """Return the words of *error* as they stand between brackets."""
    text = str(error).strip().rstrip(".").replace(" (", ": ").replace(")", "")
    return text[:120] if text else type(error).__name__


def scalable(image: Image.Image) -> Image.Image:
    """Return *image* in a mode that scaling handles: L, RGB, RGBA or CMYK.

    Raises:
        BrokenPicture: what its pixels mean is damaged.
        MemoryError: there is not enough memory for it.
    """
    try:
        return _scalable(image)
    except MemoryError:
        raise
    except Exception as error:
        raise BrokenPicture(_reason(error)) from error


def _scalable(image: Image.Image) -> Image.Image:
    if image.mode in _SCALABLE and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.mode in {"I", "F"}:
        return _from_range(image)
    if image.mode == "1":
        return _from_one_bit(image)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Return a 16-bit grey picture as 8 bits: the upper byte of each pixel, clear where both say so."""
    high = 0 if image.mode == "I;16B" else 1
    content = image.tobytes()
    upper = Image.frombytes("L", image.size, content[high::2])
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return upper
    lower = Image.frombytes("L", image.size, content[1 - high :: 2])
    opaque = ImageChops.lighter(_differs(upper, clear >> 8), _differs(lower, clear & 255))
    return Image.merge("RGBA", (upper, upper, upper, opaque))


def _from_one_bit(image: Image.Image) -> Image.Image:
    """Return a picture in black and white as grey ones, clear where it says so."""
    grey = image.convert("L")
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return Image.merge("RGBA", (grey, grey, grey, _differs(grey, 255 * clear)))


def _differs(band: Image.Image, value: int) -> Image.Image:
    """Return 255 where *band* is not *value*, else 0."""
    return band.point([255 * (level != value) for level in range(256)])


def _from_range(image: Image.Image) -> Image.Image:
    """Return a picture of large or fractional numbers as 8 bits, its own range made black to white."""
    low, high = image.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple) or not high > low:
        return Image.new("L", image.size)
    scale = 255 / (high - low)
    return image.convert("F").point(lambda value: value * scale + (0.5 - low * scale)).convert("L")


def _name_deep_layers(picture: Image.Image) -> None:
    """Say that the samples of a TIFF with one layer a colour have 16 bits; its reader takes them for 8."""
    tiles = picture.tile  # type: ignore[attr-defined] # a TIFF has it
    if set(_tag(picture, ExifTags.Base.BitsPerSample)) != {16}:
        return
    order = "L" if picture.tag_v2.prefix == b"II" else "B"  # type: ignore[attr-defined] # a TIFF has it
    for index, tile in enumerate(tiles):
        if tile.codec_name == "raw" and tile.args[0] in _LAYERS:
            tiles[index] = tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))


def _positive(image: Image.Image, picture: Image.Image) -> Image.Image:
    """Return *image*, what came of *picture*, with the numbers that its reader left turned round put right.

    That is ink without Adobe's mark, and a deep TIFF whose zero is white.
    """
    bare_ink = picture.format in {"JPEG", "MPO"} and image.mode == "CMYK" and "adobe" not in picture.info
    is_deep = picture.mode in {"I", "F"} or picture.mode.startswith("I;16")
    is_negative = (
        picture.format == "TIFF"
        and is_deep
        and _tag(picture, ExifTags.Base.PhotometricInterpretation) == (0,)
    )
    return ImageChops.invert(image) if bare_ink or is_negative else image


def _tag(picture: Image.Image, tag: int) -> tuple[int, ...]:
    """Return the numbers of one field of a TIFF, none where it has no such field."""
    value = picture.tag_v2.get(tag, ())  # type: ignore[attr-defined] # a TIFF has it
    return value if isinstance(value, tuple) else (value,)


def _ends_in_zeros(picture: Image.Image) -> bool:
    """Whether the last line has nothing in it, as one has that was never written."""
    return not picture.crop((0, picture.height - 1, *picture.size)).getbbox(alpha_only=False)


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
        longer = jpeg.lengthened(content)
    with Image.open(io.BytesIO(longer), formats=("JPEG",)) as again:
        if draft > 1:
            again.draft(None, (again.width // draft, again.height // draft))
        try:
            again.load()
        except (OSError, ValueError, SyntaxError) as error:
            raise BrokenPicture("its end is missing") from error
        if again.mode == picture.mode and again.tobytes() != picture.tobytes():
            raise BrokenPicture("its end is missing")

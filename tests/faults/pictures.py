"""Pictures for the tests of outages, the same in every run."""

import io
import itertools
from collections.abc import Iterator

from PIL import Image

_KINDS = (
    ("jpg", "JPEG", "RGB"),
    ("jpg", "JPEG", "L"),
    ("jpg", "JPEG", "CMYK"),
    ("png", "PNG", "RGBA"),
    ("png", "PNG", "P"),
    ("gif", "GIF", "P"),
    ("webp", "WEBP", "RGBA"),
    ("bmp", "BMP", "RGB"),
    ("tif", "TIFF", "L"),
    ("avif", "AVIF", "RGB"),
)
_SIZES = ((200, 253), (640, 480), (31, 900), (1, 1))


def noise(size: tuple[int, int], format: str, mode: str = "RGB") -> bytes:
    """Return a picture that packs badly."""
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").convert(mode).save(out, format)
    return out.getvalue()


def mixed_pictures(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of *count* pictures of every kind and several sizes."""
    made = [
        (f"{format.lower()} {mode}.{ending}", noise(size, format, mode))
        for size in _SIZES
        for ending, format, mode in _KINDS
    ]
    return itertools.islice(itertools.cycle(made), count)

"""From pixels to the bytes of a thumbnail."""

import io
from dataclasses import dataclass

from PIL import Image

from thumbapp.imaging.recipe import Format, Recipe


@dataclass(frozen=True, slots=True)
class Target:
    """A format that is written: Pillow's word, our word, extension, whether it has transparency."""

    pillow: str
    name: str
    extension: str
    has_alpha: bool
    quality: int = 0


JPEG = Target("JPEG", "jpeg", "jpg", False, 80)
PNG = Target("PNG", "png", "png", True)
WEBP = Target("WEBP", "webp", "webp", True, 80)
AVIF = Target("AVIF", "avif", "avif", True, 60)
GIF = Target("GIF", "gif", "gif", True)
_KEPT = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP, "AVIF": AVIF, "GIF": GIF, "HEIF": JPEG}
_ASKED = {Format.JPEG: JPEG, Format.PNG: PNG, Format.WEBP: WEBP, Format.AVIF: AVIF}


def target(recipe: Recipe, source_format: str) -> Target:
    """Return what is written for a picture of *source_format*; what no browser shows becomes PNG."""
    return _ASKED.get(recipe.format) or _KEPT.get(source_format, PNG)


def encode(image: Image.Image, kind: Target, recipe: Recipe) -> bytes:
    """Return *image* as the bytes of a file."""
    stream = io.BytesIO()
    if not kind.has_alpha:
        image = flatten(image, recipe.background)
    image.save(stream, kind.pillow, **_options(kind, recipe))
    return stream.getvalue()


def flatten(image: Image.Image, background: str) -> Image.Image:
    """Return *image* without transparency, laid on *background*."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _options(kind: Target, recipe: Recipe) -> dict[str, int]:
    quality = recipe.quality or kind.quality
    options: dict[str, dict[str, int]] = {
        "JPEG": {"quality": quality},
        "PNG": {"compress_level": 1},
        "WEBP": {"quality": quality, "method": 1},
        "AVIF": {"quality": quality, "speed": 8, "max_threads": 1},
    }
    return options.get(kind.pillow, {})

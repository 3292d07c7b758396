"""Scaling, behind one function: by the fast resizer where it is installed, else by Pillow itself."""

import importlib
from typing import Any

from PIL import Image

from thumbapp.imaging.geometry import Box


def _fast_resizer() -> Any:
    """Return the module of the fast resizer, None where it has no wheel or cannot be loaded."""
    try:
        return importlib.import_module("cykooz_resizer")
    except (ImportError, OSError):
        return None


_fast = _fast_resizer()
HAS_FAST_RESIZER: bool = _fast is not None
_FAST_MODES = frozenset({"L", "F", "RGB", "RGBA", "CMYK"})


def resize(image: Image.Image, size: tuple[int, int], *, box: Box, fast: bool = True) -> Image.Image:
    """Return the part *box* of *image* scaled to *size* by a Lanczos filter.

    Colours are weighted by their alpha. *fast* allows the fast resizer.
    """
    left, top = int(box.left), int(box.top)
    if box == Box(left, top, left + size[0], top + size[1]):
        return image.crop((left, top, left + size[0], top + size[1]))
    if fast and HAS_FAST_RESIZER and image.mode in _FAST_MODES:
        return _resize_fast(image, size, box)
    return _resize_by_pillow(image, size, box)


def resize_exactly(image: Image.Image, size: tuple[int, int], *, box: Box) -> Image.Image:
    """Return what `resize` returns, rounded once at the end instead of after each direction.

    Takes about five times as long. Pictures with transparency are scaled as `resize` does it.
    """
    if image.mode == "RGBA":
        return resize(image, size, box=box)
    bands = [resize(band.convert("F"), size, box=box) for band in image.split()]
    rounded = [band.point(lambda value: value * 1 + 0.5).convert("L") for band in bands]
    return Image.merge(image.mode, rounded)


def _resize_fast(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    result = Image.new(image.mode, size)
    options = _fast.ResizeOptions(
        resize_alg=_fast.ResizeAlg.convolution(_fast.FilterType.lanczos3),
        crop_box=_fast.CropBox(box.left, box.top, box.width, box.height),
    )
    _fast.Resizer().resize_pil(image, result, options)
    return result


def _resize_by_pillow(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    # Pillow premultiplies RGBA and LA by itself
    return image.resize(size, Image.Resampling.LANCZOS, box=(box.left, box.top, box.right, box.bottom))

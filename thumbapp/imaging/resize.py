"""Scaling, behind one function: by the fast resizer where it is installed, else by Pillow itself."""

from PIL import Image

from thumbapp.imaging.geometry import Box

try:
    import cykooz_resizer
except ImportError:
    cykooz_resizer = None

HAS_FAST_RESIZER = cykooz_resizer is not None
_FAST_MODES = frozenset({"L", "RGB", "RGBA", "RGBa", "CMYK"})
_ALPHA_MODES = frozenset({"RGBA", "LA"})


def resize(image: Image.Image, size: tuple[int, int], *, box: Box | None = None, fast: bool = True) -> Image.Image:
    """Return the part *box* of *image* (all of it when None) scaled to *size* by a Lanczos filter.

    Colours are weighted by their alpha. *fast* allows the fast resizer.
    """
    box = box or Box(0, 0, image.width, image.height)
    if (box.width, box.height) == size and box.left == int(box.left) and box.top == int(box.top):
        return image.crop((int(box.left), int(box.top), int(box.left) + size[0], int(box.top) + size[1]))
    if fast and HAS_FAST_RESIZER and image.mode in _FAST_MODES:
        return _resize_fast(image, size, box)
    return _resize_by_pillow(image, size, box)


def _resize_fast(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    result = Image.new(image.mode, size)
    options = cykooz_resizer.ResizeOptions(
        resize_alg=cykooz_resizer.ResizeAlg.convolution(cykooz_resizer.FilterType.lanczos3),
        crop_box=cykooz_resizer.CropBox(box.left, box.top, box.width, box.height),
    )
    cykooz_resizer.Resizer().resize_pil(image, result, options)
    return result


def _resize_by_pillow(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    # Pillow premultiplies RGBA and LA by itself
    return image.resize(size, Image.Resampling.LANCZOS, box=(box.left, box.top, box.right, box.bottom))

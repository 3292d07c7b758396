"""From a file to pixels that can be scaled: no larger than needed, whole or refused."""

from PIL import Image, ImageFile

from thumbapp.errors import BrokenPicture, RenderOutOfMemory

ImageFile.LOAD_TRUNCATED_IMAGES = False
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load(picture: Image.Image) -> None:
    """Decode *picture* in place.

    Raises:
        BrokenPicture: its data is cut off or damaged.
        RenderOutOfMemory: there is not enough memory for it.
    """
    try:
        picture.load()
    except MemoryError as error:
        raise RenderOutOfMemory(picture.width * picture.height * 4) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise BrokenPicture(str(error)) from error


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return *image* turned as its EXIF *orientation* says."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def scalable(image: Image.Image) -> Image.Image:
    """Return *image* in a mode that scaling handles: L, RGB, RGBA or CMYK."""
    if image.mode in {"L", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _top_bytes(image)
    if image.mode in {"I", "F"}:
        return image.point(lambda value: value * (1 / 257)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _top_bytes(image: Image.Image) -> Image.Image:
    """Return a 16-bit grey picture as 8 bits."""
    high = 0 if image.mode == "I;16B" else 1
    return Image.frombytes("L", image.size, image.tobytes()[high::2])

"""Pictures made on the spot, what they are compared with, and a short way to render one."""

import math
from pathlib import Path

from PIL import Image

from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition, render


def scene(width: int = 320, height: int = 240) -> Image.Image:
    """Return a colourful picture with soft and hard edges, no two corners alike."""
    image = Image.merge(
        "RGB",
        [
            Image.linear_gradient("L").resize((width, height)),
            Image.linear_gradient("L").rotate(90).resize((width, height)),
            Image.radial_gradient("L").resize((width, height)),
        ],
    )
    image.paste((200, 30, 40), (width // 8, height // 8, width // 3, height // 3))
    image.paste((20, 160, 60), (width // 2, height // 2, width * 7 // 8, height * 2 // 3))
    return image


def exact(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the reference: Lanczos from the whole picture in floating point, rounded once."""
    bands = [band.convert("F").resize(size, Image.Resampling.LANCZOS) for band in image.split()]
    return Image.merge(image.mode, [band.point(lambda value: value * 1 + 0.5).convert("L") for band in bands])


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the root of the mean square difference of two pictures, in levels of 255.

    What is transparent counts as little as it is seen.
    """
    assert one.size == other.size
    seen = [image.convert("RGBA").convert("RGBa") for image in (one, other)]
    pairs = zip(seen[0].tobytes(), seen[1].tobytes(), strict=True)
    return math.sqrt(sum((a - b) ** 2 for a, b in pairs) / (one.width * one.height * 4))


def rendered(
    source: Path, folder: Path, *, sizes: str, limits: Limits | None = None, **options: str | bool
) -> list[Rendition]:
    """Return what rendering *source* into *folder* makes."""
    recipe = Recipe.parse(sizes=sizes, **options)  # type: ignore[arg-type] # parse() checks
    return render(source, recipe, folder=folder, limits=limits or Limits())

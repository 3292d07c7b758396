"""Scaling: both resizers agree, and the exact one is exact."""

import pytest
from PIL import Image

from tests.imaging.scenes import distance, exact, scene
from thumbapp.imaging.geometry import Box
from thumbapp.imaging.resize import HAS_FAST_RESIZER, resize, resize_exactly


def in_mode(mode: str) -> Image.Image:
    image = scene()
    if mode == "RGBA":
        image.putalpha(Image.radial_gradient("L").resize(image.size))
        return image
    return image.convert(mode)


WHOLE = Box(0, 0, 320, 240)


@pytest.mark.skipif(not HAS_FAST_RESIZER, reason="the fast resizer has no wheel here")
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("box", [WHOLE, Box(10.5, 3.25, 300.25, 200.75)], ids=["whole", "part"])
@pytest.mark.parametrize("size", [(100, 75), (33, 17), (400, 300), (1, 1)], ids=str)
def test_both_resizers_make_the_same_picture(mode: str, box: Box, size: tuple[int, int]) -> None:
    image = in_mode(mode)

    fast, slow = (resize(image, size, box=box, fast=fast) for fast in (True, False))

    assert fast.mode == slow.mode == mode
    assert distance(fast, slow) <= 1.5


def test_transparent_pixels_do_not_bleed() -> None:
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((200, 0, 0, 255), (0, 0, 32, 64))

    small = resize(image, (8, 8), box=Box(0, 0, 64, 64))

    assert all(pixel[1] < 8 for pixel in small.get_flattened_data() if pixel[3] > 16)


def test_exact_scaling_rounds_once() -> None:
    image = scene()

    small = resize_exactly(image, (100, 75), box=WHOLE)

    assert distance(small, exact(image, (100, 75))) < 0.1


def test_equal_size_is_a_plain_cut() -> None:
    image = scene()

    part = resize(image, (50, 40), box=Box(7, 9, 57, 49))

    assert part.tobytes() == image.crop((7, 9, 57, 49)).tobytes()

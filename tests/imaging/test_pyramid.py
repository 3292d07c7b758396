"""Which thumbnail is made of which."""

import pytest

from tests.imaging.scenes import scene
from thumbapp.imaging.geometry import Box, Frame, plan
from thumbapp.imaging.pyramid import Source, pictures
from thumbapp.imaging.recipe import Recipe

IMAGE = scene(640, 480)
SOURCE = Source(IMAGE, Box(0, 0, 640, 480), width=640, height=480)


def frames(sizes: str) -> list[Frame]:
    recipe = Recipe.parse(sizes=sizes)
    return [plan(size, recipe, width=640, height=480) for size in recipe.sizes]


@pytest.mark.parametrize(
    ("steps", "stride", "direct"),
    [(1, 1, [True, True, True]), (2, 1, [True, False, False]), (9, 2.5, [True, True, False])],
)
def test_small_ones_are_made_of_larger_ones(steps: int, stride: float, direct: list[bool]) -> None:
    made = list(pictures(SOURCE, frames("320,160,80"), steps=steps, stride=stride))

    assert [image.tobytes() == SOURCE.take(frame).tobytes() for frame, image in made] == direct

"""How large a thumbnail gets and which part of the picture it shows."""

import pytest

from thumbapp.imaging.geometry import Box, plan, unturned
from thumbapp.imaging.recipe import Recipe


def sides(size: str, picture: tuple[int, int], **options: str | bool) -> tuple[int, int]:
    recipe = Recipe.parse(sizes=size, **options)  # type: ignore[arg-type] # parse() checks
    frame = plan(recipe.sizes[0], recipe, width=picture[0], height=picture[1])
    return frame.canvas


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ("128", {}, (128, 96)),
        ("w100", {}, (100, 75)),
        ("h60", {}, (80, 60)),
        ("1000", {}, (400, 300)),
        ("1000", {"enlarge": True}, (1000, 750)),
        ("100x10", {}, (13, 10)),
        ("100", {"fit": "fill"}, (100, 100)),
        ("800x400", {"fit": "fill"}, (400, 200)),
        ("800x400", {"fit": "fill", "enlarge": True}, (800, 400)),
        ("w100", {"fit": "fill"}, (100, 75)),
        ("500x200", {"fit": "pad"}, (500, 200)),
        ("100x200", {"fit": "stretch"}, (100, 200)),
        ("500x200", {"fit": "stretch"}, (400, 200)),
        ("500x600", {"fit": "stretch", "enlarge": True}, (500, 600)),
    ],
)
def test_canvas_of_a_4_to_3_picture(
    size: str, options: dict[str, str | bool], expected: tuple[int, int]
) -> None:
    assert sides(size, (400, 300), **options) == expected


@pytest.mark.parametrize("picture", [(1, 1), (1, 30_000), (30_000, 1), (3, 9_999), (200, 253)])
@pytest.mark.parametrize("fit", ["fit", "fill", "pad", "stretch"])
@pytest.mark.parametrize("enlarge", [False, True])
def test_no_ratio_gives_an_empty_side(picture: tuple[int, int], fit: str, enlarge: bool) -> None:
    assert min(sides("128x64", picture, fit=fit, enlarge=enlarge)) >= 1


def test_rob_gets_the_size_it_always_had() -> None:
    assert sides("128x128", (200, 253)) == (101, 128)


@pytest.mark.parametrize(
    ("gravity", "box"),
    [
        ("center", (50, 0, 350, 300)),
        ("west", (0, 0, 300, 300)),
        ("northwest", (0, 0, 300, 300)),
        ("east", (100, 0, 400, 300)),
        ("southeast", (100, 0, 400, 300)),
        ("north", (50, 0, 350, 300)),
    ],
)
def test_fill_keeps_the_side_of_its_gravity(gravity: str, box: tuple[int, ...]) -> None:
    recipe = Recipe.parse(sizes="100", fit="fill", gravity=gravity)

    frame = plan(recipe.sizes[0], recipe, width=400, height=300)

    assert frame.box == Box(*box)


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, (10, 20, 110, 70)),
        (2, (290, 20, 390, 70)),
        (3, (290, 230, 390, 280)),
        (4, (10, 230, 110, 280)),
        (5, (20, 10, 70, 110)),
        (6, (20, 290, 70, 390)),
        (7, (230, 290, 280, 390)),
        (8, (230, 10, 280, 110)),
    ],
)
def test_part_of_a_turned_picture_is_found(orientation: int, stored: tuple[int, ...]) -> None:
    assert unturned(Box(10, 20, 110, 70), orientation, width=400, height=300) == Box(*stored)

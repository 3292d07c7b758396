"""Where a picture's pixels go: the part that is taken, the size it gets, the canvas it lies on."""

from dataclasses import dataclass

from thumbapp.imaging.recipe import Fit, Gravity, Recipe, Size


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the upright picture, in its pixels, fractions allowed."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    def contains(self, other: "Box") -> bool:
        """Whether *other* lies inside, but for rounding."""
        slack = 1e-6
        return (
            self.left <= other.left + slack
            and self.top <= other.top + slack
            and self.right >= other.right - slack
            and self.bottom >= other.bottom - slack
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One size's plan: scale ``box`` to ``width`` x ``height`` and lay it on ``canvas`` at ``offset``."""

    size: Size
    box: Box
    width: int
    height: int
    canvas: tuple[int, int]
    offset: tuple[int, int]

    @property
    def pixels(self) -> int:
        """Pixels of the scaled part."""
        return self.width * self.height


def plan(size: Size, recipe: Recipe, *, width: int, height: int) -> Frame:
    """Return how *size* is made of an upright picture of *width* x *height* pixels."""
    if size.width is None or size.height is None or recipe.fit is Fit.FIT:
        return _whole(size, _fitted(size, width=width, height=height, enlarge=recipe.enlarge), width, height)
    if recipe.fit is Fit.STRETCH:
        sides = (size.width, size.height)
        return _whole(size, sides if recipe.enlarge else _least(sides, (width, height)), width, height)
    if recipe.fit is Fit.PAD:
        inner = _fitted(size, width=width, height=height, enlarge=recipe.enlarge)
        return _padded(size, inner, (size.width, size.height), recipe.gravity, (width, height))
    return _filled(size, (size.width, size.height), recipe, (width, height))


def _whole(size: Size, sides: tuple[int, int], width: int, height: int) -> Frame:
    return Frame(size, Box(0, 0, width, height), *sides, canvas=sides, offset=(0, 0))


def _least(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return min(one[0], other[0]), min(one[1], other[1])


def _fitted(size: Size, *, width: int, height: int, enlarge: bool) -> tuple[int, int]:
    """Return the largest sides of the picture's ratio within *size*."""
    across = size.width / width if size.width else float("inf")
    down = size.height / height if size.height else float("inf")
    scale = min(across, down)
    if scale > 1 and not enlarge:
        return width, height
    return _side(width * scale, size.width), _side(height * scale, size.height)


def _side(exact: float, limit: int | None) -> int:
    rounded = max(1, int(exact + 0.5))
    return min(rounded, limit) if limit else rounded


def _padded(
    size: Size, inner: tuple[int, int], canvas: tuple[int, int], gravity: Gravity, picture: tuple[int, int]
) -> Frame:
    across, down = gravity.fractions
    offset = (int((canvas[0] - inner[0]) * across), int((canvas[1] - inner[1]) * down))
    return Frame(size, Box(0, 0, *picture), *inner, canvas=canvas, offset=offset)


def _filled(size: Size, sides: tuple[int, int], recipe: Recipe, picture: tuple[int, int]) -> Frame:
    """Return the plan that covers *sides*; unless enlarging, the box shrinks until the picture covers it."""
    scale = max(sides[0] / picture[0], sides[1] / picture[1])
    if scale > 1 and not recipe.enlarge:
        sides = (max(1, int(sides[0] / scale + 0.5)), max(1, int(sides[1] / scale + 0.5)))
        scale = 1.0
    taken = min(sides[0] / scale, picture[0]), min(sides[1] / scale, picture[1])
    across, down = recipe.gravity.fractions
    left, top = (picture[0] - taken[0]) * across, (picture[1] - taken[1]) * down
    return Frame(size, Box(left, top, left + taken[0], top + taken[1]), *sides, canvas=sides, offset=(0, 0))


def unturned(box: Box, orientation: int, *, width: float, height: float) -> Box:
    """Return where *box* of the upright picture lies in the stored one.

    Width and height are those of the upright picture.
    """
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    if orientation in {2, 3, 6, 7}:
        left, right = width - right, width - left
    if orientation in {3, 4, 7, 8}:
        top, bottom = height - bottom, height - top
    return Box(top, left, bottom, right) if orientation >= 5 else Box(left, top, right, bottom)

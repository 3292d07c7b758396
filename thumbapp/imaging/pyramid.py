"""Many sizes of one picture: which is made of which, upright and in sRGB."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from thumbapp.imaging import colour
from thumbapp.imaging.geometry import Box, Frame, unturned
from thumbapp.imaging.resize import resize, resize_exactly

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Decoded pixels as stored: not yet upright, colours as their *profile* means them.

    ``box`` is the part of *image* that holds the picture; width and height are those of the upright
    picture before any draft.
    """

    image: Image.Image
    box: Box
    width: int
    height: int
    orientation: int = 1
    profile: bytes | None = None
    is_exact: bool = False

    def take(self, frame: Frame) -> Image.Image:
        """Return what *frame* shows: scaled, in sRGB, upright."""
        stored = unturned(frame.box, self.orientation, width=self.width, height=self.height)
        turned = self.orientation >= 5
        size = (frame.height, frame.width) if turned else (frame.width, frame.height)
        sides = (self.height, self.width) if turned else (self.width, self.height)
        part = _scaled(stored, (self.box.width / sides[0], self.box.height / sides[1]), self.image)
        scale = resize_exactly if self.is_exact else resize
        return upright(in_srgb(scale(self.image, size, box=part), self.profile), self.orientation)


@dataclass(frozen=True, slots=True)
class _Level:
    """A finished picture that smaller ones can be made of; *box* is what it shows of the whole."""

    image: Image.Image
    box: Box
    generation: int

    @property
    def pixels(self) -> int:
        return self.image.width * self.image.height

    def serves(self, frame: Frame, stride: float) -> bool:
        return (
            self.box.contains(frame.box)
            and self.image.width * frame.box.width >= stride * frame.width * self.box.width
            and self.image.height * frame.box.height >= stride * frame.height * self.box.height
        )

    def take(self, frame: Frame) -> Image.Image:
        moved = Box(
            frame.box.left - self.box.left,
            frame.box.top - self.box.top,
            frame.box.right - self.box.left,
            frame.box.bottom - self.box.top,
        )
        scales = (self.image.width / self.box.width, self.image.height / self.box.height)
        return resize(self.image, (frame.width, frame.height), box=_scaled(moved, scales, self.image))


def pictures(
    source: Source, frames: Sequence[Frame], *, steps: int, stride: float = 1.0
) -> Iterator[tuple[Frame, Image.Image]]:
    """Yield each frame with its picture, the largest first.

    Each is made of the smallest finished one that shows all of it, is *stride* times larger and less than
    *steps* away.
    """
    levels: list[_Level] = []
    for frame in sorted(frames, key=lambda frame: frame.pixels, reverse=True):
        fit = [level for level in levels if level.generation < steps and level.serves(frame, stride)]
        parent = min(fit, key=lambda level: level.pixels, default=None)
        image = parent.take(frame) if parent else source.take(frame)
        levels.append(_Level(image, frame.box, parent.generation + 1 if parent else 1))
        yield frame, image


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return *image* in sRGB; a *profile* that cannot be used is ignored, as the probe's notes say."""
    try:
        return colour.to_srgb(image, profile)
    except colour.BrokenProfile:
        return colour.plain_srgb(image)


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return *image* turned as its EXIF *orientation* says."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _scaled(box: Box, scales: tuple[float, float], image: Image.Image) -> Box:
    """Return *box* in the pixels of *image*, kept inside it against rounding."""
    return Box(
        max(0.0, box.left * scales[0]),
        max(0.0, box.top * scales[1]),
        min(float(image.width), box.right * scales[0]),
        min(float(image.height), box.bottom * scales[1]),
    )

"""Animations: each frame scaled as a still is, and how long it shows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from thumbapp.errors import BrokenPicture
from thumbapp.imaging import decode, pyramid
from thumbapp.imaging.encode import Motion
from thumbapp.imaging.geometry import Box, Frame
from thumbapp.imaging.probe import Probe
from thumbapp.imaging.pyramid import Source

_MOVING = frozenset({"GIF", "PNG", "WEBP"})
_DEFAULT_MS = 100


def moves(format: str) -> bool:
    """Whether several frames of *format* are an animation, not pages."""
    return format in _MOVING


def frames(
    picture: Image.Image, path: Path, found: Probe, plans: Sequence[Frame], *, steps: int
) -> Iterator[tuple[Frame, list[Image.Image], Motion]]:
    """Yield each planned frame with its pictures, one a frame of the animation, and how they play.

    The animation is decoded once; only its thumbnails are kept.

    Raises:
        BrokenPicture: a frame is cut off or damaged.
    """
    if found.format == "PNG":
        decode.check_png_is_whole(path, frames=found.frames + 1)
    scaled: dict[Frame, list[Image.Image]] = {plan: [] for plan in plans}
    durations = []
    # a picture for those who do not know animations is none of its frames
    first = 1 if getattr(picture, "default_image", False) else 0
    for index in range(first, first + found.frames):
        _seek(picture, index)
        durations.append(_duration_ms(picture))
        image = decode.scalable(picture)
        source = Source(
            image.copy() if image is picture else image,
            Box(0, 0, image.width, image.height),
            width=found.width,
            height=found.height,
            orientation=found.turn,
            profile=picture.info.get("icc_profile"),
        )
        for plan, thumbnail in pyramid.pictures(source, plans, steps=steps):
            scaled[plan].append(thumbnail)
    played = Motion(tuple(durations), plays=_plays(picture))
    for plan in sorted(plans, key=lambda plan: plan.pixels, reverse=True):
        yield plan, scaled.pop(plan), played


def _seek(picture: Image.Image, index: int) -> None:
    try:
        picture.seek(index)
    except MemoryError:
        raise
    except Exception as error:
        raise BrokenPicture(f"frame {index + 1}") from error
    decode.load(picture)


def _plays(picture: Image.Image) -> int:
    """Return how often an animation plays, 0 for ever; a GIF tells how often it is repeated, if at all."""
    loop = picture.info.get("loop")
    if picture.format == "GIF":
        return 1 if loop is None else loop + 1 if loop else 0
    return int(loop or 0)


def _duration_ms(picture: Image.Image) -> int:
    value = picture.info.get("duration", _DEFAULT_MS)
    return int(value) if isinstance(value, int | float) and 0 < value < 3_600_000 else _DEFAULT_MS

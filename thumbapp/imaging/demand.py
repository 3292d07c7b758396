"""What one job will take, from the header and the recipe: draft, memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from thumbapp.errors import PictureTooHeavy
from thumbapp.imaging import geometry
from thumbapp.imaging.geometry import Frame
from thumbapp.imaging.limits import Limits, drafts, estimate
from thumbapp.imaging.probe import Probe
from thumbapp.imaging.recipe import Animation, Effort, Recipe
from thumbapp.imaging.resize import HAS_FAST_RESIZER

_OUTPUT_BYTES = 8
# how much larger than the largest thumbnail a drafted picture stays, measured in docs/imaging.md
_LEAST_RATIO = {
    Effort.FAST: 1.0,
    Effort.DEFAULT: 1.9 if HAS_FAST_RESIZER else 1.5,
    Effort.BEST: math.inf,
}
_EXACT_PIXEL_BYTES = 12


@dataclass(frozen=True, slots=True)
class Demand:
    """How a job is done: its frames, how far a JPEG is drafted, the memory that takes."""

    frames: tuple[Frame, ...]
    draft: int
    memory_bytes: int


def plan(found: Probe, recipe: Recipe, *, limits: Limits) -> Demand:
    """Return how the thumbnails of *recipe* are made of the picture *found*.

    Raises:
        PictureTooHeavy: that takes more memory than may be used.
    """
    frames = tuple(
        geometry.plan(size, recipe, width=found.width, height=found.height) for size in recipe.sizes
    )
    results = _result_bytes(frames, found, recipe)
    if recipe.effort is Effort.BEST:
        results += found.header.pixels * _EXACT_PIXEL_BYTES
    needed = 0
    for draft in _possible_drafts(frames, found, effort=recipe.effort):
        needed = estimate(found.header, draft=draft).memory_bytes + results
        if needed <= limits.max_decode_bytes:
            return Demand(frames, draft, needed)
    raise PictureTooHeavy(needed, limits.max_decode_bytes)


def _possible_drafts(frames: Sequence[Frame], found: Probe, *, effort: Effort) -> list[int]:
    """Return the drafts that leave enough pixels, the one to choose first, then what takes less memory."""
    scale = max(max(frame.width / frame.box.width, frame.height / frame.box.height) for frame in frames)
    enough = [draft for draft in sorted(drafts(found.format)) if draft == 1 or draft * scale <= 1]
    good = [draft for draft in enough if draft == 1 or draft * scale * _LEAST_RATIO[effort] <= 1]
    return enough[len(good) - 1 :]


def _result_bytes(frames: Sequence[Frame], found: Probe, recipe: Recipe) -> int:
    pixels = sum(frame.pixels + frame.canvas[0] * frame.canvas[1] for frame in frames)
    pictures = found.frames if recipe.animation is Animation.ALL else 1
    return pixels * _OUTPUT_BYTES * pictures // 2

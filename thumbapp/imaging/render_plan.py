"""How one job is done, by the header and the recipe: frames, draft, memory."""

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
# how much larger than the largest thumbnail a drafted picture stays, by draft: so every photograph keeps
# 52 dB; measured by python -m benchmarks.thumbnails
_PLAIN = {2: 1.9, 4: 2.9, 8: 6.0}
_BUSY = {2: 2.9, 4: 4.0, 8: 8.0}
_BUSY_DETAIL = 1.3
# bringing such colours to sRGB spreads them, and their errors
_BUSY_DETAIL_OF_WIDE_COLOURS = 1.2
# a smaller one that is busy or of wide colours is soon decoded in full
_SMALL_PIXELS = 8_000_000
_RATIO_WITHOUT_FAST_RESIZER = 1.5
# for fast: nowhere below what sharp makes, which decodes as far at nearly the same ratios
_FAST = {2: 1.5, 4: 1.4, 8: 1.4}
# scaling in steps rounds at each: how many keep the promise of 52 dB depends on the texture; Pillow's own
# resizer is too slow for anything but the shortest way
_ANY_STEPS, _PLAIN_STEPS, _BUSY_STEPS = 100, 3, 2
_FAST_STEPS = 3
# at its hard edges a filter overshoots, and what was cut off there is missing in the next step
_BLACK_AND_WHITE = "1"
# the smoother a picture, the more of its error is rounding: fast then takes no step shorter than this
_SMOOTH_DETAIL, _SMOOTH_STRIDE = 0.5, 2.5
_EXACT_PIXEL_BYTES = 12


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """How a job is done: its frames, how far a JPEG is drafted, the memory that takes.

    ``steps`` is the most that a thumbnail may be away from the original, each made of the one before,
    which is at least ``stride`` times larger.
    """

    frames: tuple[Frame, ...]
    draft: int
    memory_bytes: int
    steps: int
    stride: float = 1.0


def plan_render(found: Probe, recipe: Recipe, *, limits: Limits) -> RenderPlan:
    """Return how the thumbnails of *recipe* are made of the picture *found*.

    Raises:
        PictureTooHeavy: that takes more memory than may be used.
    """
    frames = tuple(
        geometry.plan(size, recipe, width=found.width, height=found.height) for size in recipe.sizes
    )
    results = _result_bytes(frames, found, recipe)
    exact = found.header.pixels * _EXACT_PIXEL_BYTES if recipe.effort is Effort.BEST else 0
    needed = 0
    for draft in _possible_drafts(frames, found, effort=recipe.effort):
        needed = estimate(found.header, draft=draft).memory_bytes + results + exact // draft**2
        if needed <= limits.max_decode_bytes:
            return RenderPlan(
                frames, draft, needed, _steps(found, recipe.effort), _stride(found, recipe.effort)
            )
    raise PictureTooHeavy(needed, limits.max_decode_bytes)


def _possible_drafts(frames: Sequence[Frame], found: Probe, *, effort: Effort) -> list[int]:
    """Return the drafts that leave enough pixels, the one to choose first, then what takes less memory."""
    scale = max(max(frame.width / frame.box.width, frame.height / frame.box.height) for frame in frames)
    enough = [draft for draft in sorted(drafts(found.format)) if draft == 1 or draft * scale <= 1]
    good = [
        draft for draft in enough if draft == 1 or draft * scale * _least_ratio(draft, found, effort) <= 1
    ]
    return enough[len(good) - 1 :]


def _least_ratio(draft: int, found: Probe, effort: Effort) -> float:
    """Return how much larger than the largest thumbnail a picture drafted so far has to be."""
    match effort:
        case Effort.FAST:
            return _FAST[draft]
        case Effort.BEST:
            return math.inf
    if not HAS_FAST_RESIZER:
        return _RATIO_WITHOUT_FAST_RESIZER
    is_small = found.header.pixels < _SMALL_PIXELS
    is_wide = bool(found.profile) and "srgb" not in found.profile.lower()
    busy_detail = _BUSY_DETAIL_OF_WIDE_COLOURS if is_wide else _BUSY_DETAIL
    if found.header.detail <= busy_detail and not (is_wide and is_small):
        return _PLAIN[draft]
    return math.inf if is_small else _BUSY[draft]


def _steps(found: Probe, effort: Effort) -> int:
    if effort is Effort.BEST:
        return 1
    if not HAS_FAST_RESIZER:
        return _ANY_STEPS
    if effort is Effort.FAST:
        return _FAST_STEPS
    if found.mode == _BLACK_AND_WHITE:
        return 1
    is_plain = found.format == "JPEG" and found.header.detail <= _BUSY_DETAIL
    return _PLAIN_STEPS if is_plain else _BUSY_STEPS


def _stride(found: Probe, effort: Effort) -> float:
    is_smooth = found.format == "JPEG" and found.header.detail < _SMOOTH_DETAIL
    return _SMOOTH_STRIDE if effort is Effort.FAST and is_smooth and HAS_FAST_RESIZER else 1.0


def _result_bytes(frames: Sequence[Frame], found: Probe, recipe: Recipe) -> int:
    pixels = sum(frame.pixels + frame.canvas[0] * frame.canvas[1] for frame in frames)
    pictures = found.frames if recipe.animation is Animation.ALL else 1
    return pixels * _OUTPUT_BYTES * pictures // 2

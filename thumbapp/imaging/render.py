"""One picture in, its thumbnails out as files in a folder; each is whole or not there."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from thumbapp.imaging import colour, decode, encode, motion, pyramid
from thumbapp.imaging.credit import Credit, read_credit
from thumbapp.imaging.encode import Motion, Target
from thumbapp.imaging.geometry import Frame
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import Probe, opened, read_exif
from thumbapp.imaging.pyramid import Source
from thumbapp.imaging.recipe import Animation, Effort, Metadata, Recipe, Size
from thumbapp.imaging.render_plan import RenderPlan, plan_render


@dataclass(frozen=True, slots=True)
class Rendition:
    """One finished thumbnail; ``file`` is its name in the folder, width and height are pixels."""

    size: Size
    file: str
    width: int
    height: int
    bytes: int
    format: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What goes along with the pixels."""

    credit: Credit | None = None
    profile: bytes | None = None
    motion: Motion | None = None


def render(
    source: Path,
    recipe: Recipe,
    *,
    folder: Path,
    limits: Limits,
    on_plan: Callable[[RenderPlan], None] = lambda plan: None,
    on_rendition: Callable[[Rendition], None] = lambda rendition: None,
) -> list[Rendition]:
    """Return the thumbnails made of the picture at *source*, in the order of the recipe's sizes.

    Before anything is decoded *on_plan* hears what that takes. Each thumbnail is written to *folder*
    under a temporary name and renamed, then reported.

    Raises:
        UploadRefused: one of its family, for a file that cannot be read or would cost too much.
        MemoryError: memory ran out.
    """
    made: dict[Size, Rendition] = {}
    with opened(source, limits=limits) as (picture, found):
        plan = plan_render(found, recipe, limits=limits)
        kind = encode.target(recipe, found.format)
        for frame in plan.frames:
            kind.check(*frame.canvas)
        on_plan(plan)
        for frame, images, kept in _finished(picture, source, found, recipe, plan, kind):
            laid = [_on_canvas(image, frame, recipe) for image in images]
            content = encode.encode(
                laid, kind, recipe, credit=kept.credit, profile=kept.profile, motion=kept.motion
            )
            made[frame.size] = rendition = _store(content, frame, kind, folder)
            on_rendition(rendition)
    return [made[size] for size in recipe.sizes]


Finished = Iterator[tuple[Frame, list[Image.Image], _Kept]]


def _finished(
    picture: Image.Image, path: Path, found: Probe, recipe: Recipe, plan: RenderPlan, kind: Target
) -> Finished:
    """Yield each frame with its pictures, several when it moves, and what goes along."""
    credit = read_credit(picture, read_exif(picture)) if recipe.metadata is Metadata.CREDIT else None
    if recipe.animation is Animation.ALL and kind.moves and found.frames > 1 and motion.moves(found.format):
        frames = motion.frames(picture, path, found, plan.frames, steps=plan.steps)
        for frame, images, played in frames:
            yield frame, images, _Kept(credit, None, played)
        return
    profile = picture.info.get("icc_profile")
    image, box = decode.decoded(picture, path, draft=plan.draft)
    keeps = recipe.metadata is Metadata.CREDIT and _can_keep(profile, image.mode, kind)
    meaning = None if keeps else profile
    exact = recipe.effort is Effort.BEST
    source = Source(
        # colours beyond sRGB are cut off; before scaling that is as a screen does it, but dear
        pyramid.in_srgb(image, meaning) if exact else image,
        box,
        width=found.width,
        height=found.height,
        orientation=found.turn,
        profile=None if exact else meaning,
        is_exact=exact,
    )
    for frame, thumbnail in pyramid.pictures(source, plan.frames, steps=plan.steps, stride=plan.stride):
        yield frame, [thumbnail], _Kept(credit, profile if keeps else None)


def _can_keep(profile: bytes | None, mode: str, kind: Target) -> bool:
    """Whether thumbnails can carry the original's *profile* and so keep its numbers."""
    try:
        return (
            profile is not None and kind is not encode.GIF and mode != "CMYK" and colour.fits(profile, mode)
        )
    except colour.BrokenProfile:
        return False


def _on_canvas(image: Image.Image, frame: Frame, recipe: Recipe) -> Image.Image:
    if frame.canvas == image.size:
        return image
    canvas = Image.new("RGB", frame.canvas, recipe.background)
    canvas.paste(image, frame.offset, image if image.mode == "RGBA" else None)
    return canvas


def _store(content: bytes, frame: Frame, kind: Target, folder: Path) -> Rendition:
    file = f"{frame.size}.{kind.extension}"
    temporary = folder / f".{file}.tmp"
    temporary.write_bytes(content)
    temporary.replace(folder / file)
    return Rendition(
        size=frame.size,
        file=file,
        width=frame.canvas[0],
        height=frame.canvas[1],
        bytes=len(content),
        format=kind.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )

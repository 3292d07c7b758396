"""From pixels to the bytes of a thumbnail."""

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from thumbapp.errors import ThumbnailTooLarge
from thumbapp.imaging.credit import Credit
from thumbapp.imaging.recipe import Effort, Format, Recipe

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo


@dataclass(frozen=True, slots=True)
class Target:
    """A format that is written: Pillow's word, ours, the extension, and what it can hold."""

    pillow: str
    name: str
    extension: str
    quality: int = 0
    has_alpha: bool = True
    moves: bool = True
    longest_side: int = sys.maxsize
    effort: Mapping[Effort, Mapping[str, int]] = field(default_factory=dict)

    def check(self, width: int, height: int) -> None:
        """Refuse what has more pixels a side than the format holds.

        Raises:
            ThumbnailTooLarge: it has.
        """
        if max(width, height) > self.longest_side:
            raise ThumbnailTooLarge(width, height, format=self.name, limit=self.longest_side)


@dataclass(frozen=True, slots=True)
class Motion:
    """How an animation plays: each frame's time, and how often (0: for ever)."""

    durations_ms: tuple[int, ...]
    plays: int = 0


def _efforts(option: str, fast: int, default: int, best: int) -> dict[Effort, dict[str, int]]:
    return {Effort.FAST: {option: fast}, Effort.DEFAULT: {option: default}, Effort.BEST: {option: best}}


JPEG = Target("JPEG", "jpeg", "jpg", quality=80, has_alpha=False, moves=False, longest_side=65_500)
PNG = Target("PNG", "png", "png", effort=_efforts("compress_level", 1, 1, 6))
WEBP = Target("WEBP", "webp", "webp", quality=80, longest_side=16_383, effort=_efforts("method", 0, 2, 4))
AVIF = Target("AVIF", "avif", "avif", quality=60, longest_side=32_768, effort=_efforts("speed", 10, 9, 6))
GIF = Target("GIF", "gif", "gif", longest_side=65_535)
_KEPT = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP, "AVIF": AVIF, "GIF": GIF, "HEIF": JPEG}
_MOST_PLAYS = 65_535
_NEEDED_INFO = ("transparency",)
_ASKED = {Format.JPEG: JPEG, Format.PNG: PNG, Format.WEBP: WEBP, Format.AVIF: AVIF}


def target(recipe: Recipe, source_format: str) -> Target:
    """Return what is written for a picture of *source_format*; what browsers do not show becomes PNG."""
    return _ASKED.get(recipe.format) or _KEPT.get(source_format, PNG)


def encode(
    images: Sequence[Image.Image],
    kind: Target,
    recipe: Recipe,
    *,
    credit: Credit | None = None,
    profile: bytes | None = None,
    motion: Motion | None = None,
) -> bytes:
    """Return *images* as the bytes of one file: a still, or an animation when *motion* is given."""
    stream = io.BytesIO()
    options = _options(kind, recipe) | _metadata(kind, credit, profile)
    frames = images if kind.has_alpha else [flatten(image, recipe.background) for image in images]
    if motion is not None and len(frames) > 1:
        options |= {"save_all": True, "append_images": list(frames[1:])}
        options |= {"duration": list(motion.durations_ms)}
        options |= _plays(kind, motion.plays)
        options |= {"disposal": 2} if kind is GIF else {}
    for frame in frames:
        # Pillow writes comments and more that it read along with a picture, if nothing was scaled
        frame.info = {name: frame.info[name] for name in _NEEDED_INFO if name in frame.info}
    frames[0].save(stream, kind.pillow, **options)
    return stream.getvalue()


def _plays(kind: Target, plays: int) -> dict[str, int]:
    """Return how *kind* says that an animation plays so often: a GIF counts the repetitions."""
    if kind is not GIF:
        return {"loop": min(plays, _MOST_PLAYS)}
    return {} if plays == 1 else {"loop": min(max(plays - 1, 0), _MOST_PLAYS)}


def flatten(image: Image.Image, background: str) -> Image.Image:
    """Return *image* without transparency, laid on *background*."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _options(kind: Target, recipe: Recipe) -> dict[str, object]:
    options: dict[str, object] = dict(kind.effort.get(recipe.effort, {}))
    if kind.quality:
        options["quality"] = recipe.quality or kind.quality
    if kind is AVIF:
        # the workers already use every core
        options["max_threads"] = 1
    return options


def _metadata(kind: Target, credit: Credit | None, profile: bytes | None) -> dict[str, object]:
    if kind is GIF:
        return {}
    packet = credit.xmp() if credit else b""
    parts: dict[str, object] = {"icc_profile": profile, "exif": credit and credit.exif()}
    parts |= {"pnginfo": packet and _png_text(packet)} if kind is PNG else {"xmp": packet}
    return {name: part for name, part in parts.items() if part}


def _png_text(packet: bytes) -> "PngInfo":
    """Return an XMP *packet* as a PNG holds it."""
    from PIL.PngImagePlugin import PngInfo  # what starts here imports little

    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", packet.decode())
    return texts

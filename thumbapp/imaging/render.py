"""One picture in, its thumbnails out as files in a folder; each is whole or not there."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from thumbapp.imaging import decode, encode, geometry
from thumbapp.imaging.geometry import Box, Frame
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import Probe, open_picture, read_header
from thumbapp.imaging.recipe import Recipe, Size
from thumbapp.imaging.resize import resize


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
class _Level:
    """A picture that smaller ones can be made of, and which part of the original it shows."""

    image: Image.Image
    box: Box

    @property
    def pixels(self) -> int:
        return self.image.width * self.image.height

    def serves(self, frame: Frame) -> bool:
        return (
            self.box.contains(frame.box)
            and self.image.width * frame.box.width >= frame.width * self.box.width
            and self.image.height * frame.box.height >= frame.height * self.box.height
        )

    def part(self, box: Box) -> Box:
        across, down = self.image.width / self.box.width, self.image.height / self.box.height
        return Box(
            max(0.0, (box.left - self.box.left) * across),
            max(0.0, (box.top - self.box.top) * down),
            min(float(self.image.width), (box.right - self.box.left) * across),
            min(float(self.image.height), (box.bottom - self.box.top) * down),
        )


def render(
    source: Path,
    recipe: Recipe,
    *,
    folder: Path,
    limits: Limits,
    on_rendition: Callable[[Rendition], None] = lambda rendition: None,
) -> list[Rendition]:
    """Return the thumbnails made of the picture at *source*, in the order of the recipe's sizes.

    Each is written to *folder* under a temporary name and renamed, then reported.

    Raises:
        UploadRefused: one of its family, for a file that cannot be read or would cost too much.
        RenderOutOfMemory: memory ran out.
    """
    limits.check_bytes(source.stat().st_size)
    with open_picture(source) as picture:
        header = read_header(picture, source, file_bytes=source.stat().st_size, limits=limits)
        frames = [geometry.plan(size, recipe, width=header.width, height=header.height) for size in recipe.sizes]
        _draft(picture, header, frames)
        decode.load(picture)
        image = decode.upright(decode.scalable(picture), header.orientation)
    kind = encode.target(recipe, header.format)
    made: dict[Size, Rendition] = {}
    root = _Level(image, Box(0, 0, header.width, header.height))
    for frame, thumbnail in cascade(root, frames):
        content = encode.encode(_on_canvas(thumbnail, frame, recipe), kind, recipe)
        made[frame.size] = rendition = _store(content, frame, kind, folder)
        on_rendition(rendition)
    return [made[size] for size in recipe.sizes]


def _draft(picture: Image.Image, header: Probe, frames: Sequence[Frame]) -> None:
    """Let a JPEG decoder scale down, to no less than twice the largest thumbnail."""
    across = max(frame.width / frame.box.width for frame in frames)
    down = max(frame.height / frame.box.height for frame in frames)
    scale = min(1.0, 1.9 * max(across, down))
    picture.draft(None, (int(picture.width * scale), int(picture.height * scale)))


def cascade(root: _Level, frames: Sequence[Frame]) -> Iterator[tuple[Frame, Image.Image]]:
    """Yield each frame's picture, the largest first; each is made of the smallest that serves."""
    levels = [root]
    for frame in sorted(frames, key=lambda frame: frame.pixels, reverse=True):
        parent = min((level for level in levels if level.serves(frame)), key=lambda level: level.pixels, default=root)
        image = resize(parent.image, (frame.width, frame.height), box=parent.part(frame.box))
        levels.append(_Level(image, frame.box))
        yield frame, image


def _on_canvas(image: Image.Image, frame: Frame, recipe: Recipe) -> Image.Image:
    if frame.canvas == image.size:
        return image
    canvas = Image.new("RGB", frame.canvas, recipe.background)
    canvas.paste(image, frame.offset, image if image.mode == "RGBA" else None)
    return canvas


def _store(content: bytes, frame: Frame, kind: encode.Target, folder: Path) -> Rendition:
    file = f"{frame.size}.{kind.extension}"
    temporary = folder / f".{file}.tmp"
    temporary.write_bytes(content)
    os.replace(temporary, folder / file)
    return Rendition(
        size=frame.size,
        file=file,
        width=frame.canvas[0],
        height=frame.canvas[1],
        bytes=len(content),
        format=kind.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )

"""What a file is, read from its header alone; nothing is decoded."""

import importlib
import importlib.util
import mmap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from PIL import ExifTags, Image, UnidentifiedImageError

from thumbapp.errors import BrokenPicture, NotAPicture
from thumbapp.imaging import colour, containers, png
from thumbapp.imaging.limits import Header, Limits
from thumbapp.imaging.survey import MOST_EXIF_BYTES, Survey

# our own limits judge each header; Pillow's would warn or refuse on its own account
Image.MAX_IMAGE_PIXELS = None
# a stranger's file can make its readers warn a thousand times
warnings.filterwarnings("ignore", module=r"PIL\.")
_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "GIF": "GifImagePlugin",
    "WEBP": "WebPImagePlugin",
    "BMP": "BmpImagePlugin",
    "TIFF": "TiffImagePlugin",
    "AVIF": "AvifImagePlugin",
}


_TURNED_BY_DECODER = frozenset({"TIFF", "HEIF"})


_SPELLING: Final = {"WEBP": "WebP", "HEIF": "HEIC"}


@dataclass(frozen=True, slots=True)
class Probe:
    """A picture's header; width and height are pixels after EXIF rotation.

    ``format`` is Pillow's word (``JPEG``, ``PNG``); ``orientation`` is what the file says and ``turn`` what
    is left to do after decoding, for some decoders turn the picture themselves; ``profile`` names the
    colour profile, "" for none; ``notes`` are sentences about what was found odd and ignored;
    ``decode_bytes`` and ``decode_s`` are the least that decoding is expected to take.
    """

    format: str
    width: int
    height: int
    mode: str
    frames: int
    orientation: int
    profile: str
    decode_bytes: int
    decode_s: float
    file_bytes: int
    header: Header
    turn: int = 1
    notes: tuple[str, ...] = ()


@cache
def readable_formats() -> tuple[str, ...]:
    """Return the formats that are read here, in Pillow's words; HEIF where its extra is installed."""
    heif = ("HEIF",) if importlib.util.find_spec("pillow_heif") else ()
    return (*_PLUGINS, *heif)


def format_names() -> tuple[str, ...]:
    """Return the formats that are read here as people write them."""
    return tuple(_SPELLING.get(name, name) for name in readable_formats())


def probe(path: Path, *, limits: Limits) -> Probe:
    """Return what the file at *path* is.

    Raises:
        UploadRefused: one of its family: empty, too large, no picture, damaged, or too costly to decode.
    """
    with opened(path, limits=limits) as (_, found):
        return found


@contextmanager
def opened(path: Path, *, limits: Limits) -> Iterator[tuple[Image.Image, Probe]]:
    """Open the picture at *path* inside the block, with its header read and judged.

    Raises:
        UploadRefused: one of its family, as for `probe`.
    """
    file_bytes = path.stat().st_size
    limits.check_bytes(file_bytes)
    with containers.mapped(path) as content:
        survey = _survey(content, limits=limits)
    with _open(path, survey.format) as picture:
        yield picture, _describe(picture, survey, file_bytes=file_bytes, limits=limits)


def _survey(content: mmap.mmap, *, limits: Limits) -> Survey:
    survey = containers.survey(content, most_frames=limits.max_frames)
    if survey is None or survey.format not in readable_formats():
        raise NotAPicture(format_names())
    if survey.format != "TIFF":
        limits.check_frames(survey.frames)
    if survey.size is not None:
        header = Header(survey.format, *survey.size, mode="RGB", frames=survey.frames)
        limits.check(header)
    return survey


def _open(path: Path, format: str) -> Image.Image:
    load_plugin(format)
    try:
        picture = Image.open(path, formats=(format,))
    except MemoryError:
        raise
    except UnidentifiedImageError as error:
        if format == "BMP":
            raise NotAPicture(format_names()) from error
        raise BrokenPicture("its header, or it is of a rare kind") from error
    except Exception as error:
        raise BrokenPicture(str(error)) from error
    if format == "PNG":
        png.set_transparency(picture)
    return picture


@cache
def load_plugin(format: str) -> None:
    """Import the reader of *format* alone; Pillow would import all it has."""
    if format == "HEIF":
        importlib.import_module("pillow_heif").register_heif_opener()
        return
    plugin: Any = importlib.import_module(f"PIL.{_PLUGINS[format]}")
    if format == "PNG":
        # else a picture with a profile as printers have them would count as broken
        plugin.MAX_TEXT_CHUNK = colour.MOST_PROFILE_BYTES
    if format == "AVIF":
        # each worker has its own picture; threads would only get in each other's way
        plugin.DEFAULT_MAX_THREADS = 1


def _describe(picture: Image.Image, survey: Survey, *, file_bytes: int, limits: Limits) -> Probe:
    header = Header(
        format=survey.format,
        width=picture.width,
        height=picture.height,
        mode=picture.mode,
        frames=getattr(picture, "n_frames", 1) if survey.format == "AVIF" else survey.frames,
        scans=survey.scans,
        coefficient_bytes=survey.coefficient_bytes,
        detail=survey.detail,
    )
    cost = limits.check(header)
    orientation = _orientation(picture, survey)
    profile, notes = _profile(picture)
    turn = 1 if survey.format in _TURNED_BY_DECODER else orientation
    sides = (header.height, header.width) if turn >= 5 else (header.width, header.height)
    return Probe(
        format=survey.format,
        width=sides[0],
        height=sides[1],
        mode=header.mode,
        frames=header.frames,
        orientation=orientation,
        profile=profile,
        decode_bytes=cost.memory_bytes,
        decode_s=cost.seconds,
        file_bytes=file_bytes,
        header=header,
        turn=turn,
        notes=notes,
    )


def _orientation(picture: Image.Image, survey: Survey) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    value = picture.info.get("original_orientation")
    value = value or read_exif(picture, survey.exif).get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_exif(picture: Image.Image, elsewhere: bytes = b"") -> Image.Exif:
    """Return the EXIF block of *picture*, empty where there is none or it cannot be read."""
    exif = Image.Exif()
    if len(picture.info.get("exif") or b"") > MOST_EXIF_BYTES:
        return exif
    try:
        if elsewhere:
            exif.load(elsewhere)
            return exif
        # a PNG's own getexif() decodes the picture to look behind it
        return Image.Image.getexif(picture)
    except Exception:  # noqa: BLE001 - hostile metadata may raise anything, and is not worth a refusal
        return exif


def _profile(picture: Image.Image) -> tuple[str, tuple[str, ...]]:
    profile = picture.info.get("icc_profile")
    if not profile:
        return "", ()
    try:
        name = colour.profile_name(profile)
        if colour.fits(profile, picture.mode):
            return name, ()
        return "", (f"The colour profile {name!r} is not for {picture.mode} pixels and was ignored.",)
    except colour.BrokenProfile:
        return "", ("The colour profile is broken and was ignored.",)

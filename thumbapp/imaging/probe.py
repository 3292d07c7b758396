"""What a file is, read from its header alone; nothing is decoded."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from thumbapp.errors import BrokenPicture, EmptyFile, NotAPicture
from thumbapp.imaging import containers
from thumbapp.imaging.limits import Header, Limits

EXIF_ORIENTATION = 0x0112
_COUNTERS = {
    "GIF": containers.count_gif_frames,
    "PNG": containers.count_png_frames,
    "WEBP": containers.count_webp_frames,
    "TIFF": containers.count_tiff_pages,
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A picture's header; width and height are pixels after EXIF rotation.

    ``format`` is Pillow's word (``JPEG``, ``PNG``); ``profile`` names the colour profile, "" for none;
    ``decode_bytes`` and ``decode_s`` are what decoding is expected to take.
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

    @property
    def is_turned(self) -> bool:
        """Whether rotation swaps the stored width and height."""
        return self.orientation >= 5


def readable_formats() -> tuple[str, ...]:
    """Return the formats that are read here, in Pillow's words."""
    return ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")


def probe(path: Path, *, limits: Limits) -> Probe:
    """Return what the file at *path* is.

    Raises:
        UploadRefused: one of its family: empty, too large, no picture, damaged, or too costly to decode.
    """
    file_bytes = path.stat().st_size
    if not file_bytes:
        raise EmptyFile
    limits.check_bytes(file_bytes)
    with open_picture(path) as picture:
        return read_header(picture, path, file_bytes=file_bytes, limits=limits)


def open_picture(path: Path) -> Image.Image:
    """Return the picture at *path* with its header read; the caller closes it.

    Raises:
        NotAPicture: the content is of no format we read.
        BrokenPicture: it begins as one and its header cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(path, formats=readable_formats())
    except UnidentifiedImageError as error:
        raise NotAPicture(readable_formats()) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise BrokenPicture(str(error)) from error


def read_header(picture: Image.Image, path: Path, *, file_bytes: int, limits: Limits) -> Probe:
    """Return what *picture*, opened from *path*, is; refuses what would cost too much."""
    kind = "JPEG" if picture.format == "MPO" else str(picture.format)
    layout = containers.jpeg_layout(path) if kind == "JPEG" else containers.JpegLayout(1, False)
    counter = _COUNTERS.get(kind)
    frames = counter(path.read_bytes(), limit=limits.max_frames + 1) if counter else 1
    header = Header(
        format=kind,
        width=picture.width,
        height=picture.height,
        file_bytes=file_bytes,
        frames=frames,
        scans=layout.scans,
        buffered=layout.is_buffered,
        channels=len(picture.getbands()),
    )
    cost = limits.check(header)
    orientation = read_orientation(picture)
    turned = orientation >= 5
    return Probe(
        format=kind,
        width=picture.height if turned else picture.width,
        height=picture.width if turned else picture.height,
        mode=picture.mode,
        frames=frames,
        orientation=orientation,
        profile="",
        decode_bytes=cost.memory_bytes,
        decode_s=cost.seconds,
        file_bytes=file_bytes,
    )


def read_orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        value = picture.getexif().get(EXIF_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1

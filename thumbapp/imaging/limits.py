"""What a picture may cost, judged from its header alone: bytes, pixels, memory, time.

One model for every guard. Figures are measured with ``python -m benchmarks.imaging_costs``.
"""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from thumbapp.errors import (
    FileTooLarge,
    PictureTooHeavy,
    PictureTooSlow,
    TooManyFrames,
    TooManyPixels,
    TooManyScans,
)

if TYPE_CHECKING:
    from thumbapp.config import Settings

MEGA = 10**6
# of several pages only the first is read, so their number does not matter
_PAGED = frozenset({"TIFF", "HEIF"})


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's header promises; sides as stored, before any rotation.

    ``coefficient_bytes`` are those a pixel that a JPEG of several scans keeps; 0 for all others.
    ``detail`` are the bits that a JPEG takes a pixel, as if it had been saved with quality 90.
    """

    format: str
    width: int
    height: int
    mode: str
    frames: int = 1
    scans: int = 1
    coefficient_bytes: float = 0.0
    detail: float = 0.0

    @property
    def pixels(self) -> int:
        """Pixels of one frame."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Cost:
    """What decoding is expected to take."""

    memory_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one picture may cost; `sys.maxsize` means no limit."""

    max_bytes: int = 50 * MEGA
    max_pixels: int = 250 * MEGA
    max_decode_bytes: int = 512 * MEGA
    max_seconds: float = 60.0
    max_frames: int = 1_000
    max_frame_pixels: int = 1_000 * MEGA
    max_scan_pixels: int = 2_000 * MEGA

    @classmethod
    def from_settings(cls, settings: "Settings") -> Self:
        """Return the limits that the settings ask for; a setting of 0 switches its limit off."""
        return cls(
            max_bytes=settings.max_upload_bytes or sys.maxsize,
            max_pixels=settings.max_pixels or sys.maxsize,
            max_decode_bytes=settings.max_decode_mb * MEGA or sys.maxsize,
            max_seconds=float(settings.job_timeout or sys.maxsize),
        )

    def check_bytes(self, file_bytes: int) -> None:
        """Refuse a file of more bytes than are read.

        Raises:
            FileTooLarge: it has.
        """
        if file_bytes > self.max_bytes:
            raise FileTooLarge(self.max_bytes)

    def check(self, header: Header) -> Cost:
        """Return what decoding the picture will cost.

        Raises:
            TooManyPixels, TooManyScans, TooManyFrames, PictureTooHeavy, PictureTooSlow: more than it may.
        """
        if header.pixels > self.max_pixels:
            raise TooManyPixels(header.pixels, self.max_pixels)
        if header.scans > 1 and header.scans * header.pixels > self.max_scan_pixels:
            raise TooManyScans(header.scans)
        if header.format not in _PAGED:
            self.check_frames(header.frames, pixels=header.pixels)
        cost = estimate(header, draft=drafts(header.format)[0])
        if cost.memory_bytes > self.max_decode_bytes:
            raise PictureTooHeavy(cost.memory_bytes, self.max_decode_bytes)
        if cost.seconds > self.max_seconds:
            raise PictureTooSlow(cost.seconds, self.max_seconds)
        return cost

    def check_frames(self, frames: int, *, pixels: int = 1) -> None:
        """Refuse an animation of more frames, or of more with so many pixels each, than are read.

        Raises:
            TooManyFrames: it has.
        """
        allowed = max(1, min(self.max_frames, self.max_frame_pixels // max(pixels, 1)))
        if frames > allowed:
            raise TooManyFrames(frames, allowed)


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a format's decoder takes for one pixel: bytes besides the pixel itself, nanoseconds."""

    bytes: float
    ns: float


_RATES = {
    "JPEG": _Rate(0, 15),
    "PNG": _Rate(0, 30),
    "GIF": _Rate(4, 30),
    "WEBP": _Rate(12, 40),
    "AVIF": _Rate(8, 80),
    "HEIF": _Rate(8, 80),
    "BMP": _Rate(0, 10),
    "TIFF": _Rate(6, 30),
}
# the pixel as decoded, and what making it fit for scaling adds: a premultiplied copy, a conversion
_PIXEL_BYTES = {"1": 2, "L": 1, "P": 9, "PA": 12, "LA": 12, "RGBA": 8, "I": 6, "F": 6}
_DEEP_PIXEL_BYTES = 6
_SCAN_NS = 10
_BASE_BYTES = 8 * MEGA
LARGEST_DRAFT = 8


def estimate(header: Header, *, draft: int = 1) -> Cost:
    """Return what decoding takes, from a measured rate for each format.

    *draft* is how many times smaller a JPEG comes out of its decoder. A baseline one never lies in
    memory larger than that; a progressive one keeps all its coefficients whatever its draft.
    """
    rate = _RATES[header.format]
    deep = header.mode.startswith("I;16")
    pixel_bytes = (_DEEP_PIXEL_BYTES if deep else _PIXEL_BYTES.get(header.mode, 4)) / draft**2
    nanoseconds = header.pixels * (rate.ns + _SCAN_NS * (header.scans - 1))
    return Cost(
        memory_bytes=_BASE_BYTES
        + round(header.pixels * (rate.bytes + header.coefficient_bytes + pixel_bytes)),
        seconds=nanoseconds / 1e9,
    )


def drafts(format: str) -> tuple[int, ...]:
    """Return how many times smaller a decoder can make its picture, the largest first."""
    return (LARGEST_DRAFT, 4, 2, 1) if format == "JPEG" else (1,)

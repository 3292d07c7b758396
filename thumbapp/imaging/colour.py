"""Colour profiles: what they are called, and bringing pixels to sRGB."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

MOST_PROFILE_BYTES = 4 * 2**20
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_GREY = frozenset({"1", "L", "I", "F", "I;16", "I;16B"})
_COLOURED = frozenset({"RGB", "RGBA", "P", "PA"})
_MODES = {"RGB ": _GREY | _COLOURED, "GRAY": _GREY, "CMYK": frozenset({"CMYK"})}


class BrokenProfile(Exception):
    """The profile cannot be read, or is not meant for such pixels."""


def profile_name(profile: bytes) -> str:
    """Return what *profile* calls itself.

    Raises:
        BrokenProfile: it cannot be read.
    """
    try:
        name = ImageCms.getProfileDescription(_opened(profile))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError) as error:
        raise BrokenProfile(str(error)) from error
    return "".join(filter(str.isprintable, name)).strip()[:100] or "unnamed"


def fits(profile: bytes, mode: str) -> bool:
    """Whether *profile* describes pixels of *mode*; one for RGB also tells what grey means."""
    try:
        return mode in _MODES.get(_opened(profile).profile.xcolor_space, ())
    except (OSError, ValueError, TypeError) as error:
        raise BrokenProfile(str(error)) from error


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return *image* in sRGB, as L, RGB or RGBA; *profile* says what its numbers mean (None: sRGB).

    The result may be *image* itself, its pixels changed: another picture would be filled anew.

    Raises:
        BrokenProfile: the profile cannot be used; `plain_srgb` then is the way.
    """
    if profile is None or is_srgb(profile):
        return plain_srgb(image)
    if not fits(profile, image.mode):
        raise BrokenProfile(f"it is not for {image.mode} pixels")
    try:
        converted = _transformed(image, profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise BrokenProfile(str(error)) from error
    converted.info.pop("icc_profile", None)
    return converted.convert("L") if image.mode == "L" else converted


def _transformed(image: Image.Image, profile: bytes) -> Image.Image:
    is_rgb = _opened(profile).profile.xcolor_space == "RGB "
    stored = image.convert("RGB") if image.mode == "L" and is_rgb else image
    transform = _transform(profile, stored.mode)
    # a file mapped into memory must not be written to
    if transform.output_mode != stored.mode or stored.readonly:
        return transform.apply(stored)
    transform.apply_in_place(stored)
    return stored


def plain_srgb(image: Image.Image) -> Image.Image:
    """Return *image* as L, RGB or RGBA by arithmetic alone."""
    return image.convert("RGB") if image.mode == "CMYK" else image


@lru_cache(maxsize=16)
def is_srgb(profile: bytes) -> bool:
    """Whether *profile* is one of the many copies of sRGB."""
    return "srgb" in profile_name(profile).lower()


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    if len(profile) > MOST_PROFILE_BYTES:
        raise ValueError("too large")
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    """Return the way from *profile* to sRGB; uploads of one camera share it."""
    output = mode if mode in {"RGB", "RGBA"} else "RGB"
    return ImageCms.ImageCmsTransform(
        _opened(profile), SRGB, mode, output, ImageCms.Intent.RELATIVE_COLORIMETRIC
    )

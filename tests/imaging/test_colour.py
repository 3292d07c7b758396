"""Profiles are brought to sRGB; broken ones are ignored and said."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from benchmarks.imaging_profiles import profile
from tests.imaging.lut_profile import cmyk_profile
from tests.imaging.scenes import distance, scene
from thumbapp.imaging.colour import profile_name
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe

Thumbnail = Callable[..., Image.Image]
NAMES = ["Display P3", "Adobe RGB (1998)", "ProPhoto RGB"]


def managed(path: Path, icc: bytes) -> Image.Image:
    """Return the picture at *path* in sRGB, converted whole by the plain way."""
    with Image.open(path) as image:
        output = "RGB" if image.mode == "CMYK" else image.mode
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=output,
        )
        assert converted is not None
        return converted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_wide_colours_become_srgb(name: str, suffix: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    path = tmp_path / f"a{suffix}"
    scene().save(path, icc_profile=profile(name), quality=95)

    same_size = thumbnail(path, "320", format="png")

    assert distance(same_size, managed(path, profile(name))) < 0.5
    assert "icc_profile" not in same_size.info


@pytest.mark.parametrize("name", NAMES)
def test_profile_is_named(name: str, tmp_path: Path, limits: Limits) -> None:
    scene().save(tmp_path / "a.jpg", icc_profile=profile(name))

    assert probe(tmp_path / "a.jpg", limits=limits).profile == name


def test_ink_becomes_colour_by_its_profile(tmp_path: Path, thumbnail: Thumbnail) -> None:
    path = tmp_path / "ink.jpg"
    scene().convert("CMYK").save(path, icc_profile=cmyk_profile(), quality=95)

    same_size = thumbnail(path, "320", format="png")

    assert same_size.mode == "RGB"
    assert distance(same_size, managed(path, cmyk_profile())) < 0.5


def test_a_file_mapped_into_memory_is_not_written_to(tmp_path: Path, thumbnail: Thumbnail) -> None:
    path = tmp_path / "a.tif"
    scene().convert("RGBA").save(path, icc_profile=profile("Display P3"))
    before = path.read_bytes()

    same_size = thumbnail(path, "320", format="png", effort="best")

    assert path.read_bytes() == before
    assert distance(same_size, managed(path, profile("Display P3"))) < 0.5


def test_alpha_stays_beside_converted_colours(tmp_path: Path, thumbnail: Thumbnail) -> None:
    image = scene()
    image.putalpha(100)
    image.save(tmp_path / "a.png", icc_profile=profile("Display P3"))

    small = thumbnail(tmp_path / "a.png", "80")

    assert small.getchannel("A").getextrema() == (100, 100)


def test_a_profile_cannot_put_control_characters_into_its_name() -> None:
    hostile = profile("Display P3").replace("P3".encode("utf-16-be"), "\u202e\a".encode("utf-16-be"))

    assert profile_name(hostile) == "Display"


@pytest.mark.parametrize(
    "broken",
    [b"nonsense" * 40, profile("Display P3")[:200], b"\0" * 500],
    ids=["text", "cut off", "zeros"],
)
def test_broken_profile_is_ignored_and_said(
    broken: bytes, tmp_path: Path, thumbnail: Thumbnail, limits: Limits
) -> None:
    scene().save(tmp_path / "a.jpg", icc_profile=broken, quality=95)
    scene().save(tmp_path / "plain.jpg", quality=95)

    small, plain = (thumbnail(tmp_path / name, "80", format="png") for name in ("a.jpg", "plain.jpg"))

    assert distance(small, plain) == 0
    assert probe(tmp_path / "a.jpg", limits=limits).notes == (
        "The colour profile is broken and was ignored.",
    )


def test_profile_for_other_pixels_is_ignored_and_said(
    tmp_path: Path, thumbnail: Thumbnail, limits: Limits
) -> None:
    scene().save(tmp_path / "a.jpg", icc_profile=cmyk_profile(), quality=95)
    scene().save(tmp_path / "plain.jpg", quality=95)

    small, plain = (thumbnail(tmp_path / name, "80", format="png") for name in ("a.jpg", "plain.jpg"))

    assert distance(small, plain) == 0
    assert probe(tmp_path / "a.jpg", limits=limits).notes


def test_srgb_profile_changes_nothing(tmp_path: Path, thumbnail: Thumbnail) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    scene().save(tmp_path / "a.png", icc_profile=icc)
    scene().save(tmp_path / "plain.png")

    small, plain = (thumbnail(tmp_path / name, "80") for name in ("a.png", "plain.png"))

    assert small.tobytes() == plain.tobytes()

"""Copyright, author, credit and profile go along when asked for; nothing else does."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from benchmarks.imaging_profiles import profile
from tests.imaging.scenes import scene
from thumbapp.imaging.credit import Credit, read_credit

Thumbnail = Callable[..., Image.Image]


def signed() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "\u00a9 2026 Ada".encode()
    exif[ExifTags.Base.Artist] = "Ada"
    exif[ExifTags.Base.Make] = "A camera"
    return exif


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif"])
def test_credit_is_kept_when_asked(format: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    scene().save(tmp_path / "a.jpg", exif=signed(), icc_profile=profile("Display P3"))

    small = thumbnail(tmp_path / "a.jpg", "80", format=format, metadata="credit")

    exif = small.getexif()
    assert read_credit(small, exif) == Credit(copyright="\u00a9 2026 Ada", author="Ada")
    assert ExifTags.Base.Make not in exif
    assert small.info["icc_profile"] == profile("Display P3")


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif"])
def test_the_credit_line_goes_into_every_format(format: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    scene().save(tmp_path / "a.jpg", xmp=Credit(line="Agency \u0141").xmp())

    small = thumbnail(tmp_path / "a.jpg", "80", format=format, metadata="credit")

    assert read_credit(small, small.getexif()) == Credit(line="Agency \u0141")


@pytest.mark.parametrize(
    "packet",
    [
        '<rdf:Description photoshop:Credit="Ada &amp; Bob" dc:rights="&#169; Ada"/>',
        "<photoshop:Credit>Ada &amp; Bob</photoshop:Credit>"
        "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>&#169; Ada</rdf:li></rdf:Alt></dc:rights>",
    ],
    ids=["attributes", "elements"],
)
def test_credit_is_read_from_xmp(packet: str) -> None:
    picture = scene()
    picture.info["xmp"] = packet.encode()

    credit = read_credit(picture, Image.Exif())

    assert credit == Credit(copyright="\u00a9 Ada", author="", line="Ada & Bob")


def test_a_hostile_packet_is_not_searched_for_ever() -> None:
    picture = scene()
    picture.info["xmp"] = b"dc:rights>" * 4_000_000
    before = time.process_time()

    credit = read_credit(picture, Image.Exif())

    # a second is far above what it takes, an hour what it took
    assert time.process_time() - before < 1
    assert credit == Credit()


def test_credit_line_is_written_and_read_again(tmp_path: Path) -> None:
    credit = Credit(line='Ada <& "Bob">')
    scene().save(tmp_path / "a.jpg", xmp=credit.xmp())

    with Image.open(tmp_path / "a.jpg") as image:
        assert read_credit(image, Image.Exif()) == credit


def test_silence_writes_nothing() -> None:
    assert (Credit().exif(), Credit().xmp()) == (b"", b"")

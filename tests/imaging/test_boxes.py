"""The EXIF of an AVIF or HEIF file is measured without reading it."""

from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.scenes import scene
from thumbapp.errors import TooManyParts
from thumbapp.imaging.boxes import exif_bytes
from thumbapp.imaging.containers import mapped


@pytest.mark.parametrize("frames", [1, 2])
def test_exif_is_measured(frames: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "x" * 3000
    more = {"save_all": True, "append_images": [scene()]} if frames == 2 else {}
    scene().save(tmp_path / "a.avif", exif=exif, speed=10, **more)  # type: ignore[arg-type] # options

    with mapped(tmp_path / "a.avif") as content:
        found = exif_bytes(content)

    assert frames * 3000 < found < frames * 3100


def test_without_exif_there_is_none(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.avif", speed=10)

    with mapped(tmp_path / "a.avif") as content:
        assert exif_bytes(content) == 0


@pytest.mark.parametrize(
    "box", [b"\0\0\0\x08free", b"\0\0\0\x01free" + bytes(7) + b"\x10"], ids=["empty", "long"]
)
def test_a_hundred_thousand_boxes_are_too_many(box: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(box * 10**5)

    with mapped(tmp_path / "a") as content, pytest.raises(TooManyParts):
        exif_bytes(content)


def test_a_box_without_a_size_is_the_last(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\0\0\0free" * 10**5)

    with mapped(tmp_path / "a") as content:
        assert exif_bytes(content) == 0

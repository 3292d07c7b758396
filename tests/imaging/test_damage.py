"""Cut and flipped files of every format: refused, or a whole picture; never half a one, never a crash."""

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.scenes import rendered, scene
from thumbapp.errors import BrokenPicture, RenderFailed, UploadRefused
from thumbapp.imaging.probe import load_plugin, readable_formats

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
FORMATS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 85},
    "PNG": {},
    "GIF": {},
    "WEBP": {"quality": 80},
    "AVIF": {"speed": 10},
    "BMP": {},
    "TIFF": {"compression": "tiff_lzw"},
}
if "HEIF" in readable_formats():
    FORMATS["HEIF"] = {"quality": 80}


def whole(format: str, **options: object) -> bytes:
    load_plugin(format)
    stream = io.BytesIO()
    noisy = Image.blend(scene(), Image.effect_noise((320, 240), 60).convert("RGB"), 0.2)
    noisy.save(stream, format, **(FORMATS.get(format, {}) | options))
    return stream.getvalue()


def cuts(content: bytes) -> Iterator[bytes]:
    chance = random.Random(11)
    for _ in range(12):
        yield content[: chance.randrange(4, len(content) - 20)]


def flips(content: bytes) -> Iterator[bytes]:
    chance = random.Random(12)
    for _ in range(30):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 1, 8))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        yield bytes(damaged)


@pytest.mark.parametrize("format", FORMATS)
def test_a_cut_file_is_refused(format: str, tmp_path: Path) -> None:
    for number, content in enumerate(cuts(whole(format))):
        path = tmp_path / str(number)
        path.write_bytes(content)
        with pytest.raises(UploadRefused):
            rendered(path, tmp_path, sizes="80")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("animation", ["first", "all"])
def test_a_flipped_file_is_refused_or_comes_out_whole(format: str, animation: str, tmp_path: Path) -> None:
    for number, content in enumerate(flips(whole(format))):
        path = tmp_path / str(number)
        path.write_bytes(content)
        try:
            (made,) = rendered(path, tmp_path, sizes="80", animation=animation)
        except (UploadRefused, RenderFailed):
            continue
        with Image.open(tmp_path / made.file) as small:
            small.load()
            assert small.size == (made.width, made.height)


JPEGS: dict[str, Callable[[], bytes]] = {
    "baseline": lambda: whole("JPEG"),
    "4:4:4": lambda: whole("JPEG", subsampling="4:4:4"),
    "restarts": lambda: whole("JPEG", restart_marker_rows=1),
    "optimized": lambda: whole("JPEG", optimize=True),
}


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("size", ["20", "300"], ids=["drafted", "full"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_jpeg_with_an_early_end_is_no_half_grey_success(
    kind: str, size: str, share: float, tmp_path: Path
) -> None:
    content = JPEGS[kind]()
    cut = content[: int(len(content) * share)].rstrip(b"\xff") + b"\xff\xd9"
    (tmp_path / "early.jpg").write_bytes(cut)

    with pytest.raises(BrokenPicture, match="damaged or cut off"):
        rendered(tmp_path / "early.jpg", tmp_path, sizes=size)


def test_a_jpeg_that_lacks_what_follows_a_restart_is_refused(tmp_path: Path) -> None:
    content = whole("JPEG", restart_marker_rows=1)
    cut = content[: content.rindex(b"\xff\xd3")]
    (tmp_path / "early.jpg").write_bytes(cut + b"\xff\xd9")

    with pytest.raises(BrokenPicture, match="its end is missing"):
        rendered(tmp_path / "early.jpg", tmp_path, sizes="300")


def test_a_jpeg_with_bytes_between_its_segments_is_no_half_grey_success(tmp_path: Path) -> None:
    content = whole("JPEG")
    at = content.index(b"\xff\xc0")
    cut = content[:at] + b"junk" + content[at : len(content) // 2].rstrip(b"\xff") + b"\xff\xd9"
    (tmp_path / "early.jpg").write_bytes(cut)

    with pytest.raises(BrokenPicture, match="its end is missing"):
        rendered(tmp_path / "early.jpg", tmp_path, sizes="80")


# grey with a light part: cjpeg -arithmetic -grayscale
ARITHMETIC = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912"
    "130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc9000b080040"
    "004001011100ffcc000600101005ffda0008010100003f00d2a481786a4a054c9d48b8c05aa9249caa387cec3baa5292"
    "ca77fbfba8daf644ab0c0b0e475d1633a0ffd9"
)


def test_a_jpeg_of_arithmetic_codes_that_ends_in_one_colour_is_taken(tmp_path: Path) -> None:
    (tmp_path / "flat.jpg").write_bytes(ARITHMETIC)

    (made,) = rendered(tmp_path / "flat.jpg", tmp_path, sizes="64")

    assert made.width == 64


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1, 0.2, 0.4])
def test_a_progressive_jpeg_that_lacks_scans_is_refused(share: float, tmp_path: Path) -> None:
    content = whole("JPEG", progressive=True)
    (tmp_path / "early.jpg").write_bytes(content[: int(len(content) * share)].rstrip(b"\xff") + b"\xff\xd9")

    with pytest.raises(BrokenPicture, match="damaged or cut off"):
        rendered(tmp_path / "early.jpg", tmp_path, sizes="80")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("size", ["20", "300"], ids=["drafted", "full"])
def test_a_picture_that_truly_ends_in_one_colour_is_taken(
    options: dict[str, object], size: str, tmp_path: Path
) -> None:
    image = scene()
    image.paste((128, 128, 128), (0, 200, 320, 240))
    image.save(tmp_path / "flat.jpg", **options)

    (made,) = rendered(tmp_path / "flat.jpg", tmp_path, sizes=size)

    assert made.width == int(size)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_flat_jpeg_is_taken(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (500, 333)).save(tmp_path / "flat.jpg")

    (made,) = rendered(tmp_path / "flat.jpg", tmp_path, sizes="100")

    assert made.width == 100


def test_bytes_behind_the_end_of_a_jpeg_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "tail.jpg").write_bytes(whole("JPEG") + bytes(5000) + b"\xff\xd8\xff\xda" * 30)

    (made,) = rendered(tmp_path / "tail.jpg", tmp_path, sizes="80")

    assert made.width == 80

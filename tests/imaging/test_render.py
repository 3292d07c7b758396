"""Each kind of picture comes out with the right pixels, upright, in the right format."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps, PngImagePlugin

from tests.imaging.scenes import distance, exact, rendered, scene
from thumbapp.errors import ThumbnailTooLarge
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe
from thumbapp.imaging.recipe import Recipe

Thumbnail = Callable[..., Image.Image]
Save = Callable[[Path], None]


def grey16(path: Path) -> None:
    grey = scene().convert("L")
    wide = Image.frombytes("I;16", grey.size, bytes(part for value in grey.tobytes() for part in (0, value)))
    wide.save(path)


def palette(path: Path, **options: int | bool) -> None:
    scene().quantize(64).save(path, **options)


def transparent_palette(path: Path) -> None:
    image = scene().quantize(64)
    image.info["transparency"] = 0
    image.save(path)


def alpha(path: Path, **options: int | bool) -> None:
    image = scene()
    image.putalpha(Image.radial_gradient("L").resize(image.size))
    image.save(path, **options)


KINDS: dict[str, Save] = {
    "baseline.jpg": lambda path: scene().save(path, quality=95),
    "progressive.jpg": lambda path: scene().save(path, quality=95, progressive=True),
    "420.jpg": lambda path: scene().save(path, quality=95, subsampling="4:2:0"),
    "422.jpg": lambda path: scene().save(path, quality=95, subsampling="4:2:2"),
    "444.jpg": lambda path: scene().save(path, quality=95, subsampling="4:4:4"),
    "grey.jpg": lambda path: scene().convert("L").save(path, quality=95),
    "cmyk.jpg": lambda path: scene().convert("CMYK").save(path, quality=95),
    "1bit.png": lambda path: scene().convert("1").save(path),
    "2bit.png": lambda path: scene().quantize(4).save(path, bits=2),
    "4bit.png": lambda path: scene().quantize(16).save(path, bits=4),
    "8bit.png": palette,
    "grey.png": lambda path: scene().convert("L").save(path),
    "grey-alpha.png": lambda path: scene().convert("LA").save(path),
    "rgb.png": lambda path: scene().save(path),
    "alpha.png": alpha,
    "palette-alpha.png": transparent_palette,
    "grey16.png": grey16,
    "grey16.tif": grey16,
    "rgb.tif": lambda path: scene().save(path),
    "lzw.tif": lambda path: scene().save(path, compression="tiff_lzw"),
    "cmyk.tif": lambda path: scene().convert("CMYK").save(path),
    "pages.tif": lambda path: scene().save(path, save_all=True, append_images=[Image.new("RGB", (9, 9))]),
    "lossy.webp": lambda path: scene().save(path, quality=90),
    "lossless.webp": lambda path: scene().save(path, lossless=True),
    "alpha.webp": lambda path: alpha(path, lossless=True),
    "moving.webp": lambda path: scene().save(
        path, save_all=True, append_images=[Image.new("RGB", (320, 240))]
    ),
    "still.avif": lambda path: scene().save(path, quality=90, speed=10),
    "still.gif": palette,
    "rgb.bmp": lambda path: scene().save(path),
    "palette.bmp": palette,
    "mpo.jpg": lambda path: scene().save(
        path, "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]
    ),
}


def whole(path: Path) -> Image.Image:
    """Return the full picture as RGB or RGBA, read the plain way."""
    with Image.open(path) as image:
        image.load()
        if image.mode == "I;16":
            return Image.frombytes("L", image.size, image.tobytes()[1::2]).convert("RGB")
        return image.convert("RGBA" if image.has_transparency_data else "RGB")


@pytest.mark.parametrize("name", KINDS)
def test_pixels_are_those_of_a_careful_reference(name: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    KINDS[name](tmp_path / name)
    full = whole(tmp_path / name)

    small = thumbnail(tmp_path / name, "80", format="png")

    wanted = full.resize((80, 60), Image.Resampling.LANCZOS) if full.mode == "RGBA" else exact(full, (80, 60))
    assert distance(small, wanted) < 2


@pytest.mark.parametrize("name", KINDS)
def test_colour_of_a_flat_picture_stays_within_two_levels(
    name: str, tmp_path: Path, thumbnail: Thumbnail
) -> None:
    KINDS[name](tmp_path / name)
    full = whole(tmp_path / name).convert("RGB")

    small = thumbnail(tmp_path / name, "320", format="png").convert("RGB")

    centre = (160, 180)
    assert all(abs(a - b) <= 2 for a, b in zip(small.getpixel(centre), full.getpixel(centre), strict=True))


@pytest.mark.parametrize(("mode", "scale"), [("F", 0.001), ("F", 1000.0), ("I", 1000.0)])
def test_numbers_of_any_range_become_black_to_white(
    mode: str, scale: float, tmp_path: Path, thumbnail: Thumbnail
) -> None:
    ramp = Image.linear_gradient("L").convert("F").point(lambda value: value * scale + 5)
    ramp.convert(mode).save(tmp_path / "a.tif")

    small = thumbnail(tmp_path / "a.tif", "256", format="png")

    assert distance(small, Image.linear_gradient("L")) < 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", ["fit", "fill"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_every_orientation_comes_out_upright(
    orientation: int, fit: str, suffix: str, tmp_path: Path, thumbnail: Thumbnail
) -> None:
    path = tmp_path / f"turned{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    scene().save(path, exif=exif, quality=95)
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")

    small = thumbnail(path, "60x45", fit=fit, format="png")

    if fit == "fill":
        wanted = ImageOps.fit(upright, (60, 45), Image.Resampling.LANCZOS)
    else:
        wanted = ImageOps.contain(upright, (60, 45), Image.Resampling.LANCZOS)
    assert distance(small, wanted) < 2.5


def test_orientation_behind_the_pixels_of_a_png_counts(tmp_path: Path, limits: Limits) -> None:
    path = tmp_path / "late.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    scene().save(stream, "PNG", exif=exif)
    content = stream.getvalue()
    at = content.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(content[at : at + 4], "big")
    path.write_bytes(content[:at] + content[end:-12] + content[at:end] + content[-12:])

    found = probe(path, limits=limits)

    assert (found.width, found.height, found.orientation) == (240, 320, 6)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 3000), (3000, 3)], ids=str)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".bmp", ".tif", ".avif"])
def test_extreme_ratios_come_out(
    size: tuple[int, int], suffix: str, tmp_path: Path, thumbnail: Thumbnail
) -> None:
    path = tmp_path / f"thin{suffix}"
    Image.new("RGB", size, (90, 120, 30)).save(path)

    small = thumbnail(path, "64")

    assert max(small.size) == min(64, max(size))


def test_a_large_jpeg_is_as_good_as_promised(tmp_path: Path, thumbnail: Thumbnail) -> None:
    path = tmp_path / "large.jpg"
    scene(1600, 1203).save(path, quality=92)

    small = thumbnail(path, "200", format="png")

    assert distance(small, exact(whole(path), (200, 150))) < 1


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("baseline.jpg", "jpeg"),
        ("mpo.jpg", "jpeg"),
        ("rgb.png", "png"),
        ("lossy.webp", "webp"),
        ("still.avif", "avif"),
        ("still.gif", "gif"),
        ("rgb.bmp", "png"),
        ("rgb.tif", "png"),
    ],
)
def test_format_is_kept_or_becomes_png(name: str, format: str, tmp_path: Path) -> None:
    KINDS[name](tmp_path / name)

    (made,) = rendered(tmp_path / name, tmp_path, sizes="40")

    assert made.format == format


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("name", ["alpha.png", "palette-alpha.png", "cmyk.jpg", "grey16.png", "1bit.png"])
def test_every_kind_is_written_in_every_format(
    name: str, format: str, tmp_path: Path, thumbnail: Thumbnail
) -> None:
    KINDS[name](tmp_path / name)

    small = thumbnail(tmp_path / name, "40", format=format)

    assert small.format == format.upper()
    assert small.size == (40, 30)


@pytest.mark.parametrize(("format", "limit"), [("webp", "16,383"), ("avif", "32,768"), ("jpeg", "65,500")])
def test_a_thumbnail_too_long_for_its_format_is_refused(format: str, limit: str, tmp_path: Path) -> None:
    Image.new("L", (2, 70_000)).save(tmp_path / "a.png")

    with pytest.raises(ThumbnailTooLarge, match=f"1 x 70,000|2 x 70,000.*at most {limit} a side"):
        rendered(tmp_path / "a.png", tmp_path, sizes="w2", format=format)


def test_content_decides_not_the_name(tmp_path: Path, thumbnail: Thumbnail) -> None:
    alpha(tmp_path / "alpha.png")
    path = (tmp_path / "alpha.png").rename(tmp_path / "alpha.jpg")

    small = thumbnail(path)

    assert (small.format, small.mode) == ("PNG", "RGBA")


def test_transparency_lies_on_the_background_where_there_is_none(
    tmp_path: Path, thumbnail: Thumbnail
) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(path)

    small = thumbnail(path, "50", format="jpeg", background="#ff8000")

    assert distance(small, Image.new("RGB", (50, 50), "#ff8000")) < 2


def test_pad_lays_the_picture_on_its_canvas(tmp_path: Path, thumbnail: Thumbnail) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (200, 100), (0, 0, 255)).save(path)

    small = thumbnail(path, "100x100", fit="pad", gravity="north", background="#ff0000")

    assert small.size == (100, 100)
    assert small.getpixel((50, 20)) == (0, 0, 255)
    assert small.getpixel((50, 80)) == (255, 0, 0)


def test_sizes_come_back_in_their_order_each_reported_once(tmp_path: Path) -> None:
    KINDS["rgb.png"](tmp_path / "a.png")

    made = rendered(tmp_path / "a.png", tmp_path, sizes="16,200,w64,h20,100x10")

    assert [str(rendition.size) for rendition in made] == ["16x16", "200x200", "w64", "h20", "100x10"]


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
def test_every_effort_keeps_the_colours(effort: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    KINDS["444.jpg"](tmp_path / "a.jpg")

    small = thumbnail(tmp_path / "a.jpg", "80", effort=effort, format="png")

    assert distance(small, exact(whole(tmp_path / "a.jpg"), (80, 60))) < 2


def test_rendition_describes_its_file(tmp_path: Path) -> None:
    KINDS["baseline.jpg"](tmp_path / "a.jpg")

    (made,) = rendered(tmp_path / "a.jpg", tmp_path, sizes="100")

    content = (tmp_path / made.file).read_bytes()
    assert made.file == "100x100.jpg"
    assert (made.width, made.height, made.bytes) == (100, 75, len(content))
    assert made.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("format", ["keep", "png", "webp", "avif"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
@pytest.mark.parametrize("size", ["80", "320"], ids=["smaller", "as it is"])
def test_metadata_does_not_go_along(source: str, format: str, size: str, tmp_path: Path) -> None:
    exif, text = Image.Exif(), PngImagePlugin.PngInfo()
    exif[0x010F] = "secret camera"
    text.add_text("Comment", "secret text")
    told: dict[str, object] = {"GIF": {}, "PNG": {"pnginfo": text}}.get(source, {"xmp": b"<x>secret</x>"})
    scene().save(tmp_path / "a", source, comment=b"secret comment", exif=exif, **told)  # type: ignore[arg-type] # as above

    (made,) = rendered(tmp_path / "a", tmp_path, sizes=size, format=format)

    assert b"secret" in (tmp_path / "a").read_bytes()
    assert b"secret" not in (tmp_path / made.file).read_bytes()


@pytest.mark.parametrize("sizes", ["40", "500"], ids=["scaled", "as large as it was"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {"comment": b"secret", "xmp": b"<secret/>"}),
        ("a.gif", {"comment": b"secret"}),
        ("a.webp", {"xmp": b"<secret/>"}),
        ("a.avif", {"xmp": b"<secret/>"}),
    ],
)
def test_no_word_of_the_original_stands_in_a_thumbnail(
    tmp_path: Path, name: str, options: dict[str, bytes], sizes: str
) -> None:
    scene().save(tmp_path / name, **options)
    assert b"secret" in (tmp_path / name).read_bytes()

    (made,) = rendered(tmp_path / name, tmp_path, sizes=sizes)

    assert b"secret" not in (tmp_path / made.file).read_bytes()


def test_huge_picture_is_drafted_into_its_budget(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 4000), (9, 9, 9)).save(tmp_path / "a.jpg")
    recipe = Recipe.parse(sizes="100", effort="best")

    made = rendered(tmp_path / "a.jpg", tmp_path, sizes="100", limits=Limits(max_decode_bytes=24 * 10**6))

    assert recipe.sizes[0] == made[0].size

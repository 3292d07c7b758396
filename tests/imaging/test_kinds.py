"""Kinds that Pillow reads and does not write: their pixels are known, not taken from its decoder."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging import handmade
from tests.imaging.scenes import distance, exact, rendered, scene
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe

Thumbnail = Callable[..., Image.Image]


def clear(mode: str) -> Image.Image:
    image = scene()
    image.putalpha(Image.radial_gradient("L").resize(image.size))
    return image.convert(mode)


PNGS: dict[str, tuple[bytes, Image.Image]] = {
    "grey, interlaced": (handmade.png(scene().convert("L"), interlaced=True), scene().convert("L")),
    "RGB, interlaced": (handmade.png(scene(), interlaced=True), scene()),
    "RGBA, interlaced": (handmade.png(clear("RGBA"), interlaced=True), clear("RGBA")),
    "grey, 16 bit": (handmade.png(scene().convert("L"), depth=16), scene().convert("L")),
    "grey and alpha, 16 bit": (handmade.png(clear("LA"), depth=16), clear("LA")),
    "RGB, 16 bit": (handmade.png(scene(), depth=16), scene()),
    "RGB, 16 bit, interlaced": (handmade.png(scene(), depth=16, interlaced=True), scene()),
    "RGBA, 16 bit": (handmade.png(clear("RGBA"), depth=16), clear("RGBA")),
}


@pytest.mark.parametrize("kind", PNGS)
def test_pixels_of_a_png_are_those_that_went_in(kind: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    content, image = PNGS[kind]
    (tmp_path / "a.png").write_bytes(content)

    small = thumbnail(tmp_path / "a.png", "80")

    has_alpha = image.mode.endswith("A")
    wanted = image.convert("RGBA").resize((80, 60), Image.Resampling.LANCZOS)
    assert small.has_transparency_data is has_alpha
    assert distance(small, wanted if has_alpha else exact(image, (80, 60))) < 1


def test_pixels_of_a_16_bit_rgb_tiff_are_those_that_went_in(tmp_path: Path, thumbnail: Thumbnail) -> None:
    (tmp_path / "a.tif").write_bytes(handmade.tiff16(scene()))

    small = thumbnail(tmp_path / "a.tif", "80")

    assert distance(small, exact(scene(), (80, 60))) < 1


def test_a_deep_grey_tiff_whose_zero_is_white_is_no_negative(tmp_path: Path, thumbnail: Thumbnail) -> None:
    numbers = {256: 8, 257: 8, 258: 16, 259: 1, 262: 0, 273: 8, 277: 1, 278: 8, 279: 128}
    directory = struct.pack("<H", 9) + b"".join(
        struct.pack("<HHII", tag, 4, 1, numbers[tag]) for tag in numbers
    )
    pixels = b"\x00\x20" * 64
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<I", 136) + pixels + directory + bytes(4))

    assert thumbnail(tmp_path / "a.tif", "4", format="png").getpixel((1, 1)) == 255 - 0x20


@pytest.mark.parametrize("order", ["II", "MM"])
def test_layers_of_16_bits_are_read_as_such(order: str, tmp_path: Path, thumbnail: Thumbnail) -> None:
    mark = "<" if order == "II" else ">"
    pixels = b"".join(struct.pack(f"{mark}64H", *[level << 8] * 64) for level in (32, 90, 200))
    plain = {256: 8, 257: 8, 259: 1, 262: 2, 277: 3, 278: 8, 284: 2}
    layers = [(258, 3, 3, 404), (273, 4, 3, 410), (279, 4, 3, 422)]
    directory = sorted([(tag, 4, 1, value) for tag, value in plain.items()] + layers)
    body = b"".join(struct.pack(f"{mark}HHII", *field) for field in directory)
    head = order.encode() + struct.pack(f"{mark}HI", 42, 440) + pixels
    values = struct.pack(f"{mark}6x3H3I3I", 16, 16, 16, 8, 136, 264, 128, 128, 128)
    content = head.ljust(398, b"\0") + values
    (tmp_path / "a.tif").write_bytes(
        content.ljust(440, b"\0") + struct.pack(f"{mark}H", 10) + body + bytes(4)
    )

    assert thumbnail(tmp_path / "a.tif", "4", format="png").getpixel((1, 1)) == (32, 90, 200)


def test_ink_without_the_mark_of_adobe_is_taken_as_it_stands(tmp_path: Path, thumbnail: Thumbnail) -> None:
    stream = io.BytesIO()
    Image.new("CMYK", (64, 64), (255, 100, 200, 255)).save(stream, "JPEG", quality=95)
    content = stream.getvalue()
    mark = content.index(b"\xff\xeeXAdobe".replace(b"X", b"\0\x0e"))
    (tmp_path / "a.jpg").write_bytes(content[:mark] + content[mark + 16 :])

    small = thumbnail(tmp_path / "a.jpg", "32", format="png")

    # the mark turned them round, so they are 0, 155, 55, 0
    assert distance(small, Image.new("RGB", (32, 32), (255, 100, 200))) < 2


def test_colours_of_a_ycck_jpeg_are_those_that_went_in(tmp_path: Path, thumbnail: Thumbnail) -> None:
    inks = scene().convert("CMYK")
    inks.paste((200, 20, 0, 90), (0, 0, 60, 60))
    (tmp_path / "a.jpg").write_bytes(handmade.ycck_jpeg(inks))

    small = thumbnail(tmp_path / "a.jpg", "80", format="png")

    assert small.mode == "RGB"
    assert distance(small, exact(inks.convert("RGB"), (80, 60))) < 2


@pytest.mark.parametrize("ink", [(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)], ids=str)
def test_ink_on_paper_is_not_turned_round(ink: tuple[int, ...], tmp_path: Path, thumbnail: Thumbnail) -> None:
    Image.new("CMYK", (64, 64), ink).save(tmp_path / "a.jpg", quality=95)

    small = thumbnail(tmp_path / "a.jpg", "32", format="png")

    cyan, magenta, yellow, black = ink
    wanted = tuple(max(0, 255 - part - black) for part in (cyan, magenta, yellow))
    assert distance(small, Image.new("RGB", (32, 32), wanted)) < 2


def block(side: int, colour: tuple[int, int, int]) -> Image.Image:
    """Return a square of *colour* whose own palette has it in a place of its own."""
    image = Image.new("P", (side, side), sum(colour) % 200 + 1)
    palette = bytearray(768)
    place = 3 * image.getpixel((0, 0))
    palette[place : place + 3] = bytes(colour)
    image.putpalette(palette)
    return image


def test_gif_frames_keep_their_own_palettes_and_dispose_as_told(tmp_path: Path) -> None:
    red, green, blue, grey = (200, 0, 0), (0, 200, 0), (0, 0, 200), (90, 90, 90)
    stay, to_background, to_previous = 1, 2, 3
    frames = [
        (block(64, red), (0, 0), stay),
        (block(32, green), (0, 0), to_previous),
        (block(32, blue), (32, 32), to_background),
        (block(16, grey), (0, 48), stay),
    ]
    (tmp_path / "a.gif").write_bytes(handmade.gif((64, 64), frames))

    (made,) = rendered(tmp_path / "a.gif", tmp_path, sizes="64", format="png", animation="all")

    seen = []
    with Image.open(tmp_path / made.file) as small:
        for index in range(4):
            small.seek(index)
            shown = small.convert("RGBA")
            seen.append([shown.getpixel(place) for place in ((8, 8), (48, 48), (8, 56), (56, 8))])
    opaque = [(*colour, 255) for colour in (red, green, blue, grey)]
    assert seen[:3] == [
        [opaque[0], opaque[0], opaque[0], opaque[0]],
        [opaque[1], opaque[0], opaque[0], opaque[0]],
        [opaque[0], opaque[2], opaque[0], opaque[0]],
    ]
    assert (seen[3][0], seen[3][1][3], seen[3][2]) == (opaque[0], 0, opaque[3])


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pictures_of_phones_are_read_with_the_extra(
    orientation: int, mode: str, tmp_path: Path, limits: Limits, thumbnail: Thumbnail
) -> None:
    heif = pytest.importorskip("pillow_heif", reason='needs pip install "thumbapp[heif]"')
    heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = clear(mode)
    # one that is upright says nothing of it
    told = {"exif": exif.tobytes()} if orientation > 1 else {}
    image.save(tmp_path / "a.heic", quality=95, **told)

    small = thumbnail(tmp_path / "a.heic", "80", format="png")

    found = probe(tmp_path / "a.heic", limits=limits)
    turned = {1: image, 3: image.rotate(180), 6: image.rotate(-90, expand=True)}[orientation]
    assert (found.format, found.orientation, found.width) == ("HEIF", orientation, turned.width)
    assert distance(small, turned.resize(small.size, Image.Resampling.LANCZOS)) < 3
    assert small.mode == mode

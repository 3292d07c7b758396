"""Pictures made to hurt are refused by their headers, each with its own reason, or done right."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.scenes import rendered, scene
from thumbapp.errors import (
    BrokenPicture,
    EmptyFile,
    FileTooLarge,
    NotAPicture,
    PictureTooHeavy,
    PictureTooSlow,
    TooManyFrames,
    TooManyParts,
    TooManyPixels,
    TooManyScans,
    UploadRefused,
)
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_of(width: int, height: int, *between: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + data + chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    payload = b"VP8L" + struct.pack("<I", 13) + b"\x2f" + struct.pack("<I", bits) + bytes(9)
    return b"RIFF" + struct.pack("<I", len(payload) + 4) + b"WEBP" + payload


def gif_of(width: int, height: int, *, frames: int) -> bytes:
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    table = b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + table + image * frames + b"\x3b"


def apng_of(frames: int) -> bytes:
    control = chunk(b"acTL", struct.pack(">II", frames, 0))
    each = struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 10, 0, 0)
    return png_of(8, 8, control, *(chunk(b"fcTL", each) for _ in range(frames)))


def animated_webp_of(width: int, height: int, *, frames: int) -> bytes:
    canvas = struct.pack("<I", 0x02) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    frame = b"ANMF" + struct.pack("<I", 16) + bytes(16)
    body = (
        b"VP8X" + struct.pack("<I", 10) + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6) + frame * frames
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def jpeg_of_scans(scans: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (4000, 3000)).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + b"\xff\xd9"


def jpeg_of(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "JPEG")
    content = stream.getvalue()
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def tiff_of(width: int, height: int) -> bytes:
    tags = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, 1),
    ]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + body + bytes(4)


def tiff_with(tag: int, kind: int, values: int, bytes_each: int) -> bytes:
    """Return a small TIFF in which one more field, or one field instead, has many values."""
    tags = {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 64, 279: 4096}
    fields = {name: (4, 1, value) for name, value in tags.items()}
    fields[tag] = (kind, values, 8 + 2 + 12 * len(fields | {tag: ()}) + 4)
    body = b"".join(struct.pack("<HHII", name, *fields[name]) for name in sorted(fields))
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + body + bytes(4 + values * bytes_each)


def exif_of(values: int) -> bytes:
    """Return an EXIF block whose orientation is so many fractions."""
    fields = struct.pack("<HHII", 274, 5, values, 26)
    return b"II*\0" + struct.pack("<IH", 8, 1) + fields + bytes(4 + 8 * values)


def jpeg_of_exif(values: int) -> bytes:
    """Return a JPEG whose EXIF goes over many segments; readers put them together again."""
    block = exif_of(values)
    pieces = [b"Exif\0\0" + block[at : at + 65_000] for at in range(0, len(block), 65_000)]
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", len(piece) + 2) + piece for piece in pieces)
    return jpeg_of_parts(segments, 1)


def jpeg_of_tables(segments: int) -> bytes:
    tables = (b"\0" + bytes(range(1, 65))) * 1000
    return jpeg_of_parts(b"\xff\xdb" + struct.pack(">H", len(tables) + 2) + tables, segments)


def avif_of_exif(values: int) -> bytes:
    """Return an AVIF with such an EXIF block, put in behind the encoder's back."""
    size, stream = 8 * values, io.BytesIO()
    harmless = exif_of(values).replace(struct.pack("<HHI", 274, 5, values), struct.pack("<HHI", 275, 7, size))
    scene().save(stream, "AVIF", exif=harmless, speed=10)
    return stream.getvalue().replace(struct.pack("<HHI", 275, 7, size), struct.pack("<HHI", 274, 5, values))


def jpeg_of_parts(part: bytes, parts: int) -> bytes:
    content = jpeg_of(8, 8)
    return content[:2] + part * parts + content[2:]


def gif_of_blocks(blocks: int) -> bytes:
    content = gif_of(10, 10, frames=1)
    return content[:19] + b"\x21\xfe" + b"\1a" * blocks + b"\0" + content[19:]


HOSTILE: dict[str, tuple[Callable[[], bytes], type[UploadRefused]]] = {
    "empty": (lambda: b"", EmptyFile),
    "text": (lambda: b"hello, this is no picture at all\n", NotAPicture),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', NotAPicture),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", NotAPicture),
    "ps": (lambda: b"%!PS\n(%pipe%id) (w) file\n", NotAPicture),
    "psd": (lambda: b"8BPS\0\1" + bytes(40), NotAPicture),
    "pdf": (lambda: b"%PDF-1.7\n", NotAPicture),
    "ico": (lambda: b"\0\0\1\0\1\0" + bytes(40), NotAPicture),
    "html": (lambda: b"<html><body>", NotAPicture),
    "bitmap in name only": (lambda: b"BM and then some text that is no header", UploadRefused),
    "34-byte WebP of 16383x10900": (lambda: webp_of(16383, 10900), PictureTooHeavy),
    "PNG of 16000x11000": (lambda: png_of(16000, 11000), PictureTooHeavy),
    "PNG of 2^31": (lambda: png_of(2**31 - 1, 2**31 - 1), TooManyPixels),
    "JPEG of 4,000 scans": (lambda: jpeg_of_scans(4000), TooManyScans),
    "JPEG of 65500x65500": (lambda: jpeg_of(65500, 65500), TooManyPixels),
    "GIF of a huge canvas": (lambda: gif_of(65535, 65535, frames=1), TooManyPixels),
    "GIF of many frames": (lambda: gif_of(10, 10, frames=5000), TooManyFrames),
    "GIF of many large frames": (lambda: gif_of(4000, 4000, frames=100), TooManyFrames),
    "APNG of many frames": (lambda: apng_of(5000), TooManyFrames),
    "WebP of many frames": (lambda: animated_webp_of(10, 10, frames=5000), TooManyFrames),
    "WebP of many large frames": (lambda: animated_webp_of(3000, 3000, frames=500), TooManyFrames),
    "TIFF of 2^32 pixels": (lambda: tiff_of(65536, 65536), TooManyPixels),
    "TIFF that takes gigabytes": (lambda: tiff_of(15000, 15000), PictureTooHeavy),
    "JPEG of a million segments": (lambda: jpeg_of_parts(b"\xff\xe5\0\2", 10**6), TooManyParts),
    "JPEG of fill bytes": (lambda: jpeg_of_parts(b"\xff", 10**6), TooManyParts),
    "JPEG of empty resources": (
        lambda: jpeg_of_parts(b"\xff\xed\xff\xf4Photoshop 3.0\0" + (b"8BIM\4\4" + bytes(6)) * 5459, 50),
        TooManyParts,
    ),
    "JPEG of a million scans": (
        lambda: jpeg_of_scans(1)[:-2] + b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 10**6,
        TooManyParts,
    ),
    "JPEG of a hundred thousand tables": (lambda: jpeg_of_tables(100), TooManyParts),
    "JPEG of a million fractions": (lambda: jpeg_of_exif(10**6), TooManyParts),
    "TIFF of a million strips": (lambda: tiff_with(273, 4, 10**6, 4), TooManyParts),
    "TIFF of a million fractions": (lambda: tiff_with(274, 5, 10**6, 8), TooManyParts),
    "AVIF of a million fractions": (lambda: avif_of_exif(10**6), BrokenPicture),
    "PNG of empty chunks": (lambda: png_of(10, 10, chunk(b"teXt", b"") * 10**5), TooManyParts),
    "GIF of tiny blocks": (lambda: gif_of_blocks(10**6), TooManyParts),
    "WebP of empty chunks": (lambda: webp_of(10, 10) + (b"JUNK" + bytes(4)) * 10**5, TooManyParts),
    "PNG cut in its header": (lambda: png_of(10, 10)[:20], BrokenPicture),
    "PNG with a wrong sum": (lambda: png_of(10, 10).replace(b"IDAT", b"IDAU"), BrokenPicture),
    "JPEG of three bytes": (lambda: b"\xff\xd8\xff", BrokenPicture),
    "GIF of its magic": (lambda: b"GIF89a", BrokenPicture),
    "WebP of its magic": (lambda: b"RIFF\0\0\0\0WEBP", BrokenPicture),
    "TIFF that points beyond all": (lambda: b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(40), BrokenPicture),
    "BMP of many run lengths": (
        lambda: b"BM" + bytes(12) + struct.pack("<IiiHHI", 40, 9000, 9000, 1, 8, 1) + bytes(1100),
        TooManyPixels,
    ),
    "TIFF of its magic": (lambda: b"II*\0", BrokenPicture),
    "AVIF of its magic": (lambda: bytes((0, 0, 0, 28)) + b"ftypavif" + bytes(16), BrokenPicture),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".jpg", ""])
def test_hostile_picture_is_refused_with_its_reason(
    name: str, suffix: str, tmp_path: Path, limits: Limits
) -> None:
    make, error = HOSTILE[name]
    path = tmp_path / f"picture{suffix}"
    path.write_bytes(make())
    before = time.process_time()

    with pytest.raises(error) as caught:
        probe(path, limits=limits)

    # far above what any refusal takes, far below what decoding would
    assert time.process_time() - before < 1
    assert str(caught.value).endswith(".")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads its peak memory from /proc")
def test_refusing_takes_little_memory(tmp_path: Path, limits: Limits) -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = peak_bytes()

    for number, (make, _) in enumerate(HOSTILE.values()):
        path = tmp_path / str(number)
        path.write_bytes(make())
        with pytest.raises(UploadRefused):
            probe(path, limits=limits)

    assert peak_bytes() - before < 250 * 10**6


def peak_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_metadata_of_a_million_numbers_is_passed_over(format: str, tmp_path: Path, limits: Limits) -> None:
    stream, block = io.BytesIO(), exif_of(10**6)
    scene().save(stream, format, **({"exif": block} if format == "WEBP" else {}))
    content = stream.getvalue()
    path = tmp_path / "a"
    path.write_bytes(content[:33] + chunk(b"eXIf", block) + content[33:] if format == "PNG" else content)
    before = time.process_time()

    found = probe(path, limits=limits)

    assert (found.width, found.orientation) == (320, 1)
    assert time.process_time() - before < 1


def test_a_tiff_of_many_strips_is_done_right(tmp_path: Path) -> None:
    tall = Image.new("RGB", (2, 60_000), (9, 99, 200))
    tall.save(tmp_path / "a.tif", tiffinfo={278: 1})

    (made,) = rendered(tmp_path / "a.tif", tmp_path, sizes="h600")

    assert (made.width, made.height) == (1, 600)


def test_too_many_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(10, 10))

    with pytest.raises(FileTooLarge):
        probe(path, limits=Limits(max_bytes=50))


def test_too_much_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(5000, 5000))

    with pytest.raises(PictureTooSlow):
        probe(path, limits=Limits(max_seconds=0.1))


def test_a_file_sized_canvas_of_sparse_zeros_is_no_picture(tmp_path: Path, limits: Limits) -> None:
    path = tmp_path / "zeros.png"
    with path.open("wb") as stream:
        stream.truncate(40 * 10**6)

    with pytest.raises(NotAPicture):
        probe(path, limits=limits)


def test_polyglot_is_the_picture_that_it_begins_as(tmp_path: Path) -> None:
    path = tmp_path / "both.jpg"
    scene().save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("payload.html", "<script>")

    (made,) = rendered(path, tmp_path, sizes="80")

    assert b"script" not in (tmp_path / made.file).read_bytes()
    assert (made.width, made.height) == (80, 60)


def test_output_that_takes_gigabytes_is_refused(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.png")
    sizes = ",".join(f"{side}x{side}" for side in range(9000, 9020))

    with pytest.raises(PictureTooHeavy):
        rendered(tmp_path / "a.png", tmp_path, sizes=sizes, enlarge=True)


def test_animation_whose_thumbnails_take_gigabytes_is_refused(tmp_path: Path) -> None:
    frames = [Image.new("L", (600, 600), shade % 256) for shade in range(200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    with pytest.raises(PictureTooHeavy):
        rendered(tmp_path / "a.gif", tmp_path, sizes="2000", enlarge=True, animation="all")


def test_tiff_whose_pages_form_a_ring_is_counted_once(tmp_path: Path, limits: Limits) -> None:
    content = bytearray(tiff_of(1, 1))
    content[-4:] = struct.pack("<I", 8)
    path = tmp_path / "ring.tif"
    path.write_bytes(content)

    assert probe(path, limits=limits).frames == 1


def test_refused_file_can_be_deleted_at_once(tmp_path: Path, limits: Limits) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(16000, 11000))

    with pytest.raises(UploadRefused):
        probe(path, limits=limits)

    path.unlink()
    assert not path.exists()

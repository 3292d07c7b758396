"""What a PNG says without a decoder, and what its decoder would pass over in silence."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.scenes import rendered
from thumbapp.errors import BrokenPicture, TooManyParts, UploadRefused


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(lines: bytes, *, depth: int = 8, colour: int = 0, interlaced: int = 0, before: bytes = b"") -> bytes:
    """Return a PNG of 8 x 8 pixels with *lines* as its data, whole or not."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, depth, colour, 0, 0, interlaced))
    data = chunk(b"IDAT", zlib.compress(lines))
    return b"\x89PNG\r\n\x1a\n" + header + before + data + chunk(b"IEND", b"")


GREY = (b"\0" + bytes(range(100, 108))) * 8
PASSES = b"\0d" * 2 + b"\0dd" + b"\0dd" * 2 + b"\0dddd" * 2 + b"\0dddd" * 4 + b"\0dddddddd" * 4
BROKEN = {
    "half of its lines": (png(GREY[:36]), BrokenPicture),
    "all lines but one": (png(GREY[:-9]), BrokenPicture),
    "no end of its last pass": (png(PASSES[:-9], interlaced=1), BrokenPicture),
    "no palette": (png(GREY, colour=3), BrokenPicture),
    "a palette for more colours than it has": (
        png(GREY, colour=3, before=chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(999))),
        BrokenPicture,
    ),
    "a clear level and no data": (
        png(GREY, before=chunk(b"tRNS", b"\0\1") + chunk(b"IEND", b"")),
        BrokenPicture,
    ),
    "eleven profiles": (png(GREY, before=chunk(b"iCCP", b"a\0\0" + zlib.compress(b"")) * 11), TooManyParts),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("animation", ["first", "all"])
def test_a_png_with_a_fault_in_silence_is_refused(name: str, animation: str, tmp_path: Path) -> None:
    content, error = BROKEN[name]
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(UploadRefused) as caught:
        rendered(tmp_path / "a.png", tmp_path, sizes="4", animation=animation)
    assert type(caught.value) is error


@pytest.mark.parametrize("content", [png(GREY), png(GREY[:36] + bytes(36)), png(PASSES, interlaced=1)])
def test_a_whole_png_is_taken_even_if_it_ends_in_black(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)

    (made,) = rendered(tmp_path / "a.png", tmp_path, sizes="4")

    assert made.width == 4


CLEAR = {
    "1 bit": (1, 0, b"\0\x55", b"\0\0", 255),
    "2 bits": (2, 0, b"\0\x66\x66", b"\0\1", 170),
    "4 bits": (4, 0, b"\0" + b"\x6a" * 4, b"\0\6", 170),
    "16 bits": (16, 0, b"\0" + b"\x12\x34\x12\x35" * 4, b"\x12\x34", 18),
    "16 bits in colour": (16, 2, b"\0" + (b"\x12\x34" * 3 + b"\x56\x78" * 3) * 4, b"\x12\x34" * 3, 86),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_the_level_that_is_clear_is_found_at_every_depth(kind: str, tmp_path: Path) -> None:
    depth, colour, line, level, other = CLEAR[kind]
    content = png(line * 8, depth=depth, colour=colour, before=chunk(b"tRNS", level))
    (tmp_path / "a.png").write_bytes(content)

    (made,) = rendered(tmp_path / "a.png", tmp_path, sizes="8")

    with Image.open(tmp_path / made.file) as small:
        assert small.getchannel("A").tobytes() == b"\0\xff" * 32
        assert small.getpixel((1, 0)) == (other, other, other, 255)

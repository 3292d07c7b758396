"""Files of kinds that Pillow reads and does not write, byte by byte."""

import io
import struct
import zlib
from collections.abc import Iterable

from PIL import Image, ImageChops

_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_COLOUR_TYPES = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}


def png(image: Image.Image, *, depth: int = 8, interlaced: bool = False) -> bytes:
    """Return *image* as a PNG of 8 or 16 bits, in one pass or in Adam7's seven."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    rows = b"".join(_rows(image, depth, *steps) for steps in passes)
    header = struct.pack(">IIBBBBB", *image.size, depth, _COLOUR_TYPES[image.mode], 0, 0, interlaced)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, payload) for kind, payload in parts)


def _rows(image: Image.Image, depth: int, left: int, top: int, right: int, down: int) -> bytes:
    """Return the lines of one pass, each with filter 0 in front."""
    width, bands = image.width, len(image.getbands())
    content = image.tobytes()
    lines = []
    for y in range(top, image.height, down):
        line = content[y * width * bands : (y + 1) * width * bands]
        pixels = b"".join(line[x * bands : (x + 1) * bands] for x in range(left, width, right))
        lines.append(b"\0" + (deepened(pixels) if depth == 16 else pixels))
    return b"".join(lines) if left < width else b""


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def deepened(samples: bytes) -> bytes:
    """Return 8-bit *samples* as 16 bits, big end first, the full range used."""
    return bytes(byte for sample in samples for byte in (sample, sample))


def tiff16(image: Image.Image) -> bytes:
    """Return an RGB *image* as a plain TIFF of 16 bits a sample."""
    pixels = deepened(image.tobytes())
    tags = [(256, image.width), (257, image.height), (258, 16), (259, 1), (262, 2)]
    tags += [(273, 0), (277, 3), (278, image.height), (279, len(pixels))]
    end = 8 + 2 + 12 * len(tags) + 4
    values = {273: end + 6, 258: end}
    entries = b"".join(
        struct.pack(">HHII", tag, 3 if tag == 258 else 4, 3 if tag == 258 else 1, values.get(tag, value))
        for tag, value in tags
    )
    depths = struct.pack(">HHH", 16, 16, 16)
    return b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + bytes(4) + depths + pixels


def ycck_jpeg(image: Image.Image) -> bytes:
    """Return a CMYK *image* as Photoshop writes it: brightness, two colours and black, all inverted."""
    inks, black = Image.merge("RGB", image.split()[:3]), image.getchannel("K")
    stored = [*inks.convert("YCbCr").split(), ImageChops.invert(black)]
    out = io.BytesIO()
    # Pillow inverts what it writes and says that it is CMYK
    inverted = Image.merge("CMYK", [ImageChops.invert(band) for band in stored])
    inverted.save(out, "JPEG", quality=97, subsampling="4:4:4")
    content = out.getvalue()
    transform = content.index(b"Adobe") + 11
    return content[:transform] + b"\2" + content[transform + 1 :]


def gif(size: tuple[int, int], frames: Iterable[tuple[Image.Image, tuple[int, int], int]]) -> bytes:
    """Return a GIF of *frames*: picture with a palette of its own, offset, disposal; colour 0 is clear."""
    content = b"GIF89a" + struct.pack("<HHBBB", *size, 0, 0, 0)
    for image, offset, disposal in frames:
        content += b"\x21\xf9\x04" + struct.pack("<BHB", disposal << 2 | 1, 10, 0) + b"\0"
        content += b"\x2c" + struct.pack("<HHHHB", *offset, *image.size, 0x87)
        content += bytes(image.getpalette() or ()).ljust(768, b"\0")
        content += b"\x08" + _uncompressed(image.tobytes()) + b"\0"
    return content + b"\x3b"


def _uncompressed(pixels: bytes) -> bytes:
    """Return *pixels* as LZW blocks that never use the table: nine bits a code, cleared in time."""
    codes = []
    for at in range(0, len(pixels), 250):
        codes += [256, *pixels[at : at + 250]]
    bits = sum(code << 9 * index for index, code in enumerate([*codes, 257]))
    packed = bits.to_bytes((9 * (len(codes) + 1) + 7) // 8, "little")
    blocks = (packed[at : at + 255] for at in range(0, len(packed), 255))
    return b"".join(bytes((len(block),)) + block for block in blocks)

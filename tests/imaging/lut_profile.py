"""A CMYK profile made from a formula: ink covers paper, in a table with two points an ink."""

import itertools
import struct

from PIL import Image, ImageCms


def cmyk_profile() -> bytes:
    """Return an ICC profile that calls each ink mix what plain arithmetic makes of it."""
    table = bytes(part for inks in itertools.product((0, 255), repeat=4) for part in _lab(inks))
    matrix = b"".join(struct.pack(">i", 65536 * (row == column)) for row in range(3) for column in range(3))
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + table + ramp * 3
    text = b"desc\0\0\0\0" + struct.pack(">I", 10) + b"Test CMYK\0" + bytes(78)
    tags = {b"desc": text, b"A2B0": lut, b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)}
    directory, body = b"", b""
    for name, payload in tags.items():
        directory += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(payload))
        body += payload + b"\0" * (-len(payload) % 4)
    whole = struct.pack(">I", len(tags)) + directory + body
    header = struct.pack(">I4sI4s4s4s", 128 + len(whole), b"none", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    return (header + struct.pack(">iii", 63190, 65536, 54061)).ljust(128, b"\0") + whole


def _lab(inks: tuple[int, ...]) -> tuple[int, ...]:
    rgb = Image.new("CMYK", (1, 1), inks).convert("RGB")
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lightness, a, b = ImageCms.applyTransform(rgb, transform).getpixel((0, 0))
    # Pillow's LAB keeps a and b as signed bytes, an ICC table counts from 128
    return lightness, (a + 128) % 256, (b + 128) % 256

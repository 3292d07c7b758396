"""What is inside gzip, zlib and zstd: at most a million bytes of it."""

import sys
import zlib
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_BYTES: Final = 1_000_000
_LARGEST_WINDOW_LOG: Final = 23
_GZIP: Final = b"\x1f\x8b\x08"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_AUTOMATIC: Final = 32 + zlib.MAX_WBITS


def kind_of(data: bytes) -> str | None:
    """Return how *data* is packed, None when it is not; the first bytes are unpacked to be sure."""
    kind = _kind(data)
    try:
        return kind if kind and _unpacked(data[:4096], kind, 64)[0] else None
    except ValueError:
        return None


def unpack(data: bytes) -> tuple[str, bytes, bool]:
    """Return how *data* was packed, the first million bytes of what is in it, and whether that is all.

    Raises:
        ValueError: it is not packed, or damaged.
    """
    kind = _kind(data)
    if kind is None:
        raise ValueError("nothing known begins like this")
    inside, is_whole = _unpacked(data, kind, MOST_BYTES)
    return kind, inside, is_whole


def _kind(data: bytes) -> str | None:
    if data.startswith(_GZIP):
        return "gzip"
    if data.startswith(_ZSTD):
        return "zstd"
    is_zlib = (
        len(data) > 2 and data[0] & 0x0F == 8 and data[0] >> 4 <= 7 and (data[0] << 8 | data[1]) % 31 == 0
    )
    return "zlib" if is_zlib else None


def _unpacked(data: bytes, kind: str, most: int) -> tuple[bytes, bool]:
    if kind == "zstd":
        # A frame may ask for a window of gigabytes; eight megabytes are zstd's own most.
        unpacker = zstd.ZstdDecompressor(
            options={zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW_LOG}
        )
        try:
            inside = unpacker.decompress(data, most)
        except zstd.ZstdError as error:
            raise ValueError(str(error)) from error
        return inside, unpacker.eof
    inflate = zlib.decompressobj(_AUTOMATIC)
    try:
        inside = inflate.decompress(data, most)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return inside, inflate.eof

"""Names and values are bytes: how they travel in addresses and how they are shown."""

import base64
import binascii
import re
from typing import Final

from thumbapp.errors import BadParameter

_EMPTY: Final = "-"  # base64 never has one character alone
_ESCAPED: Final = re.compile(rb"\\\\|\\x([0-9a-fA-F]{2})")
_SPECIAL: Final = re.compile(rb"[*?\[\]\\^]")
_MARKS: Final = (b"*", b"?", b"[", b"\\")


def to_id(name: bytes) -> str:
    """Return *name* as it travels in addresses and JSON: base64url without padding, ``-`` when empty."""
    return base64.urlsafe_b64encode(name).rstrip(b"=").decode() or _EMPTY


def from_id(text: str) -> bytes:
    """Return the name that `to_id` wrote, or raise BadParameter."""
    if text == _EMPTY:
        return b""
    try:
        name = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadParameter("id", text, "base64url of the key's name") from error
    if to_id(name) != text:
        raise BadParameter("id", text, "base64url of the key's name")
    return name


def shown(data: bytes) -> str:
    r"""Return *data* for people: UTF-8 as it is, all else as ``\xNN``, a backslash doubled.

    Nothing in it can move a cursor, turn the direction of writing or hide. Between double quotes, with
    its own quotes escaped, redis-cli reads the same bytes back.
    """
    text = data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return text if text.isprintable() else "".join(map(_visible, text))


def typed(text: str) -> bytes:
    r"""Return the bytes that somebody means who types what `shown` shows, for a pattern or a name in one.

    ``\xNN`` is that byte; a backslash before anything else stays, being the escape of patterns.
    """
    data = text.encode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda found: _byte(found[1]) if found[1] else found[0], data)


def literally(name: bytes) -> bytes:
    """Return a pattern that matches *name* alone."""
    return _SPECIAL.sub(rb"\\\g<0>", name)


def _byte(digits: bytes) -> bytes:
    """Return the byte of two hex *digits*, escaped where a pattern would take it for a mark."""
    byte = bytes([int(digits, 16)])
    return b"\\" + byte if byte in _MARKS else byte


def _visible(char: str) -> str:
    return char if char.isprintable() else "".join(f"\\x{byte:02x}" for byte in char.encode())

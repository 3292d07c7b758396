r"""How bytes are typed into a form and read back: as text, with escapes, in hex or in base64.

What cannot pass a form unchanged as text, such as ``\r`` or bytes that are no UTF-8, is offered with escapes.
"""

import base64
import binascii
import re
from enum import StrEnum
from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.decode.views import is_text, visible

_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\", b"0": b"\0"}
_ESCAPE: Final = re.compile(rb"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
_KEPT: Final = frozenset("\n\t")


class InputFormat(StrEnum):
    """How bytes stand in a form."""

    TEXT = "text"
    ESCAPED = "escaped"
    HEX = "hex"
    BASE64 = "base64"

    @classmethod
    def parse(cls, text: str) -> "InputFormat":
        """Return the way called *text*, TEXT for ""; raises BadEdit."""
        if text not in ("", *cls):
            raise BadEdit(f"{text[:40]!r} is no way to write bytes.")
        return cls(text or cls.TEXT)


def parse_input(text: str, writing: InputFormat = InputFormat.TEXT) -> bytes:
    """Return the bytes that *text* stands for; raises BadEdit where it cannot be read that way.

    Line ends are single ``\\n``: a browser sends every one as two characters.
    """
    plain = text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
    try:
        if writing is InputFormat.HEX:
            return bytes.fromhex(text)
        if writing is InputFormat.BASE64:
            return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEdit(f"This is not {writing}.") from error
    return _ESCAPE.sub(_unescaped, plain) if writing is InputFormat.ESCAPED else plain


def format_input(data: bytes, writing: InputFormat) -> str:
    """Return *data* as it stands in a form, so that `parse_input` returns the same bytes."""
    if writing is InputFormat.HEX:
        return data.hex(" ")
    if writing is InputFormat.BASE64:
        return base64.b64encode(data).decode()
    if writing is InputFormat.TEXT:
        return data.decode("utf-8")
    return visible(data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace"))


def plainest_format(data: bytes) -> InputFormat:
    """Return the plainest way in which *data* passes a form unchanged."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return InputFormat.HEX if b"\0" in data and not is_text(data) else InputFormat.ESCAPED
    is_plain = all(char in _KEPT or char.isprintable() for char in text)
    return InputFormat.TEXT if is_plain else InputFormat.ESCAPED


def _unescaped(found: re.Match[bytes]) -> bytes:
    name = found[1]
    if name[:1] == b"x" and len(name) == 3:
        return bytes.fromhex(name[1:].decode())
    if name not in _ESCAPES:
        raise BadEdit(
            r"A backslash stands before n, r, t, 0, another backslash, or x and two hex digits; "
            f"after one stands {name.decode('utf-8', 'replace')[:1]!r}."
        )
    return _ESCAPES[name]

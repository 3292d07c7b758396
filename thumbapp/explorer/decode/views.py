"""The views of a value: which fit, which says most, and the text of each."""

import base64
import codecs
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from thumbapp.explorer.decode import images, json_text, message_pack, packed, pickles
from thumbapp.explorer.resp import Cut

MessageDecoder = Callable[[bytes], str | None]
_ROW: Final = 16
_MOST_TEXT: Final = 64_000
_MOST_HEX: Final = 4_096
_KEPT: Final = frozenset("\n\t")


class View(StrEnum):
    """A way to show bytes."""

    MESSAGE = "message"
    IMAGE = "image"
    JSON = "json"
    UNPACKED = "unpacked"
    PICKLE = "pickle"
    MSGPACK = "msgpack"
    TEXT = "text"
    HEX = "hex"
    BASE64 = "base64"
    BITS = "bits"


@dataclass(frozen=True, slots=True)
class Shown:
    """Bytes in one view: *says* is what they are, *warning* what to mind, *text* what is shown."""

    view: View
    text: str
    says: str = ""
    warning: str = ""


def fitting_views(data: bytes, *, decode_message: MessageDecoder | None = None) -> list[View]:
    """Return the views in which *data*, or the beginning of it, makes sense, the most telling first."""
    fits: dict[View, Callable[[], object]] = {
        View.MESSAGE: lambda: decode_message and decode_message(data),
        View.IMAGE: lambda: images.media_type(data),
        View.JSON: lambda: json_text.looks_like(data, is_cut=is_cut(data)),
        View.UNPACKED: lambda: packed.kind_of(data),
        View.PICKLE: lambda: pickles.looks_like(data),
        View.MSGPACK: lambda: not is_cut(data) and not is_text(data) and message_pack.looks_like(data),
    }
    found = [view for view, fit in fits.items() if fit()]
    plain = [View.TEXT, View.HEX] if is_text(data) else [View.HEX, View.TEXT]
    return [*found, *plain, View.BASE64, View.BITS]


def best_view(data: bytes, *, decode_message: MessageDecoder | None = None) -> View:
    """Return the view that says most about *data*."""
    return fitting_views(data, decode_message=decode_message)[0]


def show(data: bytes, view: View, *, decode_message: MessageDecoder | None = None, offset: int = 0) -> Shown:
    """Return *data* in *view*; what does not fit is shown as text or hex, with a warning that says why.

    *offset* is where *data* begins in its value, for the views that count bytes.
    """
    if view in _COUNTED:
        return Shown(view, _COUNTED[view](data[:_MOST_HEX], offset), "bytes", _only(data))
    try:
        return _VIEWS[view](data, decode_message)
    except ValueError as error:
        plain = View.TEXT if is_text(data) else View.HEX
        return replace(_VIEWS[plain](data, None), warning=f"This is not {_NAMES[view]}: {error}.")


def is_text(data: bytes) -> bool:
    """Whether *data* is UTF-8 that can be read: hardly anything in it must be escaped."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data, final=not is_cut(data))
    odd = sum(char not in _KEPT and char != "\r" and not char.isprintable() for char in text)
    return "\ufffd" not in text and odd * 50 <= len(text)


def is_cut(data: bytes) -> bool:
    """Whether *data* is only the beginning of a value."""
    return isinstance(data, Cut)


def as_text(data: bytes) -> str:
    r"""Return *data* as text of many lines: all that could hide or move something as ``\xNN``."""
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    return visible(decoder.decode(data.replace(b"\r\n", b"\n"), final=not is_cut(data)))


def hex_dump(data: bytes, *, offset: int = 0) -> str:
    """Return *data* as rows of sixteen bytes with their place, in hex and in ASCII."""
    rows = (data[at : at + _ROW] for at in range(0, len(data), _ROW))
    return "\n".join(f"{offset + number * _ROW:08x}  {_hex_row(row)}" for number, row in enumerate(rows))


def bit_rows(data: bytes, *, offset: int = 0) -> str:
    """Return *data* as rows of eight bytes in bits, each with the place of its first bit."""
    rows = (data[at : at + 8] for at in range(0, len(data), 8))
    return "\n".join(
        f"{(offset + number * 8) * 8:>10}  {' '.join(f'{byte:08b}' for byte in row)}"
        for number, row in enumerate(rows)
    )


def _only(data: bytes) -> str:
    return f"Only the first {_MOST_HEX:,} bytes are shown this way." if len(data) > _MOST_HEX else ""


def _hex_row(row: bytes) -> str:
    left, right = row[:8].hex(" "), row[8:].hex(" ")
    letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    return f"{left:<23}  {right:<23}  {letters}"


def visible(text: str) -> str:
    r"""Return *text* with all that cannot be seen as ``\xNN``, but for line ends and tabs."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in _KEPT or char.isprintable():
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


def _message(data: bytes, decode: MessageDecoder | None) -> Shown:
    text = decode(data) if decode else None
    if text is None:
        raise ValueError("it is not signed by this app")
    return Shown(View.MESSAGE, text, "a message of the task queue")


def _image(data: bytes, _: MessageDecoder | None) -> Shown:
    kind = images.media_type(data)
    if kind is None:
        raise ValueError("no known picture begins like this")
    return Shown(View.IMAGE, "", f"a picture, {kind}")


def _json(data: bytes, _: MessageDecoder | None) -> Shown:
    raw = codecs.getincrementaldecoder("utf-8")().decode(data, final=not is_cut(data))
    text, warning = json_text.indented(raw, is_cut=is_cut(data))
    return Shown(View.JSON, visible(text), "JSON", warning)


def _unpacked(data: bytes, decode: MessageDecoder | None) -> Shown:
    kind, inside, is_whole = packed.unpack(data)
    view = next(view for view in fitting_views(inside, decode_message=decode) if view in _INSIDE)
    most = _MOST_HEX if view is View.HEX else _MOST_TEXT
    within = show(
        Cut(inside[:most], len(inside)) if len(inside) > most else inside, view, decode_message=decode
    )
    warning = "" if is_whole else f"Only the first {len(inside):,} bytes were unpacked."
    says = f"{kind}, {len(data):,} bytes for {len(inside):,}; inside: {within.says or view}"
    return Shown(View.UNPACKED, within.text, says, " ".join(filter(None, (warning, within.warning))))


def _pickle(data: bytes, _: MessageDecoder | None) -> Shown:
    text, imports, warning = pickles.listing(data)
    if imports:
        names = ", ".join(imports[:10])
        warning = (
            f"Loading it would import {names}. It was read step by step and never loaded. {warning}".strip()
        )
    return Shown(View.PICKLE, text, "a Python pickle", warning)


def _msgpack(data: bytes, _: MessageDecoder | None) -> Shown:
    return Shown(View.MSGPACK, message_pack.indented(data), "MessagePack")


def _text(data: bytes, _: MessageDecoder | None) -> Shown:
    return Shown(View.TEXT, as_text(data), "text" if is_text(data) else "bytes")


def _hex(data: bytes, _: MessageDecoder | None) -> Shown:
    return Shown(View.HEX, hex_dump(data[:_MOST_HEX]), "bytes", _only(data))


def _bits(data: bytes, _: MessageDecoder | None) -> Shown:
    return Shown(View.BITS, bit_rows(data[:_MOST_HEX]), "bits", _only(data))


def _base64(data: bytes, _: MessageDecoder | None) -> Shown:
    return Shown(View.BASE64, base64.b64encode(data).decode(), "bytes")


_VIEWS: Final[dict[View, Callable[[bytes, MessageDecoder | None], Shown]]] = {
    View.MESSAGE: _message,
    View.IMAGE: _image,
    View.JSON: _json,
    View.UNPACKED: _unpacked,
    View.PICKLE: _pickle,
    View.MSGPACK: _msgpack,
    View.TEXT: _text,
    View.HEX: _hex,
    View.BASE64: _base64,
    View.BITS: _bits,
}
_COUNTED: Final[dict[View, Callable[..., str]]] = {
    View.HEX: lambda data, offset: hex_dump(data, offset=offset),
    View.BITS: lambda data, offset: bit_rows(data, offset=offset),
}
_INSIDE: Final = frozenset(View) - {View.UNPACKED, View.IMAGE}
_NAMES: Final = {
    View.MESSAGE: "a message of this app's queue",
    View.IMAGE: "a picture",
    View.JSON: "JSON",
    View.UNPACKED: "gzip, zlib or zstd",
    View.PICKLE: "a pickle",
    View.MSGPACK: "MessagePack",
}

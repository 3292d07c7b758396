"""Who made a picture: copyright, author and credit, read from a file and written to its thumbnails."""

import re
from dataclasses import dataclass
from html import unescape
from xml.sax.saxutils import escape

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

_LONGEST = 500
_MOST_XMP_BYTES = 128 * 2**10
_IPTC_AUTHOR, _IPTC_CREDIT, _IPTC_COPYRIGHT = (2, 80), (2, 110), (2, 116)
_XMP_FIELD = (
    # each stretch has an end: a hostile packet must not be searched to its own from everywhere
    '{name}(?:="([^"]{{0,999}})"|>(?:\\s{{0,99}}<rdf:(?:Alt|Seq|Bag)>\\s{{0,99}}<rdf:li[^>]{{0,99}}>)?'
    "([^<]{{0,999}})<)"
)
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' photoshop:Credit="{}"/>'
    "</rdf:RDF></x:xmpmeta>"
)


@dataclass(frozen=True, slots=True)
class Credit:
    """What is kept of a picture's metadata; "" for what it does not say."""

    copyright: str = ""
    author: str = ""
    line: str = ""

    def exif(self) -> bytes:
        """Return an EXIF block of copyright and author, b"" when there is neither."""
        block = Image.Exif()
        if self.copyright:
            block[ExifTags.Base.Copyright] = self.copyright.encode()
        if self.author:
            block[ExifTags.Base.Artist] = self.author.encode()
        return block.tobytes() if len(block) else b""

    def xmp(self) -> bytes:
        """Return an XMP packet of the credit line, b"" when there is none."""
        return _XMP.format(escape(self.line, {'"': "&quot;"})).encode() if self.line else b""


def read_credit(picture: Image.Image, exif: Image.Exif) -> Credit:
    """Return whom *picture* names, by EXIF, IPTC or XMP."""
    iptc = _iptc(picture)
    xmp = _xmp(picture)
    return Credit(
        copyright=_first(
            exif.get(ExifTags.Base.Copyright), iptc.get(_IPTC_COPYRIGHT), _field(xmp, "dc:rights")
        ),
        author=_first(exif.get(ExifTags.Base.Artist), iptc.get(_IPTC_AUTHOR), _field(xmp, "dc:creator")),
        line=_first(iptc.get(_IPTC_CREDIT), _field(xmp, "photoshop:Credit")),
    )


def _first(*values: object) -> str:
    """Return the first of *values* that is text, without control characters and not too long."""
    for value in values:
        text = _text(value)
        if clean := re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip():
            return clean[:_LONGEST]
    return ""


def _text(value: object) -> str:
    """Return *value* as text; EXIF is read as Latin-1, and most of it is UTF-8."""
    if isinstance(value, str):
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _iptc(picture: Image.Image) -> dict[tuple[int, int], object]:
    if not isinstance(picture, ImageFile.ImageFile):
        return {}
    try:
        found = IptcImagePlugin.getiptcinfo(picture)
    except Exception:  # noqa: BLE001 - hostile metadata may raise anything, and is not worth a refusal
        return {}
    return dict(found) if found else {}


def _xmp(picture: Image.Image) -> str:
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    part = packet[:_MOST_XMP_BYTES]
    return part if isinstance(part, str) else bytes(part).decode("utf-8", "replace")


def _field(xmp: str, name: str) -> str:
    found = re.search(_XMP_FIELD.format(name=name), xmp)
    return unescape(found[1] or found[2] or "") if found else ""

"""A chart as a file of its own: SVG that needs no style sheet, or PNG.

Draws what `thumbapp.charts` has computed, in light colours on white; knows nothing of what is counted.
"""

import io
import re
import xml.etree.ElementTree as Xml
from typing import TYPE_CHECKING, Final

from thumbapp.charts import HEIGHT, WIDTH, Chart, Drawn, Look

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_HEAD: Final = 28
_SCALE: Final = 3
_INK, _SOFT, _LINE, _PAPER = "#1d1c1a", "#5b5750", "#dcd7cc", "#ffffff"
_ROLES: Final = {
    "main": "#0b5a5e",
    "other": "#28578f",
    "ok": "#1b6537",
    "warn": "#7d5000",
    "danger": "#a3241c",
}
_ANCHORS: Final = {"start": "l", "middle": "m", "end": "r"}
_NUMBER: Final = re.compile(r"[\d.]+")


def as_svg(chart: Chart) -> bytes:
    """Return *chart* as an SVG file with its title above."""
    size = {"width": str(WIDTH), "height": str(HEIGHT + _HEAD), "viewBox": f"0 0 {WIDTH} {HEIGHT + _HEAD}"}
    top = Xml.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "font-family": "sans-serif"})
    Xml.SubElement(top, "title").text = chart.title
    Xml.SubElement(top, "desc").text = chart.desc
    Xml.SubElement(top, "rect", {"width": "100%", "height": "100%", "fill": _PAPER})
    _text(top, 8, 19, chart.title, size=14, anchor="start", fill=_INK)
    body = Xml.SubElement(top, "g", {"transform": f"translate(0 {_HEAD})"})
    for tick in chart.up:
        Xml.SubElement(body, "path", {"d": f"M{chart.left} {tick.at} H{chart.right}", "stroke": _LINE})
        _text(body, chart.left - 6, tick.at + 4, tick.text, anchor="end")
    for tick in chart.across:
        _text(body, tick.at, chart.height - 8, tick.text, anchor=tick.anchor)
    for one in chart.series:
        _shapes(body, one)
    return bytes(Xml.tostring(top, encoding="utf-8", xml_declaration=True))


def as_png(chart: Chart) -> bytes:
    """Return *chart* as a PNG file, three times as large as on the page."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH * _SCALE, (HEIGHT + _HEAD) * _SCALE), _PAPER)
    pen = _Pen(ImageDraw.Draw(image))
    pen.text(8, 14 - _HEAD, chart.title, size=14, anchor="start", fill=_INK)
    for tick in chart.up:
        pen.line([(chart.left, tick.at), (chart.right, tick.at)], _LINE, 1)
        pen.text(chart.left - 6, tick.at, tick.text, anchor="end")
    for tick in chart.across:
        pen.text(tick.at, chart.height - 12, tick.text, anchor=tick.anchor)
    for one in chart.series:
        pen.series(one)
    return _saved(image)


def _saved(image: "Image.Image") -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _text(
    above: Xml.Element, x: float, y: float, text: str, *, size: int = 11, anchor: str, fill: str = _SOFT
) -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}", "font-size": str(size), "text-anchor": anchor, "fill": fill}
    Xml.SubElement(above, "text", place).text = text


def _shapes(above: Xml.Element, one: Drawn) -> None:
    colour = _ROLES[one.role]
    filled = {"fill": colour if one.look is Look.BAR else _PAPER, "stroke": colour}
    for bar in one.bars:
        box = {name: f"{getattr(bar, name):g}" for name in ("x", "y", "width", "height")}
        Xml.SubElement(Xml.SubElement(above, "rect", box | filled), "title").text = bar.says
    dashes = {"stroke-dasharray": "5 4"} if one.look is Look.DASHED else {}
    for path in one.paths:
        Xml.SubElement(above, "path", {"d": path, "fill": "none", "stroke": colour, **dashes})
    for dot in one.dots:
        place = {"cx": f"{dot.x:g}", "cy": f"{dot.y:g}", "r": "2", "fill": colour}
        Xml.SubElement(Xml.SubElement(above, "circle", place), "title").text = dot.says


class _Pen:
    """Draws in the chart's own units."""

    def __init__(self, draw: "ImageDraw.ImageDraw") -> None:
        self._draw = draw

    def text(self, x: float, y: float, text: str, *, size: int = 11, anchor: str, fill: str = _SOFT) -> None:
        """Write *text* beside, or around, a point, its middle at *y*."""
        from PIL import ImageFont

        font = ImageFont.load_default(size * _SCALE)
        self._draw.text(_at(x, y), text, fill=fill, font=font, anchor=f"{_ANCHORS[anchor]}m")

    def line(self, points: list[tuple[float, float]], colour: str, width: int) -> None:
        """Draw a line through *points*."""
        self._draw.line([_at(x, y) for x, y in points], fill=colour, width=width * _SCALE)

    def series(self, one: Drawn) -> None:
        """Draw a series: bars, or lines with their marks."""
        colour = _ROLES[one.role]
        for bar in one.bars:
            box = [_at(bar.x, bar.y), _at(bar.x + bar.width, bar.y + bar.height)]
            fill = colour if one.look is Look.BAR else _PAPER
            self._draw.rectangle(box, fill=fill, outline=colour, width=_SCALE)
        for path in one.paths:
            numbers = [float(number) for number in _NUMBER.findall(path)]
            self.line(list(zip(numbers[::2], numbers[1::2], strict=True)), colour, 1)
        for dot in one.dots:
            self._draw.ellipse([_at(dot.x - 2, dot.y - 2), _at(dot.x + 2, dot.y + 2)], fill=colour)


def _at(x: float, y: float) -> tuple[float, float]:
    return x * _SCALE, (y + _HEAD) * _SCALE

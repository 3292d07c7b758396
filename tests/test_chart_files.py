"""A chart as a file shows what the page shows: the same words, and bars where they belong."""

import io
import xml.etree.ElementTree as Xml

import pytest
from PIL import Image

from thumbapp.chart_files import as_png, as_svg
from thumbapp.charts import Chart, Look, Series, draw

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def chart() -> Chart:
    """Return a chart of bars and of both kinds of lines, one with a gap."""
    bars = Series("runs", (3, 6, 0, 4), Look.BAR)
    lines = Series("p50", (4, None, 6, 2)), Series("p95", (5, 7, 8, 2), Look.DASHED, role="danger")
    return draw("c", "Runs & <waits>", ("a", "b", "c", "d"), bars, *lines)


def test_an_svg_says_what_the_page_says(chart: Chart) -> None:
    top = Xml.fromstring(as_svg(chart))

    words = [one.text for one in top.iter(f"{SVG}text")]
    assert words == [chart.title, *(tick.text for tick in (*chart.up, *chart.across))]
    assert len(list(top.iter(f"{SVG}rect"))) == 1 + 3
    assert [one.text for one in top.iter(f"{SVG}title")][1] == "a: 3 runs"
    assert not [one for one in top.iter() if "style" in one.attrib]


def test_a_png_has_a_bar_where_the_page_has_one(chart: Chart) -> None:
    image = Image.open(io.BytesIO(as_png(chart)))

    bar = chart.series[0].bars[1]
    inside = image.getpixel((round((bar.x + 3) * 3), round((bar.y + bar.height / 2 + 28) * 3)))
    above = image.getpixel((round((bar.x + 3) * 3), round((bar.y - 4 + 28) * 3)))
    assert (image.size, inside, above) == ((1140, 624), (11, 90, 94), (255, 255, 255))


def test_a_chart_without_numbers_is_drawn_too() -> None:
    empty = draw("c", "nothing", ())

    assert Image.open(io.BytesIO(as_png(empty))).format == "PNG"
    assert b"There is nothing to show" in as_svg(empty)

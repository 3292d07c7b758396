"""Charts: honest axes, gaps where nothing is known, and every number in words beside the picture."""

import xml.etree.ElementTree as Xml

import pytest
from flask import Flask, render_template_string

from thumbapp import resources
from thumbapp.charts import LEFT, TOP, WIDTH, Look, Series, draw, milliseconds, seconds

TIMES = ("10:00", "10:05", "10:10")


@pytest.mark.parametrize("values", [(3, 7, 5), (0.02, 0.07, 0.01), (900, 12_345, 8), (0, 0, 0)], ids=str)
def test_an_axis_begins_at_zero_and_ends_above_every_value(values: tuple[float, ...]) -> None:
    drawn = draw("c", "runs", TIMES, Series("runs", values))

    assert (drawn.up[0].at, drawn.up[0].text) == (drawn.floor, "0")
    assert drawn.up[-1].at == TOP
    assert all(TOP <= dot.y <= drawn.floor for dot in drawn.series[0].dots)


def test_a_value_twice_as_high_is_drawn_twice_as_high() -> None:
    drawn = draw("c", "runs", TIMES, Series("runs", (10, 20, 40)))

    heights = [drawn.floor - dot.y for dot in drawn.series[0].dots]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.3)


def test_what_is_not_known_is_a_gap_and_not_zero() -> None:
    drawn = draw("c", "waits", TIMES, Series("p50", (4, None, 6)))

    assert len(drawn.series[0].paths) == 2
    assert drawn.rows[1] == ("10:05", "")


def test_bars_stand_on_each_other_and_stay_inside() -> None:
    done, failed = Series("done", (3, 0, 4), Look.BAR), Series("failed", (1, 2, 0), Look.HATCHED)

    first, second = draw("c", "runs", TIMES, done, failed).series

    assert second.bars[0].y + second.bars[0].height == pytest.approx(first.bars[0].y, abs=0.1)
    assert all(bar.x >= LEFT and bar.x + bar.width <= WIDTH and bar.y >= TOP for bar in second.bars)
    assert [len(first.bars), len(second.bars)] == [2, 2]


def test_no_label_is_cut_off_and_not_all_of_many_are_shown() -> None:
    drawn = draw("c", "runs", [f"{at}:00" for at in range(24)], Series("runs", range(24)))

    assert 3 <= len(drawn.across) <= 6
    assert drawn.across[0].anchor == "middle"
    assert all(28 <= tick.at <= WIDTH - 28 for tick in drawn.across if tick.anchor == "middle")


def test_a_last_label_that_would_be_cut_off_ends_at_its_column() -> None:
    times = [f"{at}:00" for at in range(31)]

    assert draw("c", "runs", times, Series("runs", range(31))).across[-1].anchor == "end"


def test_points_are_not_joined() -> None:
    drawn = draw("c", "errors", TIMES, Series("errors", (1, 2, 3), look=Look.POINTS))

    assert [(one.paths, len(one.dots)) for one in drawn.series] == [((), 3)]


@pytest.mark.parametrize("columns", [(), ("10:00",)], ids=["none", "one"])
def test_a_chart_of_nearly_nothing_is_drawn_too(columns: tuple[str, ...]) -> None:
    drawn = draw("c", "runs", columns, Series("runs", [1.0] * len(columns)))

    assert drawn.is_empty is not bool(columns)
    assert len(drawn.rows) == len(columns)


def test_a_series_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one value a column"):
        draw("c", "runs", TIMES, Series("runs", (1, 2)))


@pytest.mark.parametrize(
    ("value_ms", "words"),
    [(0, "0"), (5, "5 ms"), (1_500, "1.5 s"), (90_000, "90 s"), (180_000, "3 min")],
    ids=str,
)
def test_durations_are_said_as_people_read_them(value_ms: float, words: str) -> None:
    assert milliseconds(value_ms) == seconds(value_ms / 1000) == words


def test_the_figure_has_title_description_marks_and_a_table() -> None:
    waits = draw(
        "w", "Waiting <time>", TIMES, Series("p50", (1, 2, 3)), Series("p95", (9, 9, 9), Look.DASHED)
    )
    app = Flask("charts", template_folder=resources.folder("templates"))

    with app.app_context():
        page = render_template_string("{% from 'macros/chart.html' import chart %}{{ chart(w) }}", w=waits)

    figure = Xml.fromstring(page.strip())
    [picture] = [each for each in figure.iter("svg") if each.get("role") == "img"]
    assert picture.findtext("title") == "Waiting <time>"
    assert "p95: at most 9, at 10:00" in (picture.findtext("desc") or "")
    assert [len(list(picture.iter(tag))) for tag in ("circle", "rect")] == [3, 3]
    assert [cell.text for cell in figure.iter("td")][:3] == ["10:00", "1", "9"]
    assert "style=" not in page

"""What fills a database, from a sample of it: charts, each with its numbers and their error."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, render_template

from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.filters import filesize
from thumbapp.blueprints.request_params import number_param
from thumbapp.charts import Chart, Look, Series, draw
from thumbapp.errors import ThumbAppError
from thumbapp.explorer.analysis import SAMPLE, Estimate, Report, analyse

bp = Blueprint("explorer_analysis", __name__, url_prefix="/redis")
SAMPLES: Final = (1_000, 10_000, 100_000)
DEEPEST: Final = 5
_COLUMNS: Final = 5
_LETTERS: Final = 54  # that fit below a chart side by side


@bp.get("/analysis")
def show() -> str:
    """Show memory by prefix, type and life, the biggest keys, and those without an end."""
    location = current_location()
    sample = number_param("sample", default=SAMPLE, most=SAMPLES[-1])
    depth = number_param("depth", default=1, most=DEEPEST)
    report, error = _report(location, sample=sample, depth=depth)
    drawn = charts(report) if report and report.sampled else []
    asked = {"sample": sample, "samples": SAMPLES, "depth": depth, "depths": range(1, DEEPEST + 1)}
    page = "explorer/analysis.html"
    return render_template(page, location=location, report=report, error=error, charts=drawn, **asked)


def _report(location: Location, *, sample: int, depth: int) -> tuple[Report | None, ThumbAppError | None]:
    """Return what fills the database of *location*, or why that cannot be said."""
    try:
        return analyse(
            location.gate,
            db=location.db,
            search=location.search,
            sample=sample,
            delimiter=location.delimiter.encode(),
            depth=depth,
        ), None
    except ThumbAppError as error:
        return None, error


def charts(report: Report) -> list[Chart]:
    """Return memory by prefix, by type and by life, the largest first."""
    return [
        _bars("by-prefix", "Memory by beginning of the name", report.by_prefix, over="prefix"),
        _bars("by-type", "Memory by type", report.by_type, over="type"),
        _bars("by-life", "Memory by time to live", report.by_ttl, over="time to live"),
    ]


def _bars(name: str, title: str, found: Sequence[Estimate], *, over: str) -> Chart:
    top = list(found[:_COLUMNS])
    sizes = Series("memory", [item.bytes for item in top], look=Look.BAR)
    errors = Series("give or take", [item.error_bytes for item in top], look=Look.POINTS, role="other")
    series = [sizes, errors] if any(item.error_bytes for item in top) else [sizes]
    labels = [_short(item.label, columns=len(top)) for item in top]
    return draw(name, title, labels, *series, over=over, say=lambda value: filesize(round(value)))


def _short(label: str, *, columns: int) -> str:
    """Return *label* so short that it does not run into the next column's."""
    most = _LETTERS // max(columns, 1)
    return label if len(label) <= most else f"{label[: most - 2]}..."

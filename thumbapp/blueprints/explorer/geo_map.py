"""A plain map for places on earth: where points, meridians and parallels stand in a small picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 360
_MARGIN: Final = 0.15
_LEAST_DEGREES: Final = 0.01
_STEPS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60)
_MOST_LINES: Final = 8
_MOST_LABELS: Final = 30


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A point, what it is called in words, and its label, "" where there are too many."""

    x: float
    y: float
    says: str
    label: str


@dataclass(frozen=True, slots=True)
class GridLine:
    """A meridian or parallel: where it stands, and its degrees."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class GeoMap:
    """The map: points and lines in a box of `WIDTH` by `HEIGHT`, in plain degrees; *says* describes it."""

    points: list[MapPoint]
    across: list[GridLine]
    up: list[GridLine]
    says: str
    width: int = WIDTH
    height: int = HEIGHT


def draw_map(places: Sequence[tuple[str, float, float]]) -> GeoMap | None:
    """Return the map of *places*, each a name with longitude and latitude; None of none."""
    if not places:
        return None
    west, east = _span([longitude for _, longitude, _ in places], least=_LEAST_DEGREES * 2)
    south, north = _span([latitude for _, _, latitude in places], least=_LEAST_DEGREES)
    # One degree is as wide as it is high, so that the shorter side is widened.
    scale = min(WIDTH / (east - west), HEIGHT / (north - south))
    west -= (WIDTH / scale - (east - west)) / 2
    south -= (HEIGHT / scale - (north - south)) / 2

    def x(longitude: float) -> float:
        return round((longitude - west) * scale, 1)

    def y(latitude: float) -> float:
        return round(HEIGHT - (latitude - south) * scale, 1)

    is_labelled = len(places) <= _MOST_LABELS
    points = [
        MapPoint(
            x(longitude),
            y(latitude),
            f"{name}: {_degrees(longitude, latitude)}",
            name[:24] if is_labelled else "",
        )
        for name, longitude, latitude in places
    ]
    across = [GridLine(x(at), _side(at, "E", "W")) for at in _lines(west, west + WIDTH / scale)]
    up = [GridLine(y(at), _side(at, "N", "S")) for at in _lines(south, south + HEIGHT / scale)]
    return GeoMap(
        points, across, up, f"{len(places):,} places, north is up; their degrees stand in the table."
    )


def _span(values: Sequence[float], *, least: float) -> tuple[float, float]:
    """Return the range of *values* with a margin, never narrower than *least*."""
    low, high = min(values), max(values)
    extra = max((high - low) * _MARGIN, (least - (high - low)) / 2, least * _MARGIN)
    return low - extra, high + extra


def _lines(low: float, high: float) -> list[float]:
    step = next((step for step in _STEPS if (high - low) / step <= _MOST_LINES), _STEPS[-1])
    first = int(low // step) + 1
    return [round(number * step, 6) for number in range(first, int(high // step) + 1)]


def _side(degrees: float, positive: str, negative: str) -> str:
    return f"{abs(degrees):g}\N{DEGREE SIGN}{positive if degrees >= 0 else negative}"


def _degrees(longitude: float, latitude: float) -> str:
    return f"{_side(round(latitude, 4), 'N', 'S')} {_side(round(longitude, 4), 'E', 'W')}"

"""Charts drawn by the server: the geometry of a small SVG and the table behind it.

A chart is made of `Series` over the same columns; ``templates/macros/chart.html`` turns it into a figure
with title, description, and the table under a fold. Every axis starts at zero, and series are told apart
by their stroke and marks, not by colour alone. Knows nothing of Flask, Redis or what is counted.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WIDTH: Final = 380
HEIGHT: Final = 180
LEFT: Final = 48
RIGHT: Final = 8
TOP: Final = 12
BOTTOM: Final = 26
_TICKS: Final = 4
_LABELS: Final = 7
_BAR_SHARE: Final = 0.72
_HALF_LABEL: Final = 28

Value = float | None
Say = Callable[[float], str]


class Look(StrEnum):
    """How a series is drawn; ``bar``s of several series stand on each other."""

    BAR = "bar"
    HATCHED = "hatched"
    LINE = "line"
    DASHED = "dashed"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Series:
    """One number a column, None where nothing is known; *role* names its colour in the style sheet.

    Roles are ``main``, ``other``, ``ok``, ``warn`` and ``danger``.
    """

    label: str
    values: Sequence[Value]
    look: Look = Look.LINE
    role: str = "main"

    @property
    def is_bar(self) -> bool:
        """Whether it is drawn as bars."""
        return self.look in (Look.BAR, Look.HATCHED)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, and what it stands for in words."""

    x: float
    y: float
    width: float
    height: float
    says: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line, and what it stands for in words."""

    x: float
    y: float
    says: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series as shapes: *bars*, or *paths* (one for each stretch without a gap) with *dots*."""

    label: str
    look: Look
    role: str
    bars: tuple[Bar, ...] = ()
    paths: tuple[str, ...] = ()
    dots: tuple[Dot, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what stands there."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to be written down as SVG: shapes in a box of `WIDTH` by `HEIGHT`, and its table.

    ``rows`` has for each column its label and what each series says there; ``is_empty`` is True when
    no series has a value anywhere.
    """

    id: str
    title: str
    desc: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    series: tuple[Drawn, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    is_empty: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM


def draw(
    name: str,
    title: str,
    columns: Sequence[str],
    *series: Series,
    over: str = "time",
    say: Say | None = None,
) -> Chart:
    """Return the chart *title* of *series* over *columns*; *name* is its id on the page.

    *over* heads the column of labels in the table; *say* turns a value into words, on the axis too.

    Raises:
        ValueError: a series has more or fewer values than there are columns.
    """
    if any(len(one.values) != len(columns) for one in series):
        raise ValueError("every series has one value a column")
    say = say or _number
    top = _top(series)
    return Chart(
        id=name,
        title=title,
        desc=_desc(columns, series, say),
        head=(over, *(one.label for one in series)),
        rows=tuple(
            (label, *(_said(one.values[at], say) for one in series)) for at, label in enumerate(columns)
        ),
        series=tuple(_drawn(series, columns, top, say)),
        across=tuple(_across(columns)),
        up=tuple(Tick(_y(value, top), say(value)) for value in _steps(top)),
        is_empty=all(value is None for one in series for value in one.values),
    )


def milliseconds(value: float) -> str:
    """Return *value*, in ms, as people read it: ``0``, ``5 ms``, ``1.5 s``, ``3 min``."""
    if value <= 0:
        return "0"
    if value < 1_000:
        return f"{value:.3g} ms"
    if value < 120_000:
        return f"{value / 1_000:.3g} s"
    return f"{value / 60_000:.3g} min"


def seconds(value: float) -> str:
    """Return *value*, in seconds, as people read it."""
    return milliseconds(value * 1_000)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def _said(value: Value, say: Say) -> str:
    return "" if value is None else say(value)


# --- axes -------------------------------------------------------------------------------------------


def _top(series: Sequence[Series]) -> float:
    """Return where the axis ends: a round number not below any value, or pile of bars."""
    bars = [one.values for one in series if one.is_bar]
    piles = [sum(value or 0 for value in column) for column in zip(*bars, strict=True)]
    lines = [value for one in series if not one.is_bar for value in one.values if value is not None]
    highest = max([0.0, *piles, *lines])
    step = _step(highest)
    return step * max(1, math.ceil(highest / step))


def _step(highest: float) -> float:
    """Return the round number (1, 2 or 5 times a power of ten) that divides *highest* into a few steps."""
    if highest <= 0:
        return 1.0
    rough = highest / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor for factor in (1, 2, 5, 10) if factor * power >= rough) * power
    return max(step, 1.0) if highest >= 1 else step


def _steps(top: float) -> list[float]:
    step = _step(top)
    return [step * count for count in range(round(top / step) + 1)]


def _across(columns: Sequence[str]) -> list[Tick]:
    """Return labels below the axis, so many as can be read; each stays inside."""
    every = max(1, math.ceil(len(columns) / _LABELS))
    shown = range(0, len(columns), every)
    return [Tick(_x(at, len(columns)), columns[at], _anchor(at, len(columns))) for at in shown]


def _anchor(at: int, columns: int) -> str:
    """Return where a label is held: in its middle, unless it would be cut off at the right."""
    return "end" if WIDTH - _x(at, columns) < _HALF_LABEL else "middle"


def _x(at: int, columns: int) -> float:
    """Return the middle of column *at*."""
    return round(LEFT + (at + 0.5) * _slot(columns), 1)


def _slot(columns: int) -> float:
    return (WIDTH - LEFT - RIGHT) / max(columns, 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)


# --- shapes -----------------------------------------------------------------------------------------


def _drawn(series: Sequence[Series], columns: Sequence[str], top: float, say: Say) -> list[Drawn]:
    floors = [0.0] * len(columns)
    found = []
    for one in series:
        if one.is_bar:
            bars = _bars(one, columns, top, say, floors=floors)
            floors = [low + (value or 0) for low, value in zip(floors, one.values, strict=True)]
            found.append(Drawn(one.label, one.look, one.role, bars=tuple(bars)))
        else:
            dots = _dots(one, columns, top, say)
            paths = () if one.look is Look.POINTS else tuple(map(_path, dots))
            lonely = tuple(dot for stretch in dots for dot in stretch)
            found.append(Drawn(one.label, one.look, one.role, paths=paths, dots=lonely))
    return found


def _bars(one: Series, columns: Sequence[str], top: float, say: Say, *, floors: Sequence[float]) -> list[Bar]:
    width = round(_slot(len(columns)) * _BAR_SHARE, 1)
    bars = []
    for at, value in enumerate(one.values):
        if value:
            y = _y(floors[at] + value, top)
            height = round(_y(floors[at], top) - y, 1)
            says = f"{columns[at]}: {say(value)} {one.label}"
            bars.append(Bar(round(_x(at, len(columns)) - width / 2, 1), y, width, height, says))
    return bars


def _dots(one: Series, columns: Sequence[str], top: float, say: Say) -> list[list[Dot]]:
    """Return the points of a line, a list for each stretch without a gap."""
    stretches: list[list[Dot]] = [[]]
    for at, value in enumerate(one.values):
        if value is None:
            stretches.append([])
            continue
        says = f"{columns[at]}: {one.label} {say(value)}"
        stretches[-1].append(Dot(_x(at, len(columns)), _y(value, top), says))
    return [stretch for stretch in stretches if stretch]


def _path(dots: Sequence[Dot]) -> str:
    return "M" + " L".join(f"{dot.x} {dot.y}" for dot in dots)


def _desc(columns: Sequence[str], series: Sequence[Series], say: Say) -> str:
    """Return in words what the chart shows: from where to where, and each series' highest and last value."""
    if not columns:
        return "There is nothing to show."
    told = [f"From {columns[0]} to {columns[-1]}."]
    for one in series:
        known = [(value, at) for at, value in enumerate(one.values) if value is not None]
        if not known:
            told.append(f"{one.label}: no values.")
            continue
        highest, at = max(known, key=lambda pair: pair[0])
        told.append(f"{one.label}: at most {say(highest)}, at {columns[at]}; last {say(known[-1][0])}.")
    return " ".join(told)

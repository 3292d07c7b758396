"""The charts of how a server was in the last minutes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from thumbapp.charts import Chart, Look, Series, draw
from thumbapp.explorer.diagnostics import Sample

Read = Callable[[Sample], float | None]


def charts_of(samples: Sequence[Sample]) -> list[Chart]:
    """Return the charts of *samples*, oldest first, each with its table."""
    columns = [datetime.fromtimestamp(sample.at, UTC).strftime("%H:%M:%S") for sample in samples]

    def series(label: str, read: Read, *, is_second: bool = False) -> Series:
        look, role = (Look.DASHED, "other") if is_second else (Look.LINE, "main")
        return Series(label, [read(sample) for sample in samples], look, role)

    def chart(name: str, title: str, *lines: Series, say: Callable[[float], str] | None = None) -> Chart:
        return draw(f"vitals-{name}", title, columns, *lines, over="time (UTC)", say=say)

    return [
        chart("ops", "Commands a second", series("commands", lambda one: one.commands)),
        chart(
            "memory",
            "Memory, MB",
            series("used", lambda one: one.memory / 1e6),
            series("of the process", lambda one: one.rss / 1e6, is_second=True),
        ),
        chart(
            "clients",
            "Clients",
            series("connected", lambda one: one.clients),
            series("waiting", lambda one: one.blocked, is_second=True),
        ),
        chart(
            "network",
            "Network, kB a second",
            series("in", lambda one: one.bytes_in / 1e3),
            series("out", lambda one: one.bytes_out / 1e3, is_second=True),
        ),
        chart("cpu", "CPU, % of one core", series("server", lambda one: one.cpu * 100)),
        chart("hits", "Hits of lookups, %", series("hits", lambda one: _percent(one.hit_rate))),
        chart(
            "gone",
            "Keys gone a second",
            series("expired", lambda one: one.expired),
            series("evicted", lambda one: one.evicted, is_second=True),
        ),
    ]


def _percent(part: float | None) -> float | None:
    return None if part is None else part * 100

"""``thumbapp redis bench``: what pipelining gains, measured on the server at hand."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thumbapp.cli.answers import answering, json_option, say_json
from thumbapp.cli.redis_target import Target, on_target
from thumbapp.errors import BadParameter

if TYPE_CHECKING:
    from thumbapp.explorer.bench import Plan, Progress


@click.command("bench")
@click.option("--count", default="10001", show_default=True, help="How often the command is sent, each way.")
@click.option("--command", "name", default="INCR", show_default=True, help="INCR, SET, GET, LPUSH, HSET ...")
@click.option("--rounds", default="3", show_default=True, help="How often each way is measured.")
@click.option("--chart", type=click.Path(dir_okay=False, path_type=Path), help="Draw FILE.svg or FILE.png.")
@json_option
@answering
@on_target
def bench_command(
    *, target: Target, count: str, name: str, rounds: str, chart: Path | None, as_json: bool
) -> None:
    """Send one command many times, in several ways, and compare.

    One by one, in pipelines, as transactions, inside Lua.

    Uses one key of its own, which it removes.
    """
    from thumbapp.explorer.bench import Benchmark, Plan
    from thumbapp.explorer.bench_results import told

    write = _writer(chart)
    plan = Plan.parse(count, name, rounds)
    *_, last = Benchmark(target.gate, plan, caller=target.caller, db=target.db).run()
    write(plan, last)
    if as_json:
        say_json(told(plan, last))
    else:
        _print(told(plan, last)["ways"])


def _writer(path: Path | None) -> Callable[["Plan", "Progress"], object]:
    """Return what writes the chart to *path*, in the format that its name ends with."""
    from thumbapp.chart_files import as_png, as_svg
    from thumbapp.explorer.bench_results import chart_of

    if path is None:
        return lambda _plan, _progress: None
    draw = {".svg": as_svg, ".png": as_png}.get(path.suffix.lower())
    if draw is None:
        raise BadParameter("chart", path.name, "a name that ends in .svg or .png")
    return lambda plan, progress: path.write_bytes(draw(chart_of(plan, progress)))


def _print(rows: list[dict[str, Any]]) -> None:
    """Print a line a way, bars as long as their rates."""
    most = max(row["per_second"] for row in rows)
    for row in rows:
        bar = "#" * max(1, round(30 * row["per_second"] / most))
        spread = f"{row['ratio_low']:.1f} to {row['ratio_high']:.1f}"
        click.echo(f"{row['way']:<20} {row['per_second']:>12,.0f}/s {row['ratio']:>7.1f}x ({spread})  {bar}")

"""``thumbapp redis bench``: what pipelining gains, measured on the server at hand."""

from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, json_option, say_json
from thumbapp.cli.redis_target import Target, on_target

if TYPE_CHECKING:
    from thumbapp.explorer.bench import Progress


@click.command("bench")
@click.option("--count", default="10001", show_default=True, help="How often the command is sent, each way.")
@click.option("--command", "name", default="INCR", show_default=True, help="INCR, SET, GET, LPUSH, HSET ...")
@click.option("--rounds", default="3", show_default=True, help="How often each way is measured.")
@json_option
@answering
@on_target
def bench_command(*, target: Target, count: str, name: str, rounds: str, as_json: bool) -> None:
    """Send one command many times, in several ways, and compare.

    One by one, in pipelines, as transactions, inside Lua.

    Uses one key of its own, which it removes.
    """
    from thumbapp.explorer.bench import Benchmark, Plan, told

    plan = Plan.parse(count, name, rounds)
    *_, last = Benchmark(target.gate, plan, caller=target.caller, db=target.db).run()
    if as_json:
        say_json({"count": plan.count, "command": str(plan.command), "rounds": plan.rounds, **told(last)})
    else:
        _print(last)


def _print(progress: "Progress") -> None:
    """Print a line a way, bars as long as their rates."""
    from thumbapp.explorer.bench import told

    rows = told(progress)["ways"]
    most = max(row["per_second"] for row in rows)
    for row in rows:
        bar = "#" * max(1, round(30 * row["per_second"] / most))
        spread = f"{row['ratio_low']:.1f} to {row['ratio_high']:.1f}"
        click.echo(f"{row['way']:<20} {row['per_second']:>12,.0f}/s {row['ratio']:>7.1f}x ({spread})  {bar}")

"""``thumbapp redis``: keys of a Redis server from a terminal or a script, through the explorer's gate.

What is found is printed while it is found, a line each, so that it can be piped.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

import click

from thumbapp.cli.answers import answering, json_option, say, say_json
from thumbapp.cli.redis_target import Target, cells, on_target, write

if TYPE_CHECKING:
    from thumbapp.explorer.analysis import Estimate, Report
    from thumbapp.explorer.scan import KeyRow

_ELSEWHERE: Final = {
    "get": "thumbapp.cli.redis_keys",
    "set": "thumbapp.cli.redis_keys",
    "delete": "thumbapp.cli.redis_keys",
    "export": "thumbapp.cli.redis_files",
    "import": "thumbapp.cli.redis_files",
    "acl": "thumbapp.cli.redis_acl",
    "bench": "thumbapp.cli.redis_bench",
    "cli": "thumbapp.cli.redis_console",
}


class RedisGroup(click.Group):
    """The group; commands that stand in other modules are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command *cmd_name*, None when there is none."""
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        return cast(click.Command, getattr(import_module(_ELSEWHERE[cmd_name]), f"{cmd_name}_command"))


@click.group(cls=RedisGroup)
def redis() -> None:
    """Look into Redis and change keys, by the same rules as the pages."""


@redis.command()
@json_option
@answering
@on_target
def ping(*, target: Target, as_json: bool) -> None:
    """Ask the server for a PONG; exits with 1 when none comes."""
    from thumbapp.explorer.overview import read_overview

    found = read_overview(target.gate, db=target.db)
    facts = {"server": target.gate.server.label, "product": found.product, "ms": round(found.ping_ms, 3)}
    if as_json:
        say_json({"reply": "PONG", **facts})
    else:
        say("PONG")


@redis.command()
@click.argument("pattern", default="")
@click.option("--type", "kind", default="", help="Only keys of this type, such as hash.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many keys.")
@click.option("--long", "is_long", is_flag=True, help="Also type, seconds to live, bytes and length.")
@click.option("--null", "is_raw", is_flag=True, help="The names' own bytes, each ended by a zero byte.")
@json_option
@answering
@on_target
def keys(
    *, target: Target, pattern: str, kind: str, limit: int | None, is_long: bool, is_raw: bool, as_json: bool
) -> None:
    r"""Print the names of all keys, or of those that match PATTERN.

    Each is printed as it is found.

    PATTERN knows ``*``, ``?`` and ``[...]``; ``\xNN`` is that byte. --json prints an object a line.
    """
    from thumbapp.explorer.json_output import row_as_json
    from thumbapp.explorer.names import shown, typed
    from thumbapp.explorer.scan import Search, all_rows

    for row in all_rows(target.gate, Search(typed(pattern), kind), db=target.db, limit=limit):
        if as_json:
            say_json(row_as_json(row))
        elif is_raw:
            write(row.name + b"\0")
        else:
            cells(*_facts(row) if is_long else (), shown(row.name))


@redis.command()
@click.argument("pattern", default="")
@click.option(
    "--sample", type=click.IntRange(min=1), default=10_000, show_default=True, help="Keys to look at."
)
@click.option("--delimiter", default=":", show_default=True, help="What parts names.")
@click.option(
    "--depth", type=click.IntRange(min=1), default=1, show_default=True, help="Parts that make a group."
)
@json_option
@answering
@on_target
def memory(*, target: Target, pattern: str, sample: int, delimiter: str, depth: int, as_json: bool) -> None:
    """Print what fills the database.

    Memory by beginning of the name, type and life, and the biggest keys.
    """
    from thumbapp.explorer.analysis import analyse
    from thumbapp.explorer.names import typed
    from thumbapp.explorer.scan import Search

    report = analyse(
        target.gate,
        db=target.db,
        search=Search(typed(pattern)),
        sample=sample,
        delimiter=delimiter.encode(),
        depth=depth,
    )
    if as_json:
        say_json(_report_told(report))
    else:
        _say_report(report)


def _facts(row: "KeyRow") -> tuple[str, ...]:
    life = "-" if row.ttl_ms is None else f"{row.ttl_ms / 1000:.0f}"
    return (row.type, life, *("-" if number is None else str(number) for number in (row.bytes, row.length)))


def _say_report(report: "Report") -> None:
    from thumbapp.explorer.names import shown

    about = "" if report.is_complete else f", from a sample of {report.sampled:,}"
    say(f"{report.whole.keys:,} keys, {_size(report.whole)}{about}")
    for head, groups in _groups(report).items():
        click.echo(f"\n{head}")
        for item in groups:
            say(f"  {_size(item):<28} {item.keys:>12,} keys  {item.label}")
    click.echo("\nbiggest keys")
    for row in report.biggest:
        say(f"  {row.bytes or 0:>14,} bytes  {row.type:<7} {shown(row.name)[:200]}")


def _groups(report: "Report") -> "dict[str, list[Estimate]]":
    return {"by name": report.by_prefix, "by type": report.by_type, "by life": report.by_ttl}


def _size(item: "Estimate") -> str:
    error = f" ± {item.error_bytes:,}" if item.error_bytes else ""
    return f"{item.bytes:,}{error} bytes"


def _report_told(report: "Report") -> dict[str, object]:
    from dataclasses import asdict

    from thumbapp.explorer.json_output import row_as_json

    return {
        "sampled": report.sampled,
        "total": report.total,
        "all": asdict(report.whole),
        "no_end": asdict(report.without_end),
        **{head.replace(" ", "_"): list(map(asdict, groups)) for head, groups in _groups(report).items()},
        "biggest": list(map(row_as_json, report.biggest)),
    }

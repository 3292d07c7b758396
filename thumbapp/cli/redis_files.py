"""``thumbapp redis export`` and ``import``: keys as lines of JSON, or as commands, through files or pipes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from thumbapp.cli.answers import answering, json_option, say, say_json
from thumbapp.cli.redis_target import Target, on_target, remark
from thumbapp.errors import ThumbAppError

if TYPE_CHECKING:
    from thumbapp.explorer.key_import import Imported


@click.command("export")
@click.argument("pattern", default="")
@click.option("--type", "kind", default="", help="Only keys of this type.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; unset: standard output."
)
@click.option("--commands", "as_commands", is_flag=True, help="Commands for redis-cli instead of JSON Lines.")
@json_option
@answering
@on_target
def export_command(
    *, target: Target, pattern: str, kind: str, out: Path | None, as_commands: bool, as_json: bool
) -> None:
    """Write all keys, or those that match PATTERN, as lines of JSON.

    A large one takes several.
    """
    from thumbapp.explorer.export import export
    from thumbapp.explorer.names import typed
    from thumbapp.explorer.scan import Search

    count = 0
    with _writing(out) as file:
        for record in export(target.gate, Search(typed(pattern), kind), db=target.db):
            lines = [line.encode() for line in record.lines()] if as_commands else [record.to_json()]
            file.writelines(line + b"\n" for line in lines)
            count += record.is_first
    if out and as_json:
        say_json({"keys": count, "file": str(out)})
    elif out:
        say(f"{count:,} keys in {out}")


@click.command("import")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--taken",
    type=click.Choice(["skip", "replace", "fail"]),
    default="skip",
    show_default=True,
    help="What to do with a key whose name is taken.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@json_option
@answering
@on_target
def import_command(*, target: Target, file: BinaryIO, taken: str, dry_run: bool, as_json: bool) -> None:
    """Put the keys of FILE, or of standard input, into the database.

    Takes lines of JSON, as export writes them.
    """
    from thumbapp.explorer.key_import import Imported, Policy, import_lines

    steps = import_lines(
        target.gate, file, caller=target.caller, db=target.db, policy=Policy(taken), dry_run=dry_run
    )
    done = _last(steps, Imported())
    if as_json:
        say_json(_told(done))
    else:
        say(_said(done, dry_run=dry_run))


def _last(steps: "Iterator[Imported]", done: "Imported") -> "Imported":
    """Go through *steps* and return the last; what was done before one failed is said."""
    try:
        for done in steps:  # noqa: B007 - the last one is returned
            continue
    except ThumbAppError:
        remark(f"Before that: {_said(done, dry_run=False)}.")
        raise
    return done


@contextmanager
def _writing(out: Path | None) -> Iterator[BinaryIO]:
    """Lend the file, which has its name only once it is whole; standard output when there is none."""
    if out is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = out.with_name(f"{out.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _told(state: "Imported") -> dict[str, int]:
    names = ("made", "replaced", "skipped", "expired", "protected", "lines")
    return {name: getattr(state, name) for name in names}


def _said(state: "Imported", *, dry_run: bool) -> str:
    if dry_run:
        remark("Nothing was changed: this was a dry run.")
    parts = [f"{number:,} {name}" for name, number in _told(state).items() if number or name == "made"]
    return ", ".join(parts)

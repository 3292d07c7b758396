"""``thumbapp schedules export`` and ``import``: schedules as YAML to review, and from django-celery-beat."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from thumbapp.cli.answers import answering, complain, json_option, note_in_audit, say, say_json

if TYPE_CHECKING:
    from thumbapp.schedules.import_export import ImportStep
    from thumbapp.schedules.service import Schedules


_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write this file.")
@answering
def export(*, names: tuple[str, ...], out: Path | None) -> None:
    """Print schedules as YAML.

    Those named, else all that people made or changed.
    """
    from thumbapp.cli.schedule_store import opened
    from thumbapp.schedules.import_export import worth_keeping, write

    store = opened().store
    plans = [store.named(name).plan for name in names] or worth_keeping(store.all())
    if out is None:
        click.echo(write(plans), nl=False)
    else:
        out.write_text(write(plans), encoding="utf-8", newline="\n")


@click.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), required=False
)
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@click.option(
    "--django-celery-beat",
    "beat",
    type=_FILE,
    help="Its SQLite database, or a dumpdata file.",
)
@click.option("--task", "renamed", multiple=True, metavar="OLD=NEW", help="What a task there is called here.")
@json_option
@answering
def import_(
    *, file: Path | None, dry_run: bool, beat: Path | None, renamed: tuple[str, ...], as_json: bool
) -> None:
    """Save the schedules in FILE (YAML, - is standard input).

    What is so already is left alone.

    When anything in FILE is wrong nothing is saved.
    """
    from thumbapp.cli.schedule_store import caller, opened
    from thumbapp.schedules.import_export import Action, carry_out

    if (file is None) == (beat is None):
        raise click.UsageError("Name a FILE, or --django-celery-beat and its file.")
    schedules = opened()
    steps, left = _from_beat(schedules, beat, renamed) if beat else (_from_yaml(schedules, file), [])
    if not dry_run:
        carry_out(schedules, steps, who=caller())
        for step in steps:
            if step.action is not Action.KEEP:
                note_in_audit(f"schedule.{step.action}", target=step.plan.name)
    _report(steps, left, dry_run=dry_run, as_json=as_json)


def _from_yaml(schedules: "Schedules", file: Path | None) -> "list[ImportStep]":
    from thumbapp.schedules.import_export import compare, read

    is_stdin = file is None or str(file) == "-"
    text = sys.stdin.buffer.read() if file is None or is_stdin else file.read_bytes()
    return compare(schedules, read(text))


def _from_beat(
    schedules: "Schedules", path: Path, renamed: tuple[str, ...]
) -> "tuple[list[ImportStep], list[str]]":
    """Return what is to be done about each schedule there, and what is left behind."""
    from thumbapp.schedules.celery_beat import read_beat
    from thumbapp.schedules.import_export import compare_valid

    pairs = [word.partition("=") for word in renamed]
    if any(not new for _, _, new in pairs):
        raise click.UsageError("--task wants OLD=NEW.")
    found = read_beat(path, renamed={old: new for old, _, new in pairs})
    steps, wrong = compare_valid(schedules, found.told)
    return steps, [*found.left, *wrong]


def _report(steps: "list[ImportStep]", left: list[str], *, dry_run: bool, as_json: bool) -> None:
    """Say what was done, or with *dry_run* what would be, and what was left behind."""
    if as_json:
        items = [{"name": step.plan.name, "action": step.action, "diff": step.diff()} for step in steps]
        say_json({"items": items, "left": left, "dry_run": dry_run})
        return
    for step in steps:
        say(f"{step.action}  {step.plan.name}")
        for line in step.diff() if dry_run else ():
            say(f"    {line}")
    for sentence in left:
        complain(sentence)

"""``thumbapp tasks dead``: the dead letters, to look at, put back or purge. Acts as the administrator."""

from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.cli.task_control import open_control
from thumbapp.moments import rfc3339

if TYPE_CHECKING:
    from thumbapp.taskqueue.dead import DeadLetter


@click.group(invoke_without_command=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@json_option
@click.pass_context
def dead(context: click.Context, *, limit: int, as_json: bool) -> None:
    """Print the newest dead letters: what was given up, and why."""
    if context.invoked_subcommand is None:
        _list(limit=limit, as_json=as_json)


@dead.command()
@click.argument("entry", metavar="ENTRY")
@json_option
@answering
def retry(*, entry: str, as_json: bool) -> None:
    """Put the dead letter ENTRY back into the queue.

    Prints its task's id.
    """
    task_id = open_control().put_back(entry)
    note_in_audit("task.put-back", target=entry)
    if as_json:
        say_json({"id": task_id, "entry": entry})
    else:
        say(task_id)


@dead.command()
@click.option("--yes", is_flag=True, help="Delete them; without it they are only counted.")
@json_option
@answering
def purge(*, yes: bool, as_json: bool) -> None:
    """Count the dead letters, and with --yes delete them."""
    letters = open_control().dead
    count, deleted = letters.count(), 0
    if yes:
        deleted = letters.purge(until=letters.newest())
        note_in_audit("task.purge-dead", target=f"{deleted} letters")
    if as_json:
        say_json({"count": count, "deleted": deleted})
    else:
        say(f"{deleted:,} of {count:,} deleted." if yes else f"{count:,} dead letters; --yes deletes them.")


@answering
def _list(*, limit: int, as_json: bool) -> None:
    letters, cursor = open_control().dead.page(limit=limit)
    if as_json:
        say_json({"items": [_facts(letter) for letter in letters], "cursor": cursor})
        return
    for letter in letters:
        name = letter.task.name if letter.task else "not a task of ours"
        say(f"{letter.entry}  {rfc3339(letter.at)}  {name}  {letter.reason}")


def _facts(letter: "DeadLetter") -> dict[str, object]:
    return {
        "entry": letter.entry,
        "at": rfc3339(letter.at),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "bytes": letter.size,
        "task": letter.task.id if letter.task else None,
        "name": letter.task.name if letter.task else None,
    }

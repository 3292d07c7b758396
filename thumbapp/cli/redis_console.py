"""``thumbapp redis cli``: lines run as redis-cli runs them, through the explorer's gate."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import FAILED, answering, complain, json_option, say_json
from thumbapp.cli.redis_target import Target, on_target, write
from thumbapp.errors import ConfirmationNeeded, ThumbAppError

if TYPE_CHECKING:
    from thumbapp.explorer.console import Console, ConsoleResult


@click.command("cli")
@click.argument("command", nargs=-1)
@json_option
@answering
@on_target
def cli_command(*, target: Target, command: tuple[str, ...], as_json: bool) -> None:
    """Run COMMAND and print its reply as redis-cli does.

    Without one, each line of standard input.

    What asks first asks on a terminal, and is refused elsewhere. Exits with 1 when the last line failed.
    """
    from thumbapp.explorer.console import Console
    from thumbapp.explorer.quoting import command_line

    console, is_well = Console(target.gate, db=target.db), True
    words = [word.encode("utf-8", "surrogateescape") for word in command]
    try:
        for line in [command_line(words)] if words else _lines(console):
            is_well = not line.strip() or _run(console, line, target, as_json=as_json)
    finally:
        console.close()
    if not is_well:
        sys.exit(FAILED)


def _lines(console: "Console") -> Iterator[str]:
    """Yield line after line until there are no more."""
    while (line := _next(console.prompt)) is not None:
        yield line


def _next(words: str) -> str | None:
    """Return the next line, asked for on a terminal with *words*; None at the end."""
    if not sys.stdin.isatty():
        return sys.stdin.readline() or None
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - gives input() its history and editing
    try:
        return input(f"{words} ")
    except (EOFError, KeyboardInterrupt):
        return None


def _run(console: "Console", line: str, target: Target, *, as_json: bool) -> bool:
    """Run *line*, print what came, and return whether the server did it."""
    try:
        said = _said(console, line, target)
    except ThumbAppError as error:
        complain(str(error))
        return False
    for each in said:
        _print(each, as_json=as_json)
    return not any(each.is_error for each in said)


def _said(console: "Console", line: str, target: Target) -> "list[ConsoleResult]":
    try:
        return console.run(line, caller=target.caller)
    except ConfirmationNeeded as error:
        if not sys.stdin.isatty() or not click.confirm(f"{error.effect}. Run it?", err=True):
            raise
        return console.run(line, caller=target.caller, confirm=error.token)


def _print(said: "ConsoleResult", *, as_json: bool) -> None:
    from thumbapp.explorer.replies import as_json as told

    if as_json:
        facts = {"reply": told(said.reply), "text": said.text, "ms": round(said.ms, 3)}
        say_json(facts | {"error": said.is_error})
    else:
        write(said.text.encode("utf-8", "backslashreplace") + b"\n")

"""The command line: ``thumbapp X`` where it is installed, ``flask X`` in a checkout.

A command prints one fact a line, or JSON with ``--json``; it exits with 2 for bad usage and 1 when
what was asked for failed. Each is imported when it is asked for, so that ``thumbapp thumbs --local``
waits for neither Flask nor Redis.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, cast

import click

from thumbapp import __version__

COMMANDS: Final = {
    "doctor": "thumbapp.cli.doctor",
    "jobs": "thumbapp.cli.jobs",
    "queues": "thumbapp.cli.queues",
    "redis": "thumbapp.cli.redis",
    "schedules": "thumbapp.cli.schedules",
    "tasks": "thumbapp.cli.tasks",
    "thumbs": "thumbapp.cli.thumbs",
    "tokens": "thumbapp.cli.tokens",
    "up": "thumbapp.cli.up",
    "users": "thumbapp.cli.users",
    "worker": "thumbapp.cli.worker",
    "workers": "thumbapp.cli.workers",
}


class CommandGroup(click.Group):
    """A group that imports our commands on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command *cmd_name*, None when there is none."""
        return load(cmd_name) if cmd_name in COMMANDS else super().get_command(ctx, cmd_name)


def load(name: str) -> click.Command:
    """Return our command *name*: the object of that name in its module."""
    return cast(click.Command, getattr(import_module(COMMANDS[name]), name))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that *arguments* (the process's when None) name; exits."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a path may hold what a Windows code page cannot print
            stream.reconfigure(errors="backslashreplace")
    try:
        group()(args=arguments, prog_name="thumbapp")
    except OSError as error:
        if not _is_reader_gone(error):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still unwritten goes there
        sys.exit(1)


def _is_reader_gone(error: OSError) -> bool:
    """Return whether *error* is how Windows says that nobody reads on; click knows EPIPE alone."""
    if os.name != "nt" or error.errno != errno.EINVAL:
        return False
    try:  # EINVAL alone says too little; one more line does no harm before a traceback
        os.write(sys.stdout.fileno(), b"\n")
    except OSError:
        return True
    return False


def group() -> click.Group:
    """Return the ``thumbapp`` command with everything below it."""
    found = CommandGroup(name="thumbapp", help="Pictures in, thumbnails out.")
    return cast(click.Group, click.version_option(__version__, prog_name="thumbapp")(found))

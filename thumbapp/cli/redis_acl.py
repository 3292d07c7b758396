"""``thumbapp redis acl install``: two users of the Redis server that may no more than the explorer needs."""

import secrets
import sys
from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import FAILED, answering, json_option, say, say_json
from thumbapp.cli.redis_target import Target, on_target, remark

if TYPE_CHECKING:
    from thumbapp.explorer.resp import Argv


@click.group("acl")
def acl_command() -> None:
    """Users of the Redis server for the explorer."""


@acl_command.command()
@click.option("--print", "only_print", is_flag=True, help="Print the commands and change nothing.")
@json_option
@answering
@on_target
def install(*, target: Target, only_print: bool, as_json: bool) -> None:
    """Make two users for the explorer and print their passwords.

    explorer_ro reads, explorer_rw also changes keys.

    Where the server has no ACL or we may not change it, the commands are printed for who may, and the exit
    code is 1. The server forgets users at its restart unless they are saved: ACL SAVE or CONFIG REWRITE.
    """
    from thumbapp.explorer.acl_install import RULES, Installed, setuser_commands
    from thumbapp.explorer.acl_install import install as make

    passwords = {user: secrets.token_urlsafe(18) for user in RULES}
    if only_print:
        done = Installed([], setuser_commands(passwords))
    else:
        done = make(target.gate, passwords, caller=target.caller)
    if as_json:
        users = {user: passwords[user] for user in done.made}
        say_json({"users": users, "lines": list(map(_line, done.lines)), "refused": done.refused or None})
    else:
        _say(done.made, passwords, done.lines, refused=done.refused)
    if done.refused:
        sys.exit(FAILED)


def _say(made: list[str], passwords: dict[str, str], left: "list[Argv]", *, refused: str) -> None:
    for user in made:
        say(f"{user} {passwords[user]}")
    if made:
        remark("Name them in THUMBAPP_SERVERS, as in look:ro=redis://explorer_ro:PASSWORD@HOST:PORT/0")
    if refused:
        remark(f"{refused} Whoever administers the server can run:")
    for argv in left:
        say(_line(argv))


def _line(argv: "Argv") -> str:
    from thumbapp.explorer.quoting import command_line

    return command_line(str(word).encode() for word in argv)

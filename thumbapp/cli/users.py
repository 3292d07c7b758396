"""``thumbapp users``: who may sign in, and with which role. Acts as the administrator."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.config import Settings
from thumbapp.moments import rfc3339

if TYPE_CHECKING:
    from thumbapp.accounts.model import User
    from thumbapp.accounts.service import Accounts

ROLES: Final = ["user", "operator", "admin"]
_role: Final = click.Choice(ROLES)


@click.group()
def users() -> None:
    """Add, list, change and remove users."""


@users.command()
@click.argument("name")
@click.option("--role", type=_role, default="user", show_default=True, help="What the user may do.")
@click.option("--link", is_flag=True, help="Set no password; print a sign-in link.")
@json_option
@answering
def add(*, name: str, role: str, link: bool, as_json: bool) -> None:
    """Add the user NAME.

    The password is asked for, or read from standard input.

    Without one, a link is printed that signs the user in once and lets a password be set.
    """
    from thumbapp.accounts.model import Role

    accounts = open_accounts()
    password = "" if link else ask_password()
    user = accounts.add(name, role=Role(role), password=password)
    note_in_audit("user.add", target=f"{user.name} ({role})")
    if password:
        _say_user(user, as_json=as_json)
    else:
        _say_link(accounts, user, as_json=as_json)


@users.command("list")
@json_option
@answering
def list_users(*, as_json: bool) -> None:
    """Print every user, one a line: name, role, last time here."""
    found = open_accounts().users.all()
    if as_json:
        say_json({"items": [_facts(user) for user in found], "cursor": None})
        return
    for user in found:
        seen = rfc3339(user.seen_at) or "never here"
        say(f"{user.name}  {user.role}  {seen}{'' if user.has_password else '  no password'}")


@users.command()
@click.argument("name")
@json_option
@answering
def passwd(*, name: str, as_json: bool) -> None:
    """Set the password of NAME and sign the user out everywhere.

    The password is asked for or read from standard input.
    """
    accounts = open_accounts()
    user = accounts.users.named(name)
    password = ask_password()
    if not password:
        raise click.UsageError("No password was given.")
    accounts.set_password(user, password)
    note_in_audit("user.password", target=user.name)
    _say_user(accounts.users.named(name), as_json=as_json)


@users.command()
@click.argument("name")
@click.argument("role", type=_role)
@json_option
@answering
def role(*, name: str, role: str, as_json: bool) -> None:
    """Give the user NAME the role ROLE: user, operator or admin."""
    from thumbapp.accounts.model import Role

    accounts = open_accounts()
    user = accounts.users.named(name)
    accounts.users.change_role(user, Role(role))
    note_in_audit("user.role", target=f"{user.name} ({role})")
    _say_user(accounts.users.named(name), as_json=as_json)


@users.command()
@click.argument("name")
@json_option
@answering
def remove(*, name: str, as_json: bool) -> None:
    """Remove the user NAME with all sessions and tokens.

    The last administrator stays.
    """
    accounts = open_accounts()
    user = accounts.users.named(name)
    accounts.remove(user)
    note_in_audit("user.remove", target=user.name)
    if as_json:
        say_json({"name": user.name, "removed": True})
    else:
        say(f"{user.name} was removed.")


@users.command()
@click.argument("name")
@json_option
@answering
def link(*, name: str, as_json: bool) -> None:
    """Print a link that signs NAME in once, within ten minutes."""
    accounts = open_accounts()
    _say_link(accounts, accounts.users.named(name), as_json=as_json)


def open_accounts() -> "Accounts":
    """Return the accounts of the installation that the environment names."""
    from thumbapp.accounts.service import Accounts
    from thumbapp.runtime.connection import connect

    settings = Settings.from_environ()
    return Accounts(connect(settings, name="thumbapp-cli"), namespace=settings.namespace)


def ask_password(prompt: Callable[..., str] = click.prompt) -> str:
    """Return the password typed twice, or the first line of a standard input that is no terminal."""
    if sys.stdin.isatty():
        return prompt("Password", hide_input=True, confirmation_prompt=True)
    return sys.stdin.readline().rstrip("\r\n")


def _say_user(user: "User", *, as_json: bool) -> None:
    if as_json:
        say_json(_facts(user))
    else:
        say(f"{user.name}  {user.role}")


def _say_link(accounts: "Accounts", user: "User", *, as_json: bool) -> None:
    from thumbapp.accounts.links import AT_START
    from thumbapp.runtime.instance import running_address

    path = accounts.invite(user, lasting=AT_START)
    note_in_audit("user.link", target=user.name)
    address = f"{running_address(Settings.from_environ().data_dir)}{path}"
    if as_json:
        say_json(_facts(user) | {"link": address})
    else:
        say(f"{user.name} signs in once, within ten minutes, at {address}")


def _facts(user: "User") -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role,
        "has_password": user.has_password,
        "created_at": rfc3339(user.created_at),
        "seen_at": rfc3339(user.seen_at),
    }

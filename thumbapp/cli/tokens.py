"""``thumbapp tokens``: what programs sign in with. Acts as the administrator."""

from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.cli.users import ROLES, open_accounts
from thumbapp.moments import rfc3339

if TYPE_CHECKING:
    from thumbapp.accounts.model import Token


@click.group()
def tokens() -> None:
    """Create, list and revoke API tokens."""


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the token may do.")
@click.option("--user", help="Whose jobs and name it uses; absent: its own.")
@click.option(
    "--days", default=365, show_default=True, type=click.IntRange(0, 3650), help="Expires then; 0: never."
)
@json_option
@answering
def create(*, name: str, role: str, user: str | None, days: int, as_json: bool) -> None:
    """Make a token called NAME and print it, this once.

    It is the last word of the output.
    """
    from thumbapp.accounts.model import Role

    accounts = open_accounts()
    holder = accounts.users.named(user) if user else None
    token, secret = accounts.create_token(name, role=Role(role), user=holder, days=days)
    note_in_audit("token.create", target=f"{token.name} ({role}) {token.id}")
    if as_json:
        say_json(_facts(token) | {"user": user, "token": secret})
        return
    until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "for ever"
    say(f"{token.id}  {token.name}  {token.role}, {until}; not shown again: {secret}")


@tokens.command("list")
@json_option
@answering
def list_tokens(*, as_json: bool) -> None:
    """Print every token that opens something, without its secret."""
    accounts = open_accounts()
    names = {user.id: user.name for user in accounts.users.all()}
    found = accounts.tokens.all()
    if as_json:
        items = [_facts(token) | {"user": names.get(token.user_id)} for token in found]
        say_json({"items": items, "cursor": None})
        return
    for token in found:
        say(_line(token, names.get(token.user_id, "")))


@tokens.command()
@click.argument("token_id", metavar="ID")
@json_option
@answering
def revoke(*, token_id: str, as_json: bool) -> None:
    """Revoke the token ID, which `tokens list` shows first.

    It opens nothing from now on.
    """
    token = open_accounts().revoke_token(token_id)
    note_in_audit("token.revoke", target=f"{token.name} {token.id}")
    if as_json:
        say_json({"id": token.id, "revoked": True})
    else:
        say(f"{token.id}  {token.name} was revoked.")


def _line(token: "Token", user: str) -> str:
    until = rfc3339(token.expires_at) or "never"
    used = rfc3339(token.used_at) or "never"
    return f"{token.id}  {token.name}  {token.role}  {user or '-'}  expires {until}  used {used}"


def _facts(token: "Token") -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339(token.expires_at),
        "used_at": rfc3339(token.used_at),
    }

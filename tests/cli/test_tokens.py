"""API tokens at the command line: printed once, listed without their secret, revoked."""

from collections.abc import Callable
from typing import Any

import pytest
import redis

from thumbapp.accounts.model import Role
from thumbapp.accounts.service import Accounts
from thumbapp.config import Settings

Run = Callable[..., Any]


@pytest.fixture
def accounts(settings: Settings, redis_client: redis.Redis) -> Accounts:
    return Accounts(redis_client, namespace=settings.namespace)


def test_a_token_is_printed_as_the_last_word(thumbapp: Run, accounts: Accounts) -> None:
    answer = thumbapp("tokens", "create", "backup", "--role", "operator")

    token = accounts.tokens.find(answer.out.split()[-1])
    assert answer.code == 0
    assert token
    assert (token.name, token.role, token.owner) == ("backup", Role.OPERATOR, f"t-{token.id}")
    assert token.expires_at


def test_a_token_of_a_user_may_not_more_than_the_user(thumbapp: Run, accounts: Accounts) -> None:
    user = accounts.add("ala", role=Role.USER)

    made = thumbapp("tokens", "create", "mine", "--role", "user", "--user", "ala", "--days", 0, "--json")
    refused = thumbapp("tokens", "create", "more", "--role", "admin", "--user", "ala")

    token = accounts.tokens.find(made.json["token"])
    assert token
    assert (token.owner, token.expires_at) == (user.id, None)
    assert refused.code == 1


def test_tokens_are_listed_and_revoked(thumbapp: Run, accounts: Accounts) -> None:
    token, secret = accounts.create_token("backup", role=Role.USER)

    listed = thumbapp("tokens", "list")
    revoked = thumbapp("tokens", "revoke", token.id)

    assert listed.out.startswith(f"{token.id}  backup  user  -  expires never  used never")
    assert secret not in listed.out
    assert revoked.out == f"{token.id}  backup was revoked.\n"
    assert accounts.tokens.find(secret) is None
    assert thumbapp("tokens", "list", "--json").json["items"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "backup"), 2),
        (("create", "backup", "--role", "root"), 2),
        (("create", "x", "--role", "user", "--user", "nobody"), 1),
        (("revoke", "000000000000"), 1),
    ],
    ids=["no role", "bad role", "no user", "no token"],
)
def test_what_cannot_be_done_is_said(thumbapp: Run, arguments: tuple[str, ...], code: int) -> None:
    answer = thumbapp("tokens", *arguments)

    assert answer.code == code
    assert "Error: " in answer.err

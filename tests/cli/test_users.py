"""Users at the command line: added without a default password, changed, removed, let in by a link."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import redis

from thumbapp.accounts.model import Role
from thumbapp.accounts.service import Accounts
from thumbapp.audit import AuditLog
from thumbapp.config import Settings

Run = Callable[..., Any]
PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(settings: Settings, redis_client: redis.Redis) -> Accounts:
    return Accounts(redis_client, namespace=settings.namespace)


def test_a_user_is_added_with_the_password_from_standard_input(thumbapp: Run, accounts: Accounts) -> None:
    answer = thumbapp("users", "add", "ala", "--role", "operator", stdin=f"{PASSWORD}\n")

    assert (answer.code, answer.out) == (0, "ala  operator\n")
    assert accounts.sign_in("ala", PASSWORD, address="").role is Role.OPERATOR


def test_without_a_password_a_link_is_printed(thumbapp: Run, accounts: Accounts) -> None:
    answer = thumbapp("users", "add", "ala", stdin="")

    secret = answer.out.split()[-1].rpartition("/sign-in/")[2]
    assert answer.code == 0
    assert not accounts.users.named("ala").has_password
    assert accounts.sign_in_by_link(secret).name == "ala"


def test_a_link_lets_in_whoever_has_lost_the_password(thumbapp: Run, accounts: Accounts) -> None:
    accounts.add("ala", role=Role.ADMIN, password=PASSWORD)

    link = thumbapp("users", "link", "ala", "--json").json["link"]

    assert accounts.sign_in_by_link(link.rpartition("/")[2]).name == "ala"


def test_users_are_listed_without_their_passwords(thumbapp: Run, accounts: Accounts) -> None:
    accounts.add("ola", role=Role.USER, password=PASSWORD)
    accounts.add("ala", role=Role.ADMIN)

    answer, items = thumbapp("users", "list"), thumbapp("users", "list", "--json").json["items"]

    assert answer.out.splitlines() == ["ala  admin  never here  no password", "ola  user  never here"]
    assert [(item["name"], item["has_password"]) for item in items] == [("ala", False), ("ola", True)]
    assert "argon2" not in f"{answer.out}{items}"


def test_a_password_and_a_role_are_changed(thumbapp: Run, accounts: Accounts) -> None:
    user = accounts.add("ala", role=Role.USER, password="the one before")
    session_id = accounts.sessions.start(user.id, address="", agent="", data="{}")

    thumbapp("users", "passwd", "ala", stdin=f"{PASSWORD}\n")
    thumbapp("users", "role", "ala", "admin")

    assert accounts.sign_in("ala", PASSWORD, address="").role is Role.ADMIN
    assert accounts.sessions.find(session_id) is None


def test_a_user_is_removed_but_not_the_last_administrator(thumbapp: Run, accounts: Accounts) -> None:
    accounts.add("ala", role=Role.ADMIN)
    accounts.add("ola", role=Role.USER)

    gone, kept = thumbapp("users", "remove", "ola"), thumbapp("users", "remove", "ala")

    assert gone.out == "ola was removed.\n"
    assert (kept.code, kept.err) == (
        1,
        "Error: This is the last administrator. Make somebody else one first.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (("add", "a b"), PASSWORD, 2),
        (("add", "ala"), "short", 2),
        (("add", "ala", "--role", "root"), PASSWORD, 2),
        (("passwd", "nobody"), PASSWORD, 1),
        (("passwd", "admin"), "", 2),
        (("role", "nobody", "admin"), "", 1),
        (("remove", "nobody"), "", 1),
        (("link", "nobody"), "", 1),
    ],
    ids=["name", "password", "role", "nobody", "no password", "role of nobody", "no user", "no link"],
)
def test_what_cannot_be_done_is_one_sentence(
    thumbapp: Run, accounts: Accounts, arguments: tuple[str, ...], stdin: str, code: int
) -> None:
    accounts.first_admin()

    answer = thumbapp("users", *arguments, stdin=stdin)

    assert answer.code == code
    assert "Error: " in answer.err
    assert "Traceback" not in answer.err
    assert len(accounts.users.all()) == 1


def test_what_was_done_stands_in_the_audit(
    thumbapp: Run, settings: Settings, redis_client: redis.Redis
) -> None:
    thumbapp("users", "add", "ala", stdin=PASSWORD)
    thumbapp("users", "role", "ala", "operator")

    entries = AuditLog(redis_client, namespace=settings.namespace).page().items

    assert [(entry.action, entry.target) for entry in entries] == [
        ("user.role", "ala (operator)"),
        ("user.add", "ala (user)"),
    ]
    assert entries[0].who.startswith("command line (")
    assert entries[0].source == platform.node()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    environment: dict[str, str], accounts: Accounts
) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "thumbapp", "users", "add", "ala"],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)

    shown = b""
    for prompt in (b"Password: ", b"Repeat for confirmation: "):
        while prompt not in shown:
            shown += os.read(ours, 1_000)
        os.write(ours, f"{PASSWORD}\n".encode())

    assert process.wait(30) == 0
    shown += os.read(ours, 10_000)
    os.close(ours)
    assert PASSWORD.encode() not in shown
    assert accounts.sign_in("ala", PASSWORD, address="")

"""Accounts as a whole: signing in, links, tokens, and what ends with what."""

import pytest

from tests.accounts.conftest import side_by_side
from thumbapp.accounts.model import Role, User
from thumbapp.accounts.service import Accounts
from thumbapp.errors import (
    BadPassword,
    LastAdmin,
    LinkUsed,
    RoleTooLow,
    SignInFailed,
    TokenNotFound,
    TooManyAttempts,
    UserExists,
)

PASSWORD = "correct horse battery"
HERE = "192.0.2.1"


@pytest.fixture
def ala(accounts: Accounts) -> User:
    """Return a user with a password."""
    return accounts.add("ala", role=Role.USER, password=PASSWORD)


def session_of(accounts: Accounts, user: User) -> str:
    return accounts.sessions.start(user.id, address=HERE, agent="", data="{}")


def test_name_and_password_sign_in(accounts: Accounts, ala: User) -> None:
    user = accounts.sign_in("Ala", PASSWORD, address=HERE)

    assert user.id == ala.id
    assert accounts.users.named("ala").seen_at


@pytest.mark.parametrize(
    ("name", "password"), [("ala", "wrong"), ("nobody", PASSWORD), ("", ""), ("ala", "")]
)
def test_all_else_is_refused_in_the_same_words(
    accounts: Accounts, ala: User, name: str, password: str
) -> None:
    with pytest.raises(SignInFailed, match="Name and password do not go together"):
        accounts.sign_in(name, password, address=HERE)


def test_a_user_without_password_cannot_sign_in_by_one(accounts: Accounts) -> None:
    accounts.add("ola", role=Role.ADMIN)

    with pytest.raises(SignInFailed):
        accounts.sign_in("ola", "", address=HERE)


def test_after_ten_wrong_ones_the_right_one_is_refused_too(accounts: Accounts, ala: User) -> None:
    for number in range(10):
        with pytest.raises(SignInFailed):
            accounts.sign_in("ala", f"guess {number}", address=HERE)

    with pytest.raises(TooManyAttempts):
        accounts.sign_in("ala", PASSWORD, address=HERE)


def test_a_link_signs_in_once(accounts: Accounts, ala: User) -> None:
    secret = accounts.invite(ala).rpartition("/")[2]

    assert accounts.invited(secret).id == ala.id
    assert accounts.sign_in_by_link(secret).id == ala.id
    with pytest.raises(LinkUsed):
        accounts.invited(secret)
    with pytest.raises(LinkUsed):
        accounts.sign_in_by_link(secret)


def test_a_link_of_a_removed_user_signs_nobody_in(accounts: Accounts, ala: User) -> None:
    secret = accounts.invite(ala).rpartition("/")[2]
    accounts.remove(ala)

    with pytest.raises(LinkUsed):
        accounts.sign_in_by_link(secret)


def test_another_password_ends_the_other_sessions(accounts: Accounts, ala: User) -> None:
    here, elsewhere = session_of(accounts, ala), session_of(accounts, ala)
    this = accounts.sessions.find(here)
    assert this

    accounts.set_password(ala, "another long password", keep_session=this.key)

    assert accounts.sessions.find(here)
    assert accounts.sessions.find(elsewhere) is None
    assert accounts.sign_in("ala", "another long password", address=HERE)


def test_a_bad_password_changes_nothing(accounts: Accounts, ala: User) -> None:
    with pytest.raises(BadPassword):
        accounts.set_password(ala, "short")

    assert accounts.sign_in("ala", PASSWORD, address=HERE)


def test_with_a_user_go_sessions_and_tokens(accounts: Accounts, ala: User) -> None:
    session_id = session_of(accounts, ala)
    _, secret = accounts.create_token("mine", role=Role.USER, user=ala)

    accounts.remove(ala)

    assert accounts.sessions.find(session_id) is None
    assert accounts.tokens.find(secret) is None


def test_the_last_administrator_keeps_everything(accounts: Accounts) -> None:
    admin = accounts.first_admin()
    session_id = session_of(accounts, admin)

    with pytest.raises(LastAdmin):
        accounts.remove(admin)

    assert accounts.sessions.find(session_id)


def test_the_first_administrator_has_no_password(accounts: Accounts) -> None:
    made = accounts.first_admin()

    assert (made.name, made.role, made.has_password) == ("admin", Role.ADMIN, False)
    assert accounts.first_admin() == made


def test_two_that_start_at_once_make_one_administrator(accounts: Accounts) -> None:
    found = side_by_side(4, lambda number: accounts.first_admin().id)

    assert len(set(found)) == 1


def test_a_user_who_is_called_admin_is_none_by_that(accounts: Accounts) -> None:
    accounts.add("admin", role=Role.USER, password=PASSWORD)

    made = accounts.first_admin()

    assert made.name.startswith("admin-")
    assert made.role is Role.ADMIN
    with pytest.raises(UserExists):
        accounts.add("Admin", role=Role.ADMIN)


def test_a_token_may_not_more_than_its_user(accounts: Accounts, ala: User) -> None:
    with pytest.raises(RoleTooLow):
        accounts.create_token("too much", role=Role.OPERATOR, user=ala)


def test_a_user_who_loses_a_role_takes_the_token_along(accounts: Accounts) -> None:
    ola = accounts.add("ola", role=Role.OPERATOR, password=PASSWORD)
    token, _ = accounts.create_token("mine", role=Role.OPERATOR, user=ola)

    accounts.users.change_role(ola, Role.USER)

    assert (accounts.holder(token) or (None, None))[1] is Role.USER


def test_a_token_of_nobody_is_itself(accounts: Accounts) -> None:
    token, _ = accounts.create_token("backup", role=Role.OPERATOR)

    assert accounts.holder(token) == (None, Role.OPERATOR)
    assert token.owner == f"t-{token.id}"


def test_a_foreign_token_cannot_be_revoked(accounts: Accounts, ala: User) -> None:
    token, secret = accounts.create_token("backup", role=Role.OPERATOR)

    with pytest.raises(TokenNotFound):
        accounts.revoke_token(token.id, of=ala.id)

    assert accounts.tokens.find(secret)

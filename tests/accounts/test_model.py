"""Names, roles and passwords: what is taken, and what is not."""

import pytest

from thumbapp.accounts.model import Role, check_password, clean_user_name, folded
from thumbapp.errors import BadPassword, BadRole, BadUserName

MISLEADING = [
    *("", " ", "a" * 65, "a b", "-rf", ".hidden", "<b>", "a/b", "=1+1"),
    *("a\nb", "a\x1b[31m", "a\u202eb", "a\u200bb"),
]


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        (Role.USER, Role.USER, True),
        (Role.USER, Role.OPERATOR, False),
        (Role.OPERATOR, Role.USER, True),
        (Role.OPERATOR, Role.ADMIN, False),
        (Role.ADMIN, Role.OPERATOR, True),
    ],
)
def test_a_role_covers_those_below_it(role: Role, needed: Role, may: bool) -> None:
    assert role.covers(needed) is may


@pytest.mark.parametrize("text", ["", "root", "Admin", "admin "])
def test_another_word_is_no_role(text: str) -> None:
    with pytest.raises(BadRole):
        Role.parse(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [(" ala ", "ala"), ("łukasz", "łukasz"), ("ala@example.org", "ala@example.org"), ("\ufb01n", "fin")],
    ids=["blanks", "letters of any script", "an address", "compatibility forms"],
)
def test_a_name_is_cleaned(text: str, name: str) -> None:
    assert clean_user_name(text) == name


@pytest.mark.parametrize("text", MISLEADING, ids=ascii)
def test_what_could_mislead_is_no_name(text: str) -> None:
    with pytest.raises(BadUserName):
        clean_user_name(text)


def test_capitals_do_not_tell_names_apart() -> None:
    assert folded("Straße") == folded("STRASSE")


@pytest.mark.parametrize(
    "password",
    ["", "short", "aaaaaaaaaaaa", "a" * 5 + "b" * 996, "Somebody.Else"],
    ids=["none", "short", "one character", "too long", "the name"],
)
def test_a_password_that_keeps_nobody_out_is_refused(password: str) -> None:
    with pytest.raises(BadPassword):
        check_password(password, name="somebody.else")

"""Passwords: right or wrong, in the same time, and never more than two at once."""

import threading
from collections import Counter
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.accounts.conftest import side_by_side
from thumbapp.accounts import passwords
from thumbapp.accounts.passwords import Passwords
from thumbapp.errors import SignInBusy

SECRET = "correct horse battery"


class CountingHasher(PasswordHasher):
    """The real hasher, which notes how many of it run at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8_192, parallelism=1)
        self.running = self.most = 0
        self._lock = threading.Lock()

    def hash(self, *args: Any, **options: Any) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            return super().hash(*args, **options)
        finally:
            with self._lock:
                self.running -= 1


def test_the_right_password_matches_and_no_other() -> None:
    checker = Passwords()
    kept = checker.hash(SECRET)

    assert kept.startswith("$argon2id$")
    assert SECRET not in kept
    assert checker.matches(kept, SECRET)
    assert not checker.matches(kept, SECRET + " ")


def test_a_password_is_the_same_from_every_keyboard() -> None:
    checker = Passwords()

    assert checker.matches(checker.hash("zażółć gęślą"), "zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328")


@pytest.mark.parametrize("password", ["", SECRET, "x" * 1_000_000, "\ud800"], ids=len)
def test_nobody_has_no_password(password: str) -> None:
    assert not Passwords().matches("", password)


def test_for_nobody_the_same_work_is_done() -> None:
    checker = Passwords()

    assert not checker.is_outdated(passwords._NOBODYS)
    assert not checker.is_outdated(checker.hash(SECRET))


def test_two_run_at_once_and_the_rest_waits() -> None:
    checker, hasher = Passwords(), CountingHasher()
    checker._hasher = hasher

    side_by_side(10, lambda number: checker.hash(f"{SECRET} {number}"))

    assert hasher.most == passwords.AT_ONCE == 2


def test_more_than_can_wait_are_told_to_come_back() -> None:
    checker = Passwords()

    def one(number: int) -> str:
        try:
            return checker.hash(f"{SECRET} {number}")[:9]
        except SignInBusy:
            return "busy"

    counted = Counter(side_by_side(30, one))

    assert counted["$argon2id"] >= passwords.AT_ONCE + passwords.WAITING
    assert counted["busy"] >= 1
    assert checker.hash(SECRET)

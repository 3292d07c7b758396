"""Accounts over a private server, and a clock that is moved by hand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
import redis

from thumbapp.accounts.service import Accounts

NAMESPACE = "test:v1:"
T = TypeVar("T")


@dataclass
class Clock:
    """A clock that stands still until it is moved; it begins now, as the server's own does."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands at this moment."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def accounts(redis_client: redis.Redis) -> Accounts:
    """Return the accounts of an empty installation."""
    return Accounts(redis_client, namespace=NAMESPACE)


def side_by_side(times: int, act: Callable[[int], T]) -> list[T]:
    """Return what *act* gave when called *times* times at once, each with its number."""
    begin = threading.Barrier(times)
    given: list[T] = []

    def one(number: int) -> None:
        begin.wait()
        given.append(act(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given

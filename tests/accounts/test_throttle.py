"""How often one may try: counted on the server, for a name and for an address."""

import pytest
import redis

from tests.accounts.conftest import NAMESPACE, side_by_side
from thumbapp.accounts.throttle import Throttle
from thumbapp.errors import TooManyAttempts, TooManyUploads


@pytest.fixture
def throttle(any_client: redis.Redis) -> Throttle:
    """Return counts that begin at nothing, on a server of each kind."""
    return Throttle(any_client, namespace=NAMESPACE)


def attempts(throttle: Throttle, *, name: str = "ala", address: str = "192.0.2.1", most: int = 100) -> int:
    """Return how many attempts are let through before one is refused."""
    for count in range(most):
        try:
            throttle.attempt(name, address=address)
        except TooManyAttempts:
            return count
    return most


def test_a_name_is_tried_ten_times_wherever_from(throttle: Throttle) -> None:
    assert attempts(throttle, most=6) == 6
    assert attempts(throttle, name="ALA", address="192.0.2.2") == 4
    assert attempts(throttle, name="ola", most=3) == 3


def test_it_says_when_to_try_again(throttle: Throttle) -> None:
    attempts(throttle)

    with pytest.raises(TooManyAttempts, match="15 min") as refused:
        throttle.attempt("ala", address="192.0.2.2")

    assert 14 * 60 < refused.value.retry_after_s <= 15 * 60


def test_an_address_tries_thirty_names(throttle: Throttle) -> None:
    counts = [attempts(throttle, name=f"name-{number}", most=1) for number in range(40)]

    assert sum(counts) == 30
    assert attempts(throttle, name="other", address="192.0.2.2", most=1) == 1


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(throttle: Throttle) -> None:
    throttle.forgive("ala", address="192.0.2.1")

    attempts(throttle, address="203.0.113.9")

    assert attempts(throttle, address="192.0.2.1", most=3) == 3
    assert attempts(throttle, address="203.0.113.9") == 0


def test_the_right_password_forgets_the_wrong_ones(throttle: Throttle) -> None:
    attempts(throttle, most=9)

    throttle.forgive("ala", address="192.0.2.1")

    assert attempts(throttle, most=9) == 9


def test_not_one_more_gets_through_side_by_side(throttle: Throttle) -> None:
    def upload(number: int) -> bool:
        try:
            throttle.upload("192.0.2.1", per_minute=5)
        except TooManyUploads:
            return False
        return True

    assert sum(side_by_side(12, upload)) == 5


def test_nought_is_no_limit(throttle: Throttle) -> None:
    for _ in range(20):
        throttle.upload("192.0.2.1", per_minute=0)


def test_what_is_counted_is_forgotten_in_time_and_says_no_name(
    throttle: Throttle, any_client: redis.Redis
) -> None:
    throttle.attempt("ala", address="192.0.2.1")
    throttle.forgive("ala", address="192.0.2.1")
    throttle.upload("192.0.2.1", per_minute=5)

    keys = list(any_client.scan_iter())

    assert keys
    assert all(any_client.ttl(key) > 0 for key in keys)
    assert not any(b"ala" in key for key in keys)
    assert all(key.startswith(NAMESPACE.encode()) for key in keys)

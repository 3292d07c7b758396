"""Sign-in links: used once, by whoever is first, and soon over."""

from datetime import timedelta

import pytest
import redis

from tests.accounts.conftest import NAMESPACE, side_by_side
from thumbapp.accounts.links import AT_START, LinkStore


@pytest.fixture
def links(any_client: redis.Redis) -> LinkStore:
    """Return an empty store on a server of each kind."""
    return LinkStore(any_client, namespace=NAMESPACE)


def test_looking_does_not_use_it_up(links: LinkStore) -> None:
    secret = links.make("u-1", lasting=AT_START)

    assert [links.user_of(secret) for _ in range(3)] == ["u-1"] * 3
    assert links.take(secret) == "u-1"
    assert links.user_of(secret) == links.take(secret) == ""


def test_of_many_who_use_it_at_once_one_gets_in(links: LinkStore) -> None:
    secret = links.make("u-1", lasting=AT_START)

    assert sorted(side_by_side(8, lambda number: links.take(secret))) == [""] * 7 + ["u-1"]


def test_it_is_over_after_ten_minutes(links: LinkStore, any_client: redis.Redis) -> None:
    secret = links.make("u-1", lasting=AT_START)

    key = next(any_client.scan_iter())

    assert timedelta(minutes=10) == AT_START
    assert 595 <= any_client.ttl(key) <= 600
    assert secret.encode() not in key


@pytest.mark.parametrize("secret", ["", "x" * 32, "\ud800", "*"], ids=ascii)
def test_what_is_none_signs_nobody_in(links: LinkStore, secret: str) -> None:
    links.make("u-1", lasting=AT_START)

    assert links.take(secret) == ""

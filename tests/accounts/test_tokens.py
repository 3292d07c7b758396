"""API tokens: shown once, kept as a hash, over when they expire or are revoked."""

import pytest
import redis

from tests.accounts.conftest import NAMESPACE, Clock
from thumbapp.accounts.model import Role
from thumbapp.accounts.tokens import TokenStore
from thumbapp.errors import TokenNotFound


@pytest.fixture
def tokens(any_client: redis.Redis, clock: Clock) -> TokenStore:
    """Return an empty store on a server of each kind."""
    return TokenStore(any_client, namespace=NAMESPACE, clock=clock)


def test_its_secret_finds_a_token(tokens: TokenStore) -> None:
    made, secret = tokens.create("backup", role=Role.OPERATOR, user_id="u-1", days=30)

    found = tokens.find(secret)

    assert found
    assert (found.id, found.name, found.role, found.owner) == (made.id, "backup", Role.OPERATOR, "u-1")
    assert len(secret) >= 43


@pytest.mark.parametrize("secret", ["", "thumb_", "thumb_" + "x" * 43, "Bearer", "\ud800"], ids=ascii)
def test_another_finds_none(tokens: TokenStore, secret: str) -> None:
    tokens.create("backup", role=Role.ADMIN)

    assert tokens.find(secret) is None


def test_redis_does_not_know_the_secret(tokens: TokenStore, any_client: redis.Redis) -> None:
    _, secret = tokens.create("backup", role=Role.ADMIN)

    kept = [any_client.dump(key) for key in any_client.scan_iter()]

    assert not any(secret.encode() in part for part in [*any_client.scan_iter(), *kept])


def test_a_token_expires(tokens: TokenStore, clock: Clock) -> None:
    _, brief = tokens.create("brief", role=Role.USER, days=1)
    _, lasting = tokens.create("lasting", role=Role.USER)

    clock.pass_(days=1)

    assert tokens.find(brief) is None
    assert tokens.find(lasting)


def test_a_revoked_token_opens_nothing_at_once(tokens: TokenStore) -> None:
    made, secret = tokens.create("backup", role=Role.USER)

    tokens.revoke(tokens.get(made.id))

    assert tokens.find(secret) is None
    assert tokens.all() == []
    with pytest.raises(TokenNotFound):
        tokens.get(made.id)


def test_its_last_use_is_known_to_the_minute(tokens: TokenStore, clock: Clock) -> None:
    made, secret = tokens.create("backup", role=Role.USER)
    first = clock.now

    tokens.find(secret)
    clock.pass_(seconds=30)
    tokens.find(secret)

    used_at = tokens.get(made.id).used_at
    assert used_at
    assert abs((used_at - first).total_seconds()) < 0.01


def test_what_cannot_be_seen_is_no_part_of_its_name(tokens: TokenStore) -> None:
    made, _ = tokens.create("\x1b[31mred\u202e\n" + "x" * 100, role=Role.USER)

    assert made.name.isprintable()
    assert len(made.name) == 64

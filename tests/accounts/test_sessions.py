"""Sessions: found by an id that only the browser has, ended by time, by hand, and for good."""

import pytest
import redis

from tests.accounts.conftest import NAMESPACE, Clock
from thumbapp.accounts.sessions import SessionStore


@pytest.fixture
def sessions(any_client: redis.Redis, clock: Clock) -> SessionStore:
    """Return an empty store on a server of each kind."""
    return SessionStore(any_client, namespace=NAMESPACE, clock=clock)


def start(sessions: SessionStore, user_id: str = "u-1") -> str:
    """Begin a session and return its id."""
    return sessions.start(user_id, address="192.0.2.1", agent="Browser", data="{}")


def test_a_session_holds_what_was_put_in(sessions: SessionStore) -> None:
    session_id = start(sessions)
    found = sessions.find(session_id)
    assert found

    sessions.save(found, '{"a": 1}')

    again = sessions.find(session_id)
    assert again
    assert (again.user_id, again.address, again.agent) == ("u-1", "192.0.2.1", "Browser")
    assert again.data == '{"a": 1}'


def test_redis_does_not_know_the_id(sessions: SessionStore, any_client: redis.Redis) -> None:
    session_id = start(sessions)

    kept = [any_client.dump(key) for key in any_client.scan_iter()]

    assert len(session_id) >= 22
    assert not any(session_id.encode() in part for part in [*any_client.scan_iter(), *kept])


@pytest.mark.parametrize("session_id", ["", "x" * 22, "\ud800", "../../etc"], ids=ascii)
def test_an_unknown_id_opens_nothing(sessions: SessionStore, session_id: str) -> None:
    start(sessions)

    assert sessions.find(session_id) is None


def test_a_day_without_use_ends_it(sessions: SessionStore, clock: Clock) -> None:
    session_id = start(sessions)

    clock.pass_(hours=23)
    assert sessions.find(session_id)
    clock.pass_(hours=23)
    assert sessions.find(session_id)
    clock.pass_(hours=24)

    assert sessions.find(session_id) is None
    assert sessions.of("u-1") == []


def test_two_weeks_end_it_in_any_case(sessions: SessionStore, clock: Clock) -> None:
    session_id = start(sessions)

    for _ in range(13 * 2 + 1):
        clock.pass_(hours=12)
        assert sessions.find(session_id)
    clock.pass_(hours=12)

    assert sessions.find(session_id) is None


def test_the_server_forgets_it_by_itself(sessions: SessionStore, any_client: redis.Redis) -> None:
    start(sessions)

    sessions.save(sessions.of("u-1")[0], "{}")

    keys = list(any_client.scan_iter())
    assert len(keys) == 2
    assert all(0 < any_client.ttl(key) <= 14 * 24 * 3600 for key in keys)


def test_what_was_ended_is_not_brought_back_by_a_request_under_way(sessions: SessionStore) -> None:
    session_id = start(sessions)
    under_way = sessions.find(session_id)
    assert under_way

    sessions.end(under_way)
    sessions.save(under_way, '{"late": true}')

    assert sessions.find(session_id) is None


def test_all_but_one_are_ended(sessions: SessionStore) -> None:
    kept, ended, foreign = start(sessions), start(sessions), start(sessions, "u-2")
    this = sessions.find(kept)
    assert this

    count = sessions.end_all("u-1", but=this.key)

    assert count == 1
    assert [bool(sessions.find(session_id)) for session_id in (kept, ended, foreign)] == [True, False, True]

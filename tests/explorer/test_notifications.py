"""Keyspace notifications are switched on for a while, and put back as they were."""

from collections.abc import Callable

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR
from tests.patience import until
from thumbapp.errors import BadEdit, ConfirmationNeeded, ModeNeeded, ServerAway, ServerRefused
from thumbapp.explorer.feeds import FeedHub
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.notifications import SETTING, Notifications, event_of, patterns
from thumbapp.explorer.resp import Argv


@pytest.fixture
def switch(gate: Gate, any_client: redis.Redis) -> Notifications:
    """Return the switch of each kind of server."""
    any_client.config_set(SETTING, "")
    return Notifications(gate, any_client, namespace="thumbapp:v1:")


@pytest.fixture
def turn_on(switch: Notifications) -> Callable[[str], None]:
    """Return what sets letters, with its confirmation."""

    def on(letters: str) -> None:
        with pytest.raises(ConfirmationNeeded) as asked:
            switch.set(letters, caller=ADMIN)
        switch.set(letters, caller=ADMIN, confirm=asked.value.token)

    return on


def setting(client: redis.Redis) -> set[str]:
    return set(client.config_get(SETTING)[SETTING])


def test_letters_are_set_and_put_back(
    switch: Notifications, turn_on: Callable[[str], None], any_client: redis.Redis
) -> None:
    any_client.config_set(SETTING, "Ex")

    turn_on("K$")

    state = switch.state()
    assert setting(any_client) == {"K", "$"}
    assert set(state.before or "") == {"E", "x"}
    assert 590 <= state.left_s <= 600
    assert switch.restore()
    assert setting(any_client) == {"E", "x"}
    assert not switch.restore()


def test_what_it_was_first_is_what_comes_back(
    switch: Notifications, turn_on: Callable[[str], None], any_client: redis.Redis
) -> None:
    turn_on("K$")
    turn_on("Eg")

    switch.restore()

    assert setting(any_client) == set()


@pytest.mark.parametrize(("limit", "act"), [("LASTS_S", "renew"), ("LEAVES_S", "leave")])
def test_it_is_put_back_when_its_time_is_over(
    limit: str,
    act: str,
    switch: Notifications,
    turn_on: Callable[[str], None],
    any_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn_on("K$")
    getattr(switch, act)()
    assert not switch.restore_if_due()

    monkeypatch.setattr(f"thumbapp.explorer.notifications.{limit}", 0)
    getattr(switch, act)()

    assert switch.restore_if_due()
    assert setting(any_client) == set()


def test_who_still_watches_keeps_it_after_another_left(
    switch: Notifications, turn_on: Callable[[str], None]
) -> None:
    turn_on("K$")
    switch.leave()
    assert switch.state().left_s <= 20

    switch.renew()

    assert switch.state().left_s >= 590


def test_set_and_append_arrive_as_they_happen(
    gate: Gate, switch: Notifications, turn_on: Callable[[str], None], any_client: redis.Redis
) -> None:
    turn_on("KE$")
    feed_hub = FeedHub(gate.server.pool)
    feed = feed_hub.feed(patterns=patterns(switch.state().letters, db=0))
    until(lambda: any_client.pubsub_numpat() == 2)

    any_client.set("key", "1")
    any_client.incr("key")
    until(lambda: feed.position == 4)

    events = [event_of(message.channel, message.data) for message in feed.wait(0, timeout_s=0).messages]
    assert events == [
        ("key", b"key", b"set"),
        ("event", b"key", b"set"),
        ("key", b"key", b"incrby"),
        ("event", b"key", b"incrby"),
    ]
    feed_hub.close()


@pytest.mark.parametrize(
    ("error", "is_kept"), [(ServerAway("test", "reset"), True), (ServerRefused("ERR"), False)]
)
def test_what_it_was_is_kept_unless_the_server_refused(
    error: Exception, is_kept: bool, gate: Gate, switch: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfirmationNeeded) as asked:
        switch.set("K$", caller=ADMIN)

    def run(argv: Argv, **options: object) -> None:
        raise error

    monkeypatch.setattr(gate, "run", run)

    with pytest.raises(type(error)):
        switch.set("K$", caller=ADMIN, confirm=asked.value.token)

    assert switch.restore() is is_kept


@pytest.mark.parametrize(("caller", "error"), [(ADMIN, ConfirmationNeeded), (EDITOR, ModeNeeded)])
def test_what_was_not_done_is_not_put_back(
    caller: Caller, error: type[Exception], switch: Notifications
) -> None:
    with pytest.raises(error):
        switch.set("K$", caller=caller)

    assert switch.state().before is None


@pytest.mark.parametrize("letters", ["K", "$", "K?", "EK"])
def test_letters_that_tell_nothing_are_refused(letters: str, switch: Notifications) -> None:
    with pytest.raises(BadEdit):
        switch.set(letters, caller=ADMIN)


def test_one_key_is_watched_by_its_exact_name() -> None:
    assert patterns(frozenset("K$"), db=2, key=b"a*[b]") == [rb"__keyspace@2__:a\*\[b\]"]

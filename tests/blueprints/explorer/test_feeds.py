"""The pages of pub/sub and of events: what comes is streamed, counted and resumed; settings are put back."""

import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import redis

from tests.blueprints.explorer.conftest import OTHER_DB, editing
from tests.blueprints.people import Browser, Site
from tests.patience import until
from thumbapp.accounts.model import Role
from thumbapp.explorer.notifications import SETTING

NEWS = f"/redis/pubsub?db={OTHER_DB}&channels=news&patterns=user:*"


@pytest.fixture
def keys(redis_url: str) -> Iterator[redis.Redis]:
    """Return a client of the database; the notifications are off before and after."""
    client = redis.Redis.from_url(redis_url.replace("/0", f"/{OTHER_DB}"), protocol=2, socket_keepalive=False)
    client.config_set(SETTING, "")
    yield client
    client.config_set(SETTING, "")
    client.close()


def portion(browser: Browser, address: str, after: str = "") -> dict[str, Any]:
    """Return what a page that polls is told."""
    told: dict[str, Any] = browser.get(f"{address}&after={after}").json
    return told


def first_frame(browser: Browser, address: str) -> dict[str, Any]:
    """Return the first messages that a stream brings."""
    answer = browser.client.get(address)
    frames = iter(answer.response)
    text = b""
    while b"event: messages" not in text:
        text += next(frames)
    answer.close()
    data = re.search(rb"event: messages\ndata: (.*)\n", text)
    assert data is not None
    told: dict[str, Any] = orjson.loads(data[1])
    return told


def test_messages_are_polled_from_where_one_was(admin: Browser, keys: redis.Redis) -> None:
    address = NEWS.replace("pubsub?", "pubsub/messages?")
    begun = portion(admin, address)
    until(lambda: keys.pubsub_numsub("news")[0][1] and keys.pubsub_numpat())

    keys.publish("news", b"\xff<b>")
    keys.publish("user:42", "two")
    until(lambda: len(portion(admin, address, begun["id"])["messages"]) == 2)

    told = portion(admin, address, begun["id"])
    assert [(row["channel"], row["pattern"], row["text"]) for row in told["messages"]] == [
        ("news", "", "\\xff<b>"),
        ("user:42", "user:*", "two"),
    ]
    assert (told["dropped"], told["lost"]) == (0, False)
    assert portion(admin, address, told["id"])["messages"] == []


def test_an_id_of_a_feed_that_is_gone_says_that_something_may_be_missing(admin: Browser) -> None:
    address = NEWS.replace("pubsub?", "pubsub/messages?")

    assert portion(admin, address, "123-4")["lost"]
    assert portion(admin, address, "nonsense")["lost"]


def test_a_message_is_streamed(admin: Browser, keys: redis.Redis) -> None:
    def publish() -> None:
        until(lambda: keys.pubsub_numsub("own")[0][1])
        keys.publish("own", "hello")

    thread = threading.Thread(target=publish)
    thread.start()

    told = first_frame(admin, f"/redis/pubsub/stream?db={OTHER_DB}&channels=own")  # nobody else listens there
    thread.join()

    assert [row["text"] for row in told["messages"]] == ["hello"]


def test_publishing_says_how_many_heard(admin: Browser, keys: redis.Redis) -> None:
    with keys.pubsub() as other:
        other.subscribe("news")
        until(lambda: keys.pubsub_numsub("news")[0][1])

        answer = admin.post(NEWS.replace("?", "/publish?"), channel="news", message="hello")

        assert answer.status_code == 303
        assert "channels=news" in answer.headers["Location"]
        assert "1 heard it on news." in admin.get(answer.headers["Location"]).text


def test_who_listens_is_counted(admin: Browser, keys: redis.Redis) -> None:
    with keys.pubsub() as other:
        other.subscribe("news", "<i>odd</i>")
        until(lambda: keys.pubsub_numsub("news")[0][1])

        page = admin.get(f"/redis/pubsub?db={OTHER_DB}").text

        assert "&lt;i&gt;odd&lt;/i&gt;" in page
        assert "<i>odd" not in page


def test_too_many_channels_are_a_sentence(admin: Browser) -> None:
    many = "+".join(f"c{number}" for number in range(300))

    answer = admin.get(f"/redis/pubsub/messages?db={OTHER_DB}&channels={many}")

    assert answer.status_code == 403
    assert "200 channels" in answer.text


def turn_on(admin: Browser, *letters: str) -> None:
    """Have the server tell *letters*, with the confirmation."""
    asked = admin.post(f"/redis/events?db={OTHER_DB}", letter=list(letters))
    token = re.search(r'name="confirm" value="([^"]+)"', asked.text)
    assert token is not None
    assert "Change it for the server" in asked.text
    assert (
        admin.post(f"/redis/events?db={OTHER_DB}", letter=list(letters), confirm=token[1]).status_code == 303
    )


def test_events_are_switched_on_heard_and_put_back(admin: Browser, keys: redis.Redis) -> None:
    turn_on(admin, "K", "E", "$")
    address = f"/redis/events/messages?db={OTHER_DB}"
    begun = portion(admin, address)
    until(lambda: keys.pubsub_numpat() >= 2)

    keys.set("key", 1)
    keys.incr("key")
    until(lambda: len(portion(admin, address, begun["id"])["messages"]) == 4)

    rows = portion(admin, address, begun["id"])["messages"]
    assert [(row["channel"], row["event"]) for row in rows] == [
        ("__keyspace@9__:key", "set"),
        ("__keyevent@9__:set", "set"),
        ("__keyspace@9__:key", "incrby"),
        ("__keyevent@9__:incrby", "incrby"),
    ]
    admin.post(f"/redis/events/restore?db={OTHER_DB}")
    assert keys.config_get(SETTING) == {SETTING: ""}


def test_leaving_puts_it_back_unless_another_still_watches(
    admin: Browser, keys: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thumbapp.explorer.notifications.LEAVES_S", 0)
    monkeypatch.setattr("thumbapp.blueprints.explorer.events.LEAVES_S", 0)
    monkeypatch.setattr("thumbapp.blueprints.explorer.events._GRACE_S", 0.05)
    turn_on(admin, "K", "$")

    assert admin.post(f"/redis/events/leave?db={OTHER_DB}").status_code == 204

    until(lambda: keys.config_get(SETTING) == {SETTING: ""})


def test_an_operator_sees_the_letters_and_may_not_change_them(site: Site, keys: redis.Redis) -> None:
    operator = editing(site, Role.OPERATOR)

    page = operator.get(f"/redis/events?db={OTHER_DB}").text
    answer = operator.post(f"/redis/events?db={OTHER_DB}", letter=["K", "$"])

    assert "Changing it needs admin mode." in page
    assert (answer.status_code, keys.config_get(SETTING)) == (403, {SETTING: ""})


def test_one_key_can_be_watched(admin: Browser, keys: redis.Redis) -> None:
    turn_on(admin, "K", "$")

    page = admin.get(f"/redis/events?db={OTHER_DB}&key=YSpi").text

    assert "Events of one key" in page
    assert "a*b" in page


@pytest.mark.parametrize(
    ("channels", "words"),
    [(" ".join(map(str, range(201))), "listens to 200 channels"), ('"half', "a quote is not closed")],
    ids=["too many", "half a name"],
)
def test_what_cannot_be_listened_to_is_a_sentence(channels: str, words: str, admin: Browser) -> None:
    page = admin.get(f"/redis/pubsub?db={OTHER_DB}&channels={quote(channels)}")

    assert words in page.text
    assert 'id="feed"' not in page.text


def test_a_page_that_polls_hears_nothing_twice_and_when_to_ask_again(admin: Browser) -> None:
    first = admin.client.get(NEWS.replace("pubsub?", "pubsub/messages?"))
    address = f"{NEWS.replace('pubsub?', 'pubsub/messages?')}&after={first.json['id']}"

    again = admin.client.get(address)
    same = admin.client.get(address, headers={"If-None-Match": again.headers["ETag"]})

    assert (first.status_code, again.status_code, same.status_code) == (200, 200, 304)
    assert same.headers["Poll-After"] == "5.0"

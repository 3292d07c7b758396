"""Every change of every type is done by a form, seen to change, and undone; nobody's work is overwritten."""

import html
import re
from urllib.parse import unquote

import pytest
import redis

from tests.blueprints.conftest import MakeSite
from tests.blueprints.explorer.conftest import OTHER_DB, editing
from tests.blueprints.people import Browser, Site
from tests.explorer.test_edit import FILL, value
from thumbapp.accounts.model import Role
from thumbapp.explorer.names import to_id
from thumbapp.explorer.undo import mark
from thumbapp.forms.explorer.actions import ACTIONS
from thumbapp.forms.explorer.model import place_id

KEY = f"/redis?db={OTHER_DB}&key={to_id(b'k')}"
CREW = to_id(b"crew")
Form = dict[str, str]


def change(browser: Browser, action: str, key: bytes = b"k", **form: str) -> str:
    """Send a form about a key and return the page that follows."""
    answer = browser.post(f"/redis/change?db={OTHER_DB}&key={to_id(key)}", action=action, **form)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location).text


def undo_shown(page: str) -> str:
    """Return the id that the page offers to undo the last change by."""
    return re.findall(r'name="undo"\s+value="([^"]+)"', page)[0]


# Each form, the type it is for, what is typed, and the value then.
FORMS: dict[str, tuple[str, str, Form, object]] = {
    "set": ("string", "string.set", {"value": "two\r\nlines", "seen": mark(b"1300")}, b"two\nlines"),
    "append": ("string", "string.append", {"value": " Redis Test101"}, b"1300 Redis Test101"),
    "bytes": ("string", "string.append", {"value": "\\xff\\n", "writing": "escaped"}, b"1300\xff\n"),
    "write": ("string", "string.write", {"offset": "1", "value": "58 59", "writing": "hex"}, b"1XY0"),
    "bit": ("string", "string.bit", {"place": "7", "bit": "0"}, b"0300"),
    "add": ("string", "string.add", {"by": "25"}, b"1325"),
    "take-away": ("string", "string.add", {"by": "30", "sign": "-"}, b"1270"),
    "fraction": ("string", "string.add", {"by": "0.5"}, b"1300.5"),
    "push": ("list", "list.push", {"values": "d\r\ne e\r\n"}, [b"a", b"b", b"a", b"c", b"d", b"e e"]),
    "push-head": ("list", "list.push", {"values": "d", "end": "head"}, [b"d", b"a", b"b", b"a", b"c"]),
    "pop": ("list", "list.pop", {"end": "tail", "count": "2"}, [b"a", b"b"]),
    "element": ("list", "list.set", {"value": "X", "item": place_id(2, b"a")}, [b"a", b"b", b"X", b"c"]),
    "insert": (
        "list",
        "list.insert",
        {"value": "X", "where": "after", "item": place_id(2, b"a")},
        [b"a", b"b", b"a", b"X", b"c"],
    ),
    "remove-element": ("list", "list.remove", {"item": place_id(2, b"a")}, [b"a", b"b", b"c"]),
    "trim": ("list", "list.trim", {"start": "1", "stop": "-2"}, [b"b", b"a"]),
    "members": ("set", "set.add", {"values": "c\nd"}, {b"a", b"b", b"c", b"d"}),
    "remove-member": ("set", "set.remove", {"item": to_id(b"a")}, {b"b"}),
    "combine": ("set", "set.combine", {"how": "union", "others": "other", "into": "both"}, {b"a", b"b"}),
    "scored": ("zset", "zset.add", {"value": "c", "score": "-1"}, [(b"c", -1), (b"a", 1), (b"b", 2)]),
    "flag": ("zset", "zset.add", {"value": "a", "score": "9", "flag": "NX"}, [(b"a", 1), (b"b", 2)]),
    "score": ("zset", "zset.score", {"item": to_id(b"a"), "score": "9"}, [(b"b", 2), (b"a", 9)]),
    "by-score": ("zset", "zset.by", {"item": to_id(b"b"), "by": "5", "sign": "-"}, [(b"b", -3), (b"a", 1)]),
    "remove-scored": ("zset", "zset.remove", {"item": to_id(b"a")}, [(b"b", 2)]),
    "place": (
        "zset",
        "zset.place",
        {"value": "Palermo", "longitude": "13.361389", "latitude": "38.115556"},
        [(b"a", 1), (b"b", 2), (b"Palermo", 3479099956230698)],
    ),
    "field": ("hash", "hash.add", {"field": "g", "value": "w"}, {b"f": b"v", b"n": b"5", b"g": b"w"}),
    "set-field": (
        "hash",
        "hash.set",
        {"item": to_id(b"f"), "value": "w", "seen": mark(b"v")},
        {b"f": b"w", b"n": b"5"},
    ),
    "by-field": ("hash", "hash.by", {"item": to_id(b"n"), "by": "6", "sign": "-"}, {b"f": b"v", b"n": b"-1"}),
    "remove-field": ("hash", "hash.remove", {"item": to_id(b"f")}, {b"n": b"5"}),
    "entry": ("stream", "stream.add", {"pairs": "a=3\nb=x=y", "id": "3-1"}, [b"1-1", b"2-1", b"3-1"]),
    "remove-entry": ("stream", "stream.remove", {"item": "1-1"}, [b"2-1"]),
    "trim-stream": ("stream", "stream.trim", {"most": "1"}, [b"2-1"]),
    "group": ("stream", "stream.group", {"new_group": "new", "start": "0"}, [b"1-1", b"2-1"]),
    "move-group": ("stream", "stream.move", {"group": CREW, "start": "0"}, [b"1-1", b"2-1"]),
    "forget": ("stream", "stream.forget", {"group": CREW, "item": to_id(b"ann")}, [b"1-1", b"2-1"]),
    "acknowledge": ("stream", "stream.ack", {"group": CREW, "item": "1-1"}, [b"1-1", b"2-1"]),
    "claim": ("stream", "stream.claim", {"group": CREW, "item": "1-1", "consumer": "bob"}, [b"1-1", b"2-1"]),
    "rename": ("list", "key.rename", {"new": "other name"}, []),
    "delete": ("hash", "key.delete", {}, []),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_changes_what_it_says_and_is_undone(name: str, browser: Browser, keys: redis.Redis) -> None:
    kind, action, form, expected = FORMS[name]
    FILL[kind](keys)
    before = value(keys)

    page = change(browser, action, **form)

    assert value(keys) == expected
    browser.post(f"/redis/undo?db={OTHER_DB}", undo=undo_shown(page))
    assert value(keys) == before


def test_a_change_and_its_undo_lead_back_to_the_part_that_was_shown(
    browser: Browser, keys: redis.Redis
) -> None:
    FILL["zset"](keys)
    part, item = "v_by=lex&v_low=[a", f"v_item={to_id(b'a')}"

    led = browser.post(
        f"/redis/change?{KEY.partition('?')[2]}&{part}&{item}", action="zset.remove", item=to_id(b"a")
    )
    page = browser.get(led.location).text
    undone = browser.post(
        html.unescape(re.findall(r'action="(/redis/undo[^"]+)"', page)[0]), undo=undo_shown(page)
    )

    for location in (led.location, undone.location):
        assert "v_by=lex&v_low=[a" in unquote(location)
        assert "v_item" not in location


NEW: dict[str, tuple[Form, bytes]] = {
    "string": ({"value": "hello world!"}, b"string"),
    "list": ({"values": "1\n2\n3"}, b"list"),
    "set": ({"values": "a\nb"}, b"set"),
    "zset": ({"value": "m", "score": "-inf"}, b"zset"),
    "hash": ({"field": "f", "value": "v"}, b"hash"),
    "stream": ({"pairs": "a=1", "id": "*"}, b"stream"),
    "places": ({"value": "Rome", "longitude": "12.5", "latitude": "41.9"}, b"zset"),
    "hyperloglog": ({"values": "a\nb"}, b"string"),
    "bitmap": ({"place": "9"}, b"string"),
}


@pytest.mark.parametrize("kind", NEW)
def test_a_key_of_every_type_is_made_with_an_end_and_unmade(
    kind: str, browser: Browser, keys: redis.Redis
) -> None:
    form, stored = NEW[kind]
    name = b"Pierwsza lista w Redisie"
    assert f'value="new.{kind}"' in browser.get(f"/redis/new?db={OTHER_DB}&new={kind}").text

    page = change(browser, f"new.{kind}", name=name.decode(), life="2 h", **form)

    assert keys.type(name) == stored
    assert 7_100_000 < keys.pttl(name) <= 7_200_000
    browser.post(f"/redis/undo?db={OTHER_DB}", undo=undo_shown(page))
    assert not keys.exists(name)


@pytest.mark.parametrize("kind", ["string", "list", "hyperloglog", "bitmap"])
def test_a_new_key_never_takes_the_place_of_another(kind: str, browser: Browser, keys: redis.Redis) -> None:
    keys.set("taken", "mine")

    answer = browser.post(f"/redis/change?db={OTHER_DB}", action=f"new.{kind}", name="taken", **NEW[kind][0])

    assert (answer.status_code, keys.get("taken")) == (409, b"mine")
    assert "is there already" in answer.text
    assert 'value="taken"' in answer.text


def test_there_is_a_form_for_every_change() -> None:
    tried = {action for _, action, _, _ in FORMS.values()} | {f"new.{kind}" for kind in NEW}
    elsewhere = {"string.count", "hash.expire", "hash.persist", "key.expire", "key.persist", "stream.destroy"}

    assert set(ACTIONS) == tried | elsewhere


def test_what_somebody_else_changed_is_shown_and_not_overwritten(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", "theirs\nsame")

    answer = browser.post(
        f"/redis/change?db={OTHER_DB}&key={to_id(b'k')}",
        action="string.set",
        value="mine\nsame",
        seen=mark(b"before"),
    )

    assert (answer.status_code, keys.get("k")) == (409, b"theirs\nsame")
    assert "-theirs" in answer.text
    assert "+mine" in answer.text
    assert re.search(r"<textarea[^>]*>\nmine\nsame</textarea>", answer.text)
    assert mark(b"theirs\nsame") in answer.text  # so that a yes overwrites what was shown, and only that


def test_an_undo_that_would_lose_later_work_asks_first(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", "first")
    undo_id = undo_shown(change(browser, "string.append", value="+"))
    keys.set("k", "later")

    answer = browser.post(f"/redis/undo?db={OTHER_DB}", undo=undo_id)

    assert (answer.status_code, keys.get("k")) == (409, b"later")
    browser.post(f"/redis/undo?db={OTHER_DB}", undo=undo_id, force="1")
    assert keys.get("k") == b"first"


def test_a_group_is_removed_after_a_yes(browser: Browser, keys: redis.Redis) -> None:
    FILL["stream"](keys)
    path, form = f"/redis/change?db={OTHER_DB}&key={to_id(b'k')}", {"action": "stream.destroy", "group": CREW}

    asked = browser.post(path, **form)
    confirm = re.findall(r'name="confirm" value="([^"]+)"', asked.text)[0]
    kept = keys.xinfo_groups("k")
    done = browser.post(path, confirm=confirm, **form)

    assert (asked.status_code, len(kept), done.status_code) == (409, 1, 303)
    assert keys.xinfo_groups("k") == []


@pytest.mark.parametrize(
    ("action", "form", "status"),
    [
        ("string.add", {"by": "many"}, 422),
        ("string.append", {"value": "zz", "writing": "hex"}, 422),
        ("list.push", {"values": "a"}, 422),
        ("list.push", {"values": ""}, 422),
        ("key.rename", {"new": ""}, 422),
        ("key.rename", {"new": "taken"}, 409),
        ("key.expire", {"life": "soon"}, 422),
        ("hash.set", {"item": "%%", "value": "x"}, 400),
        ("no.form", {}, 400),
    ],
)
def test_what_cannot_be_done_says_why_and_keeps_what_was_typed(
    action: str, form: Form, status: int, browser: Browser, keys: redis.Redis
) -> None:
    keys.mset({"k": "text", "taken": "x"})

    answer = browser.post(f"/redis/change?db={OTHER_DB}&key={to_id(b'k')}", action=action, **form)

    assert answer.status_code == status
    assert keys.get("k") == b"text"
    assert action == "no.form" or all(text in answer.text for text in form.values())


def test_an_emptied_list_disappears_and_comes_back(browser: Browser, keys: redis.Redis) -> None:
    keys.rpush("k", "only")

    page = change(browser, "list.pop", end="head", count="1")

    assert "There is no key k" in page
    assert "only" in page  # what was taken
    browser.post(f"/redis/undo?db={OTHER_DB}", undo=undo_shown(page))
    assert keys.lrange("k", 0, -1) == [b"only"]


def test_a_life_is_set_and_taken_away(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", "v")

    page = change(browser, "key.expire", life="15 min")

    assert 890_000 < keys.pttl("k") <= 900_000
    change(browser, "key.persist")
    assert keys.pttl("k") == -1
    browser.post(f"/redis/undo?db={OTHER_DB}", undo=undo_shown(page), force="1")


def test_a_key_is_copied_to_another_database(browser: Browser, keys: redis.Redis) -> None:
    FILL["hash"](keys)

    answer = browser.post(f"/redis/copy?db={OTHER_DB}&key={to_id(b'k')}", new="copy", to_db=str(OTHER_DB + 1))
    page = browser.get(answer.location).text

    there = redis.Redis.from_url(keys_url(keys, OTHER_DB + 1), protocol=2, socket_keepalive=False)
    assert there.hget("copy", "f") == b"v"
    again = browser.post(f"/redis/copy?db={OTHER_DB}&key={to_id(b'k')}", new="copy", to_db=str(OTHER_DB + 1))
    assert again.status_code == 409
    browser.post(f"/redis/undo?db={OTHER_DB + 1}", undo=undo_shown(page))
    assert not there.exists("copy")
    there.close()


def keys_url(client: redis.Redis, db: int) -> str:
    """Return the address of another database of the server of *client*."""
    known = client.get_connection_kwargs()
    return f"redis://{known['host']}:{known['port']}/{db}"


def test_each_field_has_an_end_of_its_own_where_the_server_knows_that(
    browser: Browser, keys: redis.Redis
) -> None:
    FILL["hash"](keys)

    page = change(browser, "hash.expire", item=to_id(b"f"), life="90")

    assert "expires in" in page
    assert 80 < keys.httl("k", "f")[0] <= 90
    change(browser, "hash.persist", item=to_id(b"f"))
    assert keys.httl("k", "f")[0] == -1


def test_a_protected_key_is_shown_and_not_changed(make_site: MakeSite, keys: redis.Redis) -> None:
    site = make_site(protected_prefixes=("keep:",))
    browser, path = editing(site), f"db={OTHER_DB}&key={to_id(b'keep:k')}"
    keys.set("keep:k", "v")

    page = browser.get(f"/redis?{path}").text
    answer = browser.post(f"/redis/change?{path}", action="string.append", value="+")

    assert "are protected" in page
    assert 'name="action"' not in page
    assert (answer.status_code, keys.get("keep:k")) == (403, b"v")


def test_view_mode_shows_no_form_and_takes_none(people: Site, keys: redis.Redis) -> None:
    browser = people.signed_in(Role.OPERATOR)
    keys.set("k", "v")

    page = browser.get(KEY).text
    answer = browser.post(
        f"/redis/change?db={OTHER_DB}&key={to_id(b'k')}", action="string.append", value="kept"
    )

    assert 'name="action"' not in page
    assert (answer.status_code, keys.get("k")) == (403, b"v")
    assert "kept" in answer.text


def test_each_change_is_in_the_audit_once(browser: Browser, people: Site, keys: redis.Redis) -> None:
    keys.set("k", "v")
    change(browser, "string.append", value="+")

    lines = [entry for entry in people.audited() if "APPEND" in entry.target or "change" in entry.action]

    assert [(entry.action, entry.result) for entry in lines] == [("redis.append", "ok")]


def test_the_commands_of_a_change_are_shown_with_their_time(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", "1300")

    page = change(browser, "string.add", by="25")

    assert "INCRBY k 25" in page
    assert "(integer) 1325" in page
    assert re.search(r"MULTI / .*<span class=\"number soft\">[\d.]+ ms", page)


def test_only_who_made_a_change_undoes_it(people: Site, browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", "v")
    undo_id = undo_shown(change(browser, "string.append", value="+"))
    other = editing(people, Role.ADMIN)

    answer = other.post(f"/redis/undo?db={OTHER_DB}", undo=undo_id)

    assert (answer.status_code, keys.get("k")) == (410, b"v+")


@pytest.mark.parametrize("name", ACTIONS)
def test_everything_to_type_has_a_label(name: str) -> None:
    assert all(item.label or item.kind == "hidden" for item in ACTIONS[name].fields)

"""Each type has a view of its own: paged, searched, readable whatever the bytes, and never the whole."""

import gzip
import json
import os
import pickle
import random
from collections.abc import Callable

import msgpack
import pytest
import redis

from tests.blueprints.explorer.conftest import OTHER_DB
from tests.blueprints.people import Browser, Site
from tests.explorer.test_edit import FILL
from thumbapp.explorer.names import to_id
from thumbapp.explorer.undo import mark
from thumbapp.taskqueue.serializer import SignedJsonSerializer, signing_key

MOST_BYTES = 64_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def pane(browser: Browser, query: str = "", key: bytes = b"k") -> str:
    """Return the open key as a page shows it."""
    answer = browser.get(f"/redis/panel?db={OTHER_DB}&key={to_id(key)}{query}")
    assert answer.status_code == 200
    return answer.text.replace("&#34;", '"').replace("&#39;", "'")


STRINGS: dict[str, tuple[bytes, list[str]]] = {
    "text": (b"hello world!", ["hello world!", "12 bytes"]),
    "json": (json.dumps({"name": "Ala", "pets": [1, 2]}).encode(), ['"name": "Ala",\n']),
    "deep-json": (b"[" * 20_000 + b"]" * 20_000, ["[\n"]),
    "binary": (bytes(range(256)), ["00000000  00 01 02 03 04 05 06 07"]),
    "pickle": (pickle.dumps(os.path.join), ["never loaded", os.path.__name__]),
    "msgpack": (msgpack.packb({"a": [1, 2], "b": None}), ["MessagePack", '"a"']),
    "gzip": (gzip.compress(b'{"inside": 1}'), ["gzip", '"inside": 1']),
    "gzip-bomb": (gzip.compress(bytes(50_000_000)), ["Only the first 1,000,000 bytes were unpacked"]),
    "picture": (PNG, ["<img", "inline=1"]),
    "number": (b"1300", ["Take away"]),
    "html": (b"<script>alert(1)</script>", ["&lt;script&gt;"]),
    "terminal": (b"\x1b[2J" + b"x" * 300, ["\\x1b[2J"]),
}


@pytest.mark.parametrize("name", STRINGS)
def test_a_string_is_shown_as_what_it_is(name: str, browser: Browser, keys: redis.Redis) -> None:
    data, words = STRINGS[name]
    keys.set("k", data)

    page = pane(browser)

    said = (
        page + ("MessagePack" if "msgpack</a>" in page else "") + ("gzip" if "unpacked</a>" in page else "")
    )
    assert [word for word in words if word not in said] == []
    assert len(page) < 3 * MOST_BYTES
    assert "<script>alert" not in page


QUOTES = b'"<&>' * 250
WIDE = {f"field:{number}": QUOTES for number in range(200)}
HEAVY: dict[str, Callable[[redis.Redis], object]] = {
    "string": lambda keys: keys.set("k", QUOTES * 20),
    "json": lambda keys: keys.set("k", json.dumps([["<&>"] * 9] * 2_000)),
    "list": lambda keys: keys.rpush("k", *[QUOTES] * 60),
    "set": lambda keys: keys.sadd("k", *[QUOTES + bytes([number]) for number in range(60)]),
    "zset": lambda keys: keys.zadd("k", {QUOTES + bytes([number]): number for number in range(60)}),
    "hash": lambda keys: keys.hset("k", mapping=WIDE),
    "stream": lambda keys: [keys.xadd("k", WIDE) for _ in range(60)],  # type: ignore[arg-type]
}


@pytest.mark.parametrize("kind", HEAVY)
def test_a_page_of_any_key_is_light(kind: str, browser: Browser, keys: redis.Redis) -> None:
    HEAVY[kind](keys)

    answer = browser.get(f"/redis/panel?db={OTHER_DB}&key={to_id(b'k')}")

    assert "Rename" in answer.text
    assert len(answer.data) <= MOST_BYTES


def test_a_value_that_is_heavy_as_text_is_edited_apart(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", QUOTES * 20)

    assert "<textarea" not in pane(browser).partition("Append")[0]
    assert '<textarea class="form-control mono" id="string-set-value"' in pane(browser, "&v_item=whole")


def test_an_entry_of_many_fields_shows_the_first_and_opens_whole(browser: Browser, keys: redis.Redis) -> None:
    keys.xadd("k", WIDE, id="1-1")  # type: ignore[arg-type]

    assert "more fields" in pane(browser)
    assert "field:199" in pane(browser, "&v_item=1-1")


@pytest.mark.parametrize("view", ["text", "hex", "base64", "bits", "json", "pickle"])
def test_any_view_of_any_bytes_is_a_page(view: str, browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", random.Random(1).randbytes(5_000_000))

    page = pane(browser, f"&v_view={view}&v_cursor=4000000")

    assert (
        f'aria-current="true">{view if view in ("hex", "base64", "bits") else "text"}</a>' in page
        or view in page
    )
    assert "of 5,000,000" in page
    assert len(page) < 3 * MOST_BYTES


def test_half_a_gigabyte_opens_light(browser: Browser, keys: redis.Redis) -> None:
    keys.setrange("k", 512 * 1024 * 1024 - 1, b"\x01")

    page = pane(browser)

    assert "536,870,912 bytes" in page
    assert len(page) < 2 * MOST_BYTES


def test_a_page_with_a_long_text_stays_light(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", b"x" * 5_000_000)

    assert len(browser.get(f"/redis?db={OTHER_DB}&key={to_id(b'k')}").data) < MOST_BYTES


def test_a_string_is_searched_and_gone_to(browser: Browser, keys: redis.Redis) -> None:
    keys.set("k", b"." * 100_000 + b"needle" + b"." * 1000)

    assert "needle" in pane(browser, "&v_find=needle")
    assert "bytes 99,999 to" in pane(browser, "&v_cursor=99999")
    assert "not found from here on" in pane(browser, "&v_find=haystack")


def test_the_count_of_a_hyperloglog_and_the_bits_of_a_bitmap(browser: Browser, keys: redis.Redis) -> None:
    keys.pfadd("log", *range(1000))
    keys.setbit("bits", 9, 1)

    assert "A HyperLogLog" in pane(browser, key=b"log")
    assert "00000000 01000000" in pane(browser, "&v_view=bits", key=b"bits")


def test_a_message_of_the_queue_is_read_as_its_task(
    browser: Browser, people: Site, keys: redis.Redis
) -> None:
    serializer = SignedJsonSerializer(signing_key(people.parts.settings.secret()))
    keys.set("k", serializer.serialize({"made": 3}))
    keys.hset("results", "t-1", serializer.serialize([1, "two"]))

    assert 'a result: {"made":3}' in pane(browser)
    assert 'a result: [1,"two"]' in pane(browser, key=b"results")


VIEWS: dict[str, tuple[str, list[str]]] = {
    "list": ("", ["4 elements", "Push", "Pop", "Trim"]),
    "set": ("&v_with=other&v_how=intersection", ["2 members", "intersection with", "1 member<"]),
    "zset": ("&v_low=(1&v_high=%2Binf", ["2 members", "Add a place", ">2<"]),
    "hash": (f"&v_item={to_id(b'n')}", ["2 fields", "field n", "Take away", "Let it expire"]),
    "stream": (
        f"&v_group={to_id(b'crew')}",
        ["2 entries", "1 group", "ann", "deliveries", "Acknowledge 1-1"],
    ),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_shows_its_elements_and_what_can_be_done(
    kind: str, browser: Browser, keys: redis.Redis
) -> None:
    FILL[kind](keys)
    query, words = VIEWS[kind]

    page = pane(browser, query)

    assert [word for word in words if word not in page] == []
    assert all(name in page for name in ("Rename", "Copy", "Expiry", "As commands", "Delete"))


def many(client: redis.Redis, kind: str, count: int) -> None:
    """Fill the key with *count* elements."""
    fill: dict[str, Callable[[int], object]] = {
        "list": lambda at: pipe.rpush("k", f"e{at}"),
        "set": lambda at: pipe.sadd("k", f"e{at}"),
        "zset": lambda at: pipe.zadd("k", {f"e{at}": at}),
        "hash": lambda at: pipe.hset("k", f"e{at}", at),
        "stream": lambda at: pipe.xadd("k", {"e": at}, id=f"{at + 1}-1"),
    }
    with client.pipeline(transaction=False) as pipe:
        for at in range(count):
            fill[kind](at)
        pipe.execute()


@pytest.mark.parametrize("kind", VIEWS)
def test_a_long_value_is_a_light_page_with_a_next_one(kind: str, browser: Browser, keys: redis.Redis) -> None:
    many(keys, kind, 5_000)

    page = pane(browser)

    assert "Next page" in page
    assert len(page) < MOST_BYTES
    assert 50 <= page.count('name="v_item" value=') <= 100


@pytest.mark.parametrize(
    ("kind", "query", "first"),
    [
        ("list", "&v_reversed=1", ">e29<"),
        ("list", "&v_find=e17", ">e17<"),
        ("set", "&v_find=e1*", ">e1"),
        ("zset", "&v_reversed=1", ">e29<"),
        ("hash", "&v_find=e2*", ">e2"),
        ("stream", "&v_reversed=1", ">30-1<"),
        ("stream", "&v_low=17&v_high=17", ">17-1<"),
        ("stream", "&v_find=17", ">18-1<"),
    ],
)
def test_each_is_read_from_either_end_and_searched(
    kind: str, query: str, first: str, browser: Browser, keys: redis.Redis
) -> None:
    many(keys, kind, 30)

    rows = pane(browser, query).partition("<tbody>")[2]

    assert first in rows[:1500]


def test_equal_scores_are_read_by_text(browser: Browser, keys: redis.Redis) -> None:
    keys.zadd("k", dict.fromkeys("abcde", 0))

    rows = pane(browser, "&v_by=lex&v_low=(b&v_high=d").partition("<tbody>")[2].partition("</tbody>")[0]

    assert [name for name in "abcde" if f"<bdi>{name}</bdi>" in rows] == ["c", "d"]


def test_a_list_that_shrank_while_it_was_paged_says_so(browser: Browser, keys: redis.Redis) -> None:
    keys.rpush("k", "a", "b")

    assert "The list is shorter now: it has 2 elements." in pane(browser, "&v_cursor=100")
    assert "There is no key" in pane(browser, "&v_item=9.x")


def test_places_stand_on_a_map(browser: Browser, keys: redis.Redis) -> None:
    keys.geoadd("k", [21.01, 52.23, "Warszawa", 19.94, 50.06, "Krakow"])
    keys.zadd("plain", {"a": 1})

    assert pane(browser, "&v_by=map").count("<circle") == 2
    assert "no places on earth" in pane(browser, "&v_by=map", key=b"plain")


def test_an_element_is_opened_whole_to_be_changed(browser: Browser, keys: redis.Redis) -> None:
    long = json.dumps({"text": "x" * 5_000})
    keys.hset("k", "f", long)

    page = pane(browser, f"&v_item={to_id(b'f')}")

    assert mark(long.encode()) in page
    assert "x" * 5_000 in page


def test_a_value_as_commands_makes_it_again(browser: Browser, keys: redis.Redis) -> None:
    keys.rpush("k", "a b", b"\xff")

    assert 'RPUSH k "a b" "\\xff"' in pane(browser, "&v_as=commands")


@pytest.mark.parametrize(
    "query",
    [
        f"&v_view=none&v_item={to_id(b'a')}",
        "&v_cursor=-1",
        "&v_by=map&v_low=x",
        "&v_item=%25",
        "&v_limit=0",
        "&v_find=" + "*a" * 50,
    ],
)
def test_a_part_that_cannot_be_is_a_sentence_on_a_whole_page(
    query: str, browser: Browser, keys: redis.Redis
) -> None:
    keys.zadd("k", {"a": 1, "b": 2})

    assert "note-danger" in pane(browser, query)


def test_the_bytes_are_downloaded_as_they_are(browser: Browser, keys: redis.Redis) -> None:
    data = random.Random(2).randbytes(700_000)
    keys.mset({"k": data, "picture": PNG, "page": b"<html><script>"})

    answer, picture, page = (
        browser.client.get(f"/redis/raw?db={OTHER_DB}&key={to_id(name)}{query}", buffered=True)
        for name, query in ((b"k", ""), (b"picture", "&inline=1"), (b"page", "&inline=1"))
    )

    assert answer.data == data
    assert "attachment" in answer.headers["Content-Disposition"]
    assert (picture.mimetype, picture.data) == ("image/png", PNG)
    assert page.mimetype == "application/octet-stream"
    assert "sandbox" in page.headers["Content-Security-Policy"]


def test_the_entries_alone_are_what_a_follower_asks_for(browser: Browser, keys: redis.Redis) -> None:
    many(keys, "stream", 3)

    page = browser.get(f"/redis/entries?db={OTHER_DB}&key={to_id(b'k')}&v_reversed=1").text

    assert page.index("3-1") < page.index("1-1")
    assert "<form" not in page


def test_opening_a_key_sends_nothing_that_reads_the_whole(browser: Browser, keys: redis.Redis) -> None:
    many(keys, "hash", 3_000)

    page = pane(browser)

    assert "HSCAN k 0 COUNT" in page
    assert not any(word in page for word in ("HGETALL", "SMEMBERS", "HKEYS", "LRANGE k 0 -1"))


@pytest.mark.parametrize(("name", "status"), [(b"gone", 404), (b"list", 422), (b"empty", 200)])
def test_what_is_no_string_is_not_downloaded(
    name: bytes, status: int, browser: Browser, keys: redis.Redis
) -> None:
    keys.rpush("list", "a")
    keys.set("empty", b"")

    answer = browser.client.get(f"/redis/raw?db={OTHER_DB}&key={to_id(name)}", buffered=True)

    assert answer.status_code == status
    assert (answer.data == b"") is (status == 200)

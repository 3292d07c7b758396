"""Any key opens, of any type and size, a page at a time, on every kind of server."""

import json
from collections.abc import Callable

import pytest
import redis

from thumbapp.errors import BadParameter, KeyNotFound, PatternTooWild
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.resp import Cut, length_of
from thumbapp.explorer.values.model import Element, Item, Member, Page, PageQuery, Pair, Scored
from thumbapp.explorer.values.opening import element, open_key
from thumbapp.explorer.values.rows import positions
from thumbapp.explorer.values.streams import consumers, groups, pending


def pages(gate: Gate, name: bytes, **asked: object) -> list[Page]:
    """Return every page of a value, one after another."""
    found = [open_key(gate, name, PageQuery(**asked), db=0).page]  # type: ignore[arg-type]
    while found[-1].cursor is not None:
        found.append(open_key(gate, name, PageQuery(**asked | {"cursor": found[-1].cursor}), db=0).page)  # type: ignore[arg-type]
    return found


def items(gate: Gate, name: bytes, **asked: object) -> list[Item]:
    """Return every item of a value."""
    return [item for page in pages(gate, name, **asked) for item in page.items]


def add_hash(client: redis.Redis, count: int) -> None:
    client.hset("k", mapping={f"f{number}": f"v{number}" for number in range(count)})


def add_set(client: redis.Redis, count: int) -> None:
    client.sadd("k", *[f"m{number}" for number in range(count)])


def add_zset(client: redis.Redis, count: int) -> None:
    client.zadd("k", {f"m{number}": number for number in range(count)})


def add_list(client: redis.Redis, count: int) -> None:
    client.rpush("k", *[f"e{number}" for number in range(count)])


def add_stream(client: redis.Redis, count: int) -> None:
    pipe = client.pipeline()
    for number in range(count):
        pipe.xadd("k", {"n": number}, id=f"{1000 + number}-1")
    pipe.execute()


@pytest.mark.parametrize("fill", [add_hash, add_set, add_zset, add_list, add_stream])
@pytest.mark.parametrize("count", [1, 100, 101, 450, 2500])
def test_the_pages_together_are_the_value(
    fill: Callable[[redis.Redis, int], None], count: int, gate: Gate, any_client: redis.Redis
) -> None:
    fill(any_client, count)

    found = pages(gate, b"k")

    assert len({str(item) for page in found for item in page.items}) == count
    assert max(len(page.items) for page in found) <= 200


def test_what_is_known_of_a_key(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("k", "12345", px=90_000)

    facts = open_key(gate, b"k", PageQuery(), db=0).facts

    assert (facts.type, facts.length, facts.encoding) == ("string", 5, "int")
    assert 80_000 < (facts.ttl_ms or 0) <= 90_000
    assert (facts.bytes or 0) > 5
    assert facts.idle_s in range(6)


def test_a_key_that_is_not_there_is_a_sentence(gate: Gate) -> None:
    with pytest.raises(KeyNotFound, match="no key gone"):
        open_key(gate, b"gone", PageQuery(), db=0)


def test_the_empty_name_opens(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("", "value")

    assert open_key(gate, b"", PageQuery(), db=0).page.items[0].data == b"value"  # type: ignore[union-attr]


def test_a_list_is_read_from_both_ends(gate: Gate, any_client: redis.Redis) -> None:
    add_list(any_client, 250)

    assert items(gate, b"k")[::249] == [Element(0, b"e0"), Element(249, b"e249")]
    assert items(gate, b"k", is_reversed=True)[::249] == [Element(249, b"e249"), Element(0, b"e0")]


@pytest.mark.parametrize(
    ("low", "high", "is_reversed", "found"),
    [
        ("1", "3", False, "bcd"),
        ("1", "3", True, "dcb"),
        ("-2", "-1", False, "de"),
        ("", "-3", False, "abc"),
        ("3", "", True, "ed"),
        ("9", "12", False, ""),
        ("-99", "99", False, "abcde"),
    ],
)
def test_a_range_of_a_list_is_read(
    low: str, high: str, is_reversed: bool, found: str, gate: Gate, any_client: redis.Redis
) -> None:
    any_client.rpush("k", *"abcde")

    asked = items(gate, b"k", low=low, high=high, is_reversed=is_reversed, limit=2)

    assert "".join(item.value.decode() for item in asked if isinstance(item, Element)) == found


@pytest.mark.parametrize(
    ("low", "high", "is_reversed", "found"),
    [("1", "3", False, "bcd"), ("1", "3", True, "dcb"), ("-2", "", False, "de"), ("7", "9", False, "")],
)
def test_a_sorted_set_is_read_by_rank(
    low: str, high: str, is_reversed: bool, found: str, gate: Gate, any_client: redis.Redis
) -> None:
    any_client.zadd("k", {name: at * 10 for at, name in enumerate("abcde")})

    asked = items(gate, b"k", low=low, high=high, by="rank", is_reversed=is_reversed, limit=2)

    assert "".join(item.value.decode() for item in asked if isinstance(item, Scored)) == found
    assert [item.rank for item in asked if isinstance(item, Scored)] == ["abcde".index(at) for at in found]


def test_a_place_that_is_none_is_refused(gate: Gate, any_client: redis.Redis) -> None:
    any_client.rpush("k", "a")

    with pytest.raises(BadParameter, match="a place such as"):
        open_key(gate, b"k", PageQuery(low="first"), db=0)


def test_a_list_is_searched(gate: Gate, any_client: redis.Redis) -> None:
    add_list(any_client, 12_000)

    found = pages(gate, b"k", find=b"e1199")

    assert [item for page in found for item in page.items] == [Element(1199, b"e1199")] + [
        Element(number, f"e{number}".encode()) for number in range(11_990, 12_000)
    ]
    assert "searched" in found[0].says


def test_a_list_that_shrinks_while_it_is_paged_is_said_to_be(gate: Gate, any_client: redis.Redis) -> None:
    add_list(any_client, 500)
    cursor = open_key(gate, b"k", PageQuery(), db=0).page.cursor
    any_client.ltrim("k", 0, 9)

    page = open_key(gate, b"k", PageQuery(cursor=cursor or ""), db=0).page

    assert (page.items, page.cursor) == ([], None)
    assert "10 elements" in page.says


def test_a_sorted_set_is_read_by_rank_and_score_and_text(gate: Gate, any_client: redis.Redis) -> None:
    any_client.zadd("k", {"minus": -5, "a": 1, "b": 1, "c": 1, "top": 10.5})

    def names(**asked: object) -> list[tuple[bytes, int | None]]:
        return [(item.value, item.rank) for item in items(gate, b"k", limit=2, **asked)]  # type: ignore[union-attr]

    whole = [(b"minus", 0), (b"a", 1), (b"b", 2), (b"c", 3), (b"top", 4)]
    assert names() == whole
    assert names(is_reversed=True) == whole[::-1]
    assert names(low="1") == whole[1:]
    assert names(low="(1") == whole[4:]
    assert names(low="1", high="(10.5") == whole[1:4]
    assert names(low="1", high="(10.5", is_reversed=True) == whole[1:4][::-1]
    assert names(low="-inf", high="1") == whole[:4]
    assert names(low="20") == []
    any_client.delete("k")
    any_client.zadd("k", dict.fromkeys(["a", "b", "c", "d"], 0))
    assert [value for value, _ in names(low="b", high="(d", by="lex")] == [b"b", b"c"]
    assert [value for value, _ in names(low="(b", by="lex", is_reversed=True)] == [b"d", b"c"]


def test_scores_are_as_the_server_writes_them(gate: Gate, any_client: redis.Redis) -> None:
    any_client.zadd("k", {"a": 0.1, "b": "inf", "c": 1e300})

    scores = [item.score for item in items(gate, b"k")]  # type: ignore[union-attr]

    assert scores[0].startswith("0.1")
    assert scores[-1] == "inf"


@pytest.mark.parametrize("low", ["x", "((1", "1)", "--1", "nan", "1\r\n"])
def test_a_score_that_is_none_is_refused(low: str, gate: Gate, any_client: redis.Redis) -> None:
    any_client.zadd("k", {"a": 1})

    with pytest.raises(BadParameter):
        open_key(gate, b"k", PageQuery(low=low), db=0)


@pytest.mark.parametrize("fill", [add_hash, add_set, add_zset])
@pytest.mark.parametrize("count", [90, 3000])
def test_it_is_searched_by_the_server(
    fill: Callable[[redis.Redis, int], None], count: int, gate: Gate, any_client: redis.Redis
) -> None:
    fill(any_client, count)

    assert len(set(map(str, items(gate, b"k", find=b"77")))) == sum(
        "77" in str(number) for number in range(count)
    )
    assert len(items(gate, b"k", find=b"?7")) == 1
    with pytest.raises(PatternTooWild):
        open_key(gate, b"k", PageQuery(find=b"*a" * 500), db=0)


def test_fields_tell_how_long_they_live_where_the_server_knows(gate: Gate, any_client: redis.Redis) -> None:
    add_hash(any_client, 3)
    with gate.server.pool.connection(0) as connection:
        if not gate.server.knows(connection, "HPEXPIRE"):
            assert [item.ttl_ms for item in items(gate, b"k")] == [None] * 3  # type: ignore[union-attr]
            return
        connection.ask("HPEXPIRE", "k", 60_000, "FIELDS", 1, "f1")

    times = {item.field: item.ttl_ms for item in items(gate, b"k")}  # type: ignore[union-attr]

    assert 50_000 < times[b"f1"] <= 60_000
    assert times[b"f0"] is None


def test_a_stream_is_read_from_both_ends_and_between_times(gate: Gate, any_client: redis.Redis) -> None:
    add_stream(any_client, 250)

    def ids(**asked: object) -> list[str]:
        return [item.id for item in items(gate, b"k", **asked)]  # type: ignore[union-attr]

    assert ids()[::249] == ["1000-1", "1249-1"]
    assert ids(is_reversed=True)[::249] == ["1249-1", "1000-1"]
    assert ids(low="1010", high="1012") == ["1010-1", "1011-1", "1012-1"]
    assert ids(low="1010", high="1012", is_reversed=True, limit=2) == ["1012-1", "1011-1", "1010-1"]
    assert ids(low="1970-01-01T00:00:01.249+00:00") == ["1249-1"]
    assert len(ids(find=b"24")) == 13


def test_ids_at_the_edge_of_a_millisecond_are_passed(gate: Gate, any_client: redis.Redis) -> None:
    last = 2**64 - 1
    for entry in (f"5-{last}", "6-0", "6-1", "7-0", f"{last}-{last}"):
        any_client.xadd("k", {"a": 1}, id=entry)

    assert len(items(gate, b"k", limit=1)) == 5
    assert len(items(gate, b"k", limit=1, is_reversed=True)) == 5


@pytest.mark.parametrize(
    "low", ["x", "1-", "-1", "99999999999999999999999", "1-99999999999999999999", "2026-13-01"]
)
def test_an_id_that_is_none_is_refused(low: str, gate: Gate, any_client: redis.Redis) -> None:
    add_stream(any_client, 1)

    with pytest.raises(BadParameter):
        open_key(gate, b"k", PageQuery(low=low), db=0)


def test_groups_consumers_and_what_is_pending_are_told(gate: Gate, any_client: redis.Redis) -> None:
    add_stream(any_client, 5)
    any_client.xgroup_create("k", "crew", id="0")
    any_client.xreadgroup("crew", "ann", {"k": ">"}, count=3)

    with gate.server.pool.connection(0) as connection:
        (crew,) = groups(connection, b"k")
        (ann,) = consumers(connection, b"k", b"crew")
        first, cursor = pending(connection, b"k", b"crew", limit=2)
        rest, end = pending(connection, b"k", b"crew", cursor=cursor or "", limit=2)

    assert (crew.name, crew.consumers, crew.pending, crew.last_id) == (b"crew", 1, 3, "1002-1")
    assert (ann.name, ann.pending) == (b"ann", 3)
    assert [item.id for item in [*first, *rest]] == ["1000-1", "1001-1", "1002-1"]
    assert (first[0].consumer, first[0].deliveries, end) == (b"ann", 1, None)
    assert open_key(gate, b"k", PageQuery(), db=0).page.extra["groups"] == 1


def test_a_long_string_is_read_in_windows(gate: Gate, any_client: redis.Redis) -> None:
    data = bytes(range(256)) * 400
    any_client.set("k", data)

    parts = items(gate, b"k")

    assert b"".join(part.data for part in parts) == data  # type: ignore[union-attr]
    assert [length_of(part.data) for part in parts] == [len(data)] * 4  # type: ignore[union-attr]
    assert [part.offset for part in parts] == [0, 32_768, 65_536, 98_304]  # type: ignore[union-attr]


def test_a_text_is_found_in_a_long_string(gate: Gate, any_client: redis.Redis) -> None:
    any_client.setrange("k", 262_140, "needle")
    any_client.setrange("k", 40_000_000, "second")

    first = open_key(gate, b"k", PageQuery(find=b"needle"), db=0).page
    far = open_key(gate, b"k", PageQuery(find=b"second"), db=0).page
    second = pages(gate, b"k", find=b"second")

    assert first.items[0].offset == 262_140  # type: ignore[union-attr]
    assert (far.items, far.cursor) == ([], "16000000")
    assert second[2].items[0].offset == 40_000_000  # type: ignore[union-attr]
    assert "not found" in open_key(gate, b"k", PageQuery(find=b"x", cursor="30000000"), db=0).page.says


def test_what_a_string_can_be_is_told(gate: Gate, any_client: redis.Redis) -> None:
    any_client.mset({"whole": 1300, "fraction": "1.5", "text": "hello", "zero": "007", "large": "9" * 30})
    any_client.pfadd("log", *range(100))

    def extra(name: bytes) -> dict[str, object]:
        return open_key(gate, name, PageQuery(), db=0).page.extra

    assert extra(b"whole") == {"number": "whole"}
    assert extra(b"fraction") == {"number": "fraction"}
    assert extra(b"text") == {}
    assert extra(b"large") == {}
    assert 90 < int(str(extra(b"log")["hyperloglog"])) < 110


HEAVY: dict[str, Callable[[redis.Redis, bytes], object]] = {
    "string": lambda client, data: client.set("k", data),
    "list": lambda client, data: client.rpush("k", *[data] * 8),
    "hash": lambda client, data: client.hset("k", mapping={str(number): data for number in range(8)}),
    "stream": lambda client, data: client.xadd("k", {"f": data}),
    "set": lambda client, data: client.sadd("k", data, data + b"2"),
    "zset": lambda client, data: client.zadd("k", {data: 1, data + b"2": 2}),
}


@pytest.mark.parametrize("kind", HEAVY)
def test_no_heavy_element_is_taken_in_whole(kind: str, gate: Gate, any_client: redis.Redis) -> None:
    HEAVY[kind](any_client, b"x" * 3_000_000)

    found = pages(gate, b"k")[0]

    assert found.items
    parts = [getattr(item, "value", getattr(item, "data", b"")) for item in found.items]
    assert all(isinstance(part, Cut) or len(part) < 33_000 for part in parts)
    assert sum(map(len, parts)) < 40_000


def test_one_element_is_read_alone(gate: Gate, any_client: redis.Redis) -> None:
    any_client.hset("k", "f", b"x" * 100_000)

    value = element(gate, ("HGET", "k", "f"), name=b"k", db=0, most=64)

    assert (len(value), length_of(value)) == (64, 100_000)
    with pytest.raises(KeyNotFound):
        element(gate, ("HGET", "k", "gone"), name=b"k", db=0, most=64)


def test_places_on_earth_are_told(gate: Gate, any_client: redis.Redis) -> None:
    any_client.geoadd("k", (21.0122, 52.2297, "Warszawa"))
    any_client.geoadd("k", (19.9449, 50.0647, "Kraków"))
    page = open_key(gate, b"k", PageQuery(), db=0).page

    with gate.server.pool.connection(0) as connection:
        found = positions(connection, b"k", list(page.items))  # type: ignore[arg-type]

    assert [(item.value.decode(), round(lon, 2), round(lat, 2)) for item, lon, lat in found] == [
        ("Kraków", 19.94, 50.06),
        ("Warszawa", 21.01, 52.23),
    ]


@pytest.mark.parametrize(
    "cursor", ["x", "-1", "1.5", "1.x", ".", "99999999999999999999999.0", "9" * 30, "\u0661"]
)
@pytest.mark.parametrize("fill", [add_hash, add_list, add_zset])
def test_a_cursor_that_nobody_gave_is_refused(
    cursor: str, fill: Callable[[redis.Redis, int], None], gate: Gate, any_client: redis.Redis
) -> None:
    fill(any_client, 3)
    if (fill, cursor) in {(add_hash, "1.5"), (add_hash, "9" * 30)}:
        return

    with pytest.raises(BadParameter):
        open_key(gate, b"k", PageQuery(cursor=cursor), db=0)


def test_a_value_of_deep_json_opens(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("k", json.dumps(None).join(["[" * 10_000, "]" * 10_000]))

    assert open_key(gate, b"k", PageQuery(), db=0).page.items


def test_items_are_plain_values() -> None:
    assert (Member(b"a"), Pair(b"f", b"v"), Scored(b"m", "1")) == (
        Member(b"a"),
        Pair(b"f", b"v"),
        Scored(b"m", "1"),
    )

"""Every key is found, whatever its name; in portions, from any place on, on every kind of server."""

import pytest
import redis

from tests.explorer.test_names import NAMES
from thumbapp.errors import BadParameter, PatternTooWild, ServerAway, ServerRefused
from thumbapp.explorer import scan
from thumbapp.explorer.connections import Journal
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.resp import Failure
from thumbapp.explorer.scan import KeyRow, ScanPage, ScanPosition, Search, literal


def fill(client: redis.Redis, count: int, *, name: str = "key:{}") -> None:
    """Put *count* strings into the database of *client*."""
    pipe = client.pipeline(transaction=False)
    for number in range(count):
        pipe.set(name.format(number), number)
    pipe.execute()


def all_names(gate: Gate, search: Search, *, limit: int) -> tuple[list[bytes], list[ScanPage]]:
    """Return what pages of *limit* give until there are none, and the pages."""
    pages = [scan.page(gate, search, db=0, limit=limit)]
    while (cursor := pages[-1].cursor) is not None:
        pages.append(scan.page(gate, search, db=0, limit=limit, cursor=cursor))
    return [row.name for page in pages for row in page.rows], pages


def test_names_of_any_bytes_are_found_once(gate: Gate, any_client: redis.Redis) -> None:
    any_client.mset(dict.fromkeys(NAMES, b"x"))

    names, _ = all_names(gate, Search(), limit=100)

    assert sorted(names) == sorted(NAMES)


@pytest.mark.parametrize("limit", [1, 7, 500, 1000])
def test_pages_hold_no_more_than_was_asked_and_together_all(
    limit: int, gate: Gate, any_client: redis.Redis
) -> None:
    fill(any_client, 60 if limit == 1 else 700)

    names, pages = all_names(gate, Search(), limit=limit)

    assert len(set(names)) == any_client.dbsize()
    assert max(len(page.rows) for page in pages) <= limit
    assert [page.total for page in pages] == [any_client.dbsize()] * len(pages)
    assert pages[-1].scanned == pages[-1].total
    assert [page.scanned for page in pages] == sorted(page.scanned for page in pages)


def test_keys_that_stay_are_found_while_others_come_and_go(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 400, name="stays:{}")
    fill(any_client, 400, name="goes:{}")
    found: set[bytes] = set()
    cursor: str | None = ""

    for turn in range(1000):
        page = scan.page(gate, Search(), db=0, limit=30, cursor=cursor)
        found.update(row.name for row in page.rows)
        any_client.delete(*[f"goes:{number}" for number in range(turn * 40, turn * 40 + 40)])
        fill(any_client, 30, name=f"comes:{turn}:{{}}")
        cursor = page.cursor
        if cursor is None:
            break

    assert {f"stays:{number}".encode() for number in range(400)} <= found


def test_a_row_tells_type_life_memory_and_length(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("string", "12345")
    any_client.rpush("list", 1, 2, 3)
    any_client.sadd("set", 1, 2)
    any_client.zadd("zset", {"a": 1})
    any_client.hset("hash", mapping={"a": 1, "b": 2, "c": 3, "d": 4})
    any_client.xadd("stream", {"a": 1})
    any_client.expire("hash", 100)

    rows = {row.name.decode(): row for row in scan.page(gate, Search(), db=0).rows}

    assert {name: (row.type, row.length) for name, row in rows.items()} == {
        "string": ("string", 5),
        "list": ("list", 3),
        "set": ("set", 2),
        "zset": ("zset", 1),
        "hash": ("hash", 4),
        "stream": ("stream", 1),
    }
    assert 90_000 < (rows["hash"].ttl_ms or 0) <= 100_000
    assert rows["list"].ttl_ms is None
    assert all((row.bytes or 0) > 20 for row in rows.values())


def test_a_pattern_and_a_type_narrow_the_search(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 300, name="app:user:{}")
    any_client.hset("app:user:x", "a", 1)

    names, pages = all_names(gate, Search(b"app:user:1?", "string"), limit=10)
    hashes, _ = all_names(gate, Search(b"", "hash"), limit=10)

    assert sorted(set(names)) == sorted(f"app:user:1{digit}".encode() for digit in range(10))
    assert hashes == [b"app:user:x"]
    assert max(len(page.rows) for page in pages) <= 10


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (b"plain", [b"plain"]),
        (rb"st\*r", [b"st*r"]),
        (rb"back\\slash", [b"back\\slash"]),
        (b"missing", []),
        (b"pla*", [b"plain"]),
        (rb"st\**", [b"st*r"]),
    ],
)
def test_an_exact_name_is_found_without_a_search(
    pattern: bytes, found: list[bytes], gate: Gate, any_client: redis.Redis
) -> None:
    any_client.mset({b"plain": 1, b"st*r": 1, b"back\\slash": 1})
    fill(any_client, 1500)
    journal = Journal()

    portion = scan.page(gate, Search(pattern), db=0, journal=journal)

    assert [row.name for row in portion.rows] == found
    sent = [command for packet in journal.sent for command in packet.commands]
    assert ("SCAN" in sent) == (literal(pattern) is None)


def test_an_exact_name_of_another_type_is_not_found(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("plain", 1)

    assert scan.page(gate, Search(b"plain", "hash"), db=0).rows == []


def test_the_first_hit_comes_before_the_search_is_over(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 5000, name="hay:{}")
    fill(any_client, 3, name="needle:{}")

    portions = list(scan.walk(gate, Search(b"needle:*"), db=0))

    assert sum(len(portion.rows) for portion in portions) == 3
    assert portions[-1].cursor is None
    assert (portions[-1].scanned, portions[-1].total) == (5003, 5003)


def test_a_walk_stops_in_time_and_goes_on_from_its_cursor(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 3000)

    first = list(scan.walk(gate, Search(b"key:*"), db=0, within_s=0))
    rest = list(scan.walk(gate, Search(b"key:*"), db=0, cursor=first[-1].cursor or ""))

    names = {row.name for portion in [*first, *rest] for row in portion.rows}
    assert len(first) == 1
    assert len(names) == 3000


def test_each_database_is_searched_by_itself(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("mine", 1)

    assert scan.page(gate, Search(), db=1).rows == []
    assert scan.page(gate, Search(), db=1).total == 0
    with pytest.raises(ServerRefused):
        scan.page(gate, Search(), db=99)


def test_a_key_that_vanishes_in_between_is_no_row(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("here", 1)

    with gate.server.pool.connection(0) as connection:
        rows = scan.describe(connection, [b"gone", b"here"])

    assert [row.name for row in rows] == [b"here"]


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1",
        "1.",
        "-1.0",
        "18446744073709551616.0",
        "1.0.%%",
        "1.0.YQ~",
        "1.2.3.4",
        "1.0.YQ==",
        "\u0661.\u0660",
    ],
)
def test_a_cursor_that_nobody_gave_is_refused(text: str, gate: Gate) -> None:
    with pytest.raises(BadParameter):
        scan.page(gate, Search(), db=0, cursor=text)


def test_a_place_comes_back_from_its_text() -> None:
    place = ScanPosition(2**64 - 1, 12, (b"", b"\xff\x00", b"a~b"))

    assert ScanPosition.parse(str(place)) == place


def test_a_wild_pattern_and_a_strange_type_are_refused() -> None:
    with pytest.raises(PatternTooWild):
        Search(b"*a" * 500)
    with pytest.raises(BadParameter):
        Search(b"", "hash\r\n")


def test_a_server_that_goes_away_in_the_middle_is_a_sentence(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 3000)
    walk = scan.walk(gate, Search(), db=0)
    next(walk)

    any_client.client_kill_filter(_type="normal", skipme=True)

    with pytest.raises(ServerAway):
        list(walk)
    assert scan.page(gate, Search(), db=0).rows


def test_a_user_who_may_not_is_told_so(gate: Gate, any_client: redis.Redis) -> None:
    with gate.server.pool.connection(0) as connection:
        if isinstance(
            connection.exchange(("ACL", "SETUSER", "poor", "on", "nopass", "+@all", "-scan"))[0], Failure
        ):
            pytest.skip("Redis before 6 has no users")
        connection.exchange(("AUTH", "poor", "x"))
        with pytest.raises(ServerRefused, match="may not do that"):
            scan._Walker(connection, Search(), has_types=True).names(ScanPosition(), 10)
        connection.is_clean = False
    any_client.execute_command("ACL", "DELUSER", "poor")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (b"a", b"a"),
        (b"a*", None),
        (rb"a\*", b"a*"),
        (rb"a\\*", None),
        (b"[x]", None),
        (rb"\[x]", b"[x]"),
        (b"?", None),
    ],
)
def test_what_matches_one_name_alone_is_known(pattern: bytes, name: bytes | None) -> None:
    assert literal(pattern) == name


def test_rows_are_plain_values() -> None:
    assert KeyRow(b"a", "string", None, 1, 2) == KeyRow(b"a", "string", None, 1, 2)

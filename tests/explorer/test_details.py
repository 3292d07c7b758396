"""What stands beside a page of a value, on every kind of server: groups, one element whole, sets combined."""

import pytest
import redis

from tests.explorer.conftest import VIEWER
from thumbapp.errors import BadParameter, KeyNotFound, TooCostly
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import to_id
from thumbapp.explorer.resp import Cut
from thumbapp.explorer.values import details
from thumbapp.explorer.values.model import Scored


def test_a_group_is_opened_with_its_consumers_and_what_is_pending(
    gate: Gate, any_client: redis.Redis
) -> None:
    for number in range(60):
        any_client.xadd("s", {"n": number}, id=f"{number + 1}-1")
    any_client.xgroup_create("s", b"crew \xff", id="0")
    any_client.xreadgroup(b"crew \xff", "ann", {"s": ">"}, count=55)

    (group,) = details.stream_groups(gate, b"s", db=0)
    first = details.open_group(gate, b"s", group, db=0)
    rest = details.open_group(gate, b"s", group, db=0, cursor=first.cursor or "")

    assert (group.name, group.pending) == (b"crew \xff", 55)
    assert [(consumer.name, consumer.pending) for consumer in first.consumers] == [(b"ann", 55)]
    assert [one.id for one in (*first.pending, *rest.pending)] == [f"{number}-1" for number in range(1, 56)]
    assert rest.cursor is None


def test_an_entry_is_read_whole(gate: Gate, any_client: redis.Redis) -> None:
    any_client.xadd("s", {"long": b"x" * 5_000, "longer": b"y" * 200_000}, id="1-1")

    entry = details.whole_entry(gate, b"s", "1-1", db=0)

    assert entry.pairs[0] == (b"long", b"x" * 5_000)
    assert isinstance(entry.pairs[1][1], Cut)


@pytest.mark.parametrize(("entry_id", "error"), [("9-9", KeyNotFound), ("no id", BadParameter)])
def test_an_entry_that_is_not_there(
    entry_id: str, error: type[Exception], gate: Gate, any_client: redis.Redis
) -> None:
    any_client.xadd("s", {"a": 1}, id="1-1")

    with pytest.raises(error):
        details.whole_entry(gate, b"s", entry_id, db=0)


def test_places_are_told_from_plain_scores(gate: Gate, any_client: redis.Redis) -> None:
    any_client.geoadd("g", [21.01, 52.23, "Warszawa"])
    score = any_client.zscore("g", "Warszawa")

    ((item, longitude, latitude),) = details.places(gate, b"g", [Scored(b"Warszawa", str(int(score)))], db=0)

    assert (item.value, round(longitude, 2), round(latitude, 2)) == (b"Warszawa", 21.01, 52.23)
    assert details.places(gate, b"g", [Scored(b"Warszawa", "1")], db=0) == []


@pytest.mark.parametrize(
    ("how", "members"), [("union", [b"a", b"b", b"c"]), ("intersection", [b"b"]), ("difference", [b"a"])]
)
def test_sets_are_combined_to_look_at(
    how: str, members: list[bytes], gate: Gate, any_client: redis.Redis
) -> None:
    any_client.sadd("one", "a", "b")
    any_client.sadd("two", "b", "c")

    assert details.combined(gate, [b"one", b"two"], how=how, db=0, caller=VIEWER) == (members, len(members))


def test_large_sets_are_not_combined_to_look_at(gate: Gate, any_client: redis.Redis) -> None:
    any_client.sadd("one", *range(6_000))
    any_client.sadd("two", *range(6_000))

    with pytest.raises(TooCostly):
        details.combined(gate, [b"one", b"two"], how="union", db=0, caller=VIEWER)
    with pytest.raises(BadParameter):
        details.combined(gate, [b"one"], how="product", db=0, caller=VIEWER)


@pytest.mark.parametrize(
    ("kind", "item", "argv"),
    [
        ("hash", to_id(b"\xff"), ("HGET", b"k", b"\xff")),
        ("zset", to_id(b"m"), ("ZSCORE", b"k", b"m")),
        ("list", "-3.abc", ("LINDEX", b"k", -3)),
    ],
)
def test_an_element_is_read_by_what_stands_for_it(kind: str, item: str, argv: tuple[object, ...]) -> None:
    assert details.reading_of(kind, b"k", item) == argv


@pytest.mark.parametrize(
    ("kind", "item"), [("hash", "%"), ("list", "x.y"), ("list", "9" * 30), ("set", "YQ")]
)
def test_what_stands_for_nothing_is_refused(kind: str, item: str) -> None:
    with pytest.raises(BadParameter):
        details.reading_of(kind, b"k", item)

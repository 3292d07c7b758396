"""Every change does what it says, overwrites nobody's work, and can be undone, on every kind of server."""

from collections.abc import Callable

import pytest
import redis

from tests.conftest import PrivateServer
from tests.explorer.conftest import EDITOR, VIEWER, ListAudit
from thumbapp.errors import (
    BadEdit,
    BadParameter,
    ConfirmationNeeded,
    KeyChanged,
    KeyExists,
    KeyNotFound,
    KeyProtected,
    ModeNeeded,
    ServerRefused,
    UndoGone,
    WrongType,
)
from thumbapp.explorer.changes import hashes, keys, lists, sets, streams, strings
from thumbapp.explorer.edit import Change, ChangeResult, Editor, copy_key
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.undo import MOST_KEPT, Undo, UndoStore, mark

FILL: dict[str, Callable[[redis.Redis], object]] = {
    "string": lambda client: client.set("k", "1300", px=100_000),
    "list": lambda client: client.rpush("k", "a", "b", "a", "c"),
    "set": lambda client: (client.sadd("k", "a", "b"), client.sadd("other", "b", "c")),
    "zset": lambda client: client.zadd("k", {"a": 1, "b": 2}),
    "hash": lambda client: client.hset("k", mapping={"f": "v", "n": "5"}),
    "stream": lambda client: (
        client.xadd("k", {"a": 1}, id="1-1"),
        client.xadd("k", {"a": 2}, id="2-1"),
        client.xgroup_create("k", "crew", id="0"),
        client.xreadgroup("crew", "ann", {"k": ">"}, count=1),
    ),
}
# Each change, the type it is for, and what the key's value is then.
CHANGES: dict[str, tuple[str, Change, object]] = {
    "set": ("string", strings.set_string(b"k", b"new", seen=mark(b"1300")), b"new"),
    "append": ("string", strings.append_to_string(b"k", b"!"), b"1300!"),
    "write": ("string", strings.write_into_string(b"k", b"XY", offset=1), b"1XY0"),
    "bit": ("string", strings.set_bit(b"k", place=7, bit=0), b"0300"),
    "add": ("string", strings.add_to_number(b"k", "25"), b"1325"),
    "subtract": ("string", strings.add_to_number(b"k", "-30"), b"1270"),
    "fraction": ("string", strings.add_to_number(b"k", "0.5"), b"1300.5"),
    "push-tail": (
        "list",
        lists.push(b"k", [b"d", b"e"], at_head=False),
        [b"a", b"b", b"a", b"c", b"d", b"e"],
    ),
    "push-head": ("list", lists.push(b"k", [b"d", b"e"], at_head=True), [b"e", b"d", b"a", b"b", b"a", b"c"]),
    "pop-head": ("list", lists.pop(b"k", at_head=True, count=2), [b"a", b"c"]),
    "pop-tail": ("list", lists.pop(b"k", at_head=False), [b"a", b"b", b"a"]),
    "set-element": ("list", lists.set_element(b"k", 2, b"X", seen=mark(b"a")), [b"a", b"b", b"X", b"c"]),
    "remove-element": ("list", lists.remove_element(b"k", 2, seen=mark(b"a")), [b"a", b"b", b"c"]),
    "insert-before": (
        "list",
        lists.insert_element(b"k", 2, b"X", before=True, seen=mark(b"a")),
        [b"a", b"b", b"X", b"a", b"c"],
    ),
    "insert-after": (
        "list",
        lists.insert_element(b"k", 2, b"X", before=False, seen=mark(b"a")),
        [b"a", b"b", b"a", b"X", b"c"],
    ),
    "trim": ("list", lists.trim_list(b"k", 1, -2), [b"b", b"a"]),
    "add-members": ("set", sets.add_members(b"k", [b"c", b"\xff"]), {b"a", b"b", b"c", b"\xff"}),
    "remove-member": ("set", sets.remove_member(b"k", b"a"), {b"b"}),
    "add-scored": (
        "zset",
        sets.add_scored(b"k", b"c", "-inf"),
        [(b"c", float("-inf")), (b"a", 1.0), (b"b", 2.0)],
    ),
    "scored-flags": ("zset", sets.add_scored(b"k", b"a", "9", flags=["NX"]), [(b"a", 1.0), (b"b", 2.0)]),
    "add-to-score": ("zset", sets.add_to_score(b"k", b"a", "5"), [(b"b", 2.0), (b"a", 6.0)]),
    "remove-scored": ("zset", sets.remove_scored(b"k", b"a"), [(b"b", 2.0)]),
    "set-field": ("hash", hashes.set_field(b"k", b"f", b"w", seen=mark(b"v")), {b"f": b"w", b"n": b"5"}),
    "new-field": ("hash", hashes.set_field(b"k", b"g", b"w"), {b"f": b"v", b"n": b"5", b"g": b"w"}),
    "add-to-field": ("hash", hashes.add_to_field(b"k", b"n", "-6"), {b"f": b"v", b"n": b"-1"}),
    "remove-field": ("hash", hashes.remove_field(b"k", b"f"), {b"n": b"5"}),
    "add-entry": (
        "stream",
        streams.add_entry(b"k", [(b"a", b"3")], entry_id="3-1"),
        [b"1-1", b"2-1", b"3-1"],
    ),
    "remove-entry": ("stream", streams.remove_entry(b"k", "1-1"), [b"2-1"]),
    "trim-stream": ("stream", streams.trim_stream(b"k", most=1), [b"2-1"]),
    "create-group": ("stream", streams.create_group(b"k", b"new", start="$"), [b"1-1", b"2-1"]),
    "move-group": ("stream", streams.move_group(b"k", b"crew", start="0"), [b"1-1", b"2-1"]),
    "remove-consumer": ("stream", streams.remove_consumer(b"k", b"crew", b"ann"), [b"1-1", b"2-1"]),
    "acknowledge": ("stream", streams.acknowledge(b"k", b"crew", "1-1"), [b"1-1", b"2-1"]),
    "claim": ("stream", streams.claim(b"k", b"crew", b"bob", "1-1"), [b"1-1", b"2-1"]),
    "delete": ("list", keys.delete_key(b"k"), []),
}


def value(client: redis.Redis) -> object:
    """Return the value of the key ``k``, whatever its type."""
    read: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get("k"),
        b"list": lambda: client.lrange("k", 0, -1),
        b"set": lambda: client.smembers("k"),
        b"zset": lambda: client.zrange("k", 0, -1, withscores=True),
        b"hash": lambda: client.hgetall("k"),
        b"stream": lambda: [entry for entry, _ in client.xrange("k")],
        b"none": list,
    }
    return read[client.type("k")]()


@pytest.fixture
def store(any_client: redis.Redis, any_server: PrivateServer) -> UndoStore:
    """Return a store of undos in database 15 of the server."""
    client = redis.Redis.from_url(any_server.url.replace("/0", "/15"), protocol=2, socket_keepalive=False)
    return UndoStore(client, namespace="thumbapp:v1:")


@pytest.fixture
def editor(gate: Gate, store: UndoStore) -> Editor:
    """Return an editor of database 0 in edit mode."""
    return Editor(gate, store, caller=EDITOR, db=0)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_does_what_it_says_and_is_undone(
    name: str, editor: Editor, any_client: redis.Redis, audit: ListAudit
) -> None:
    kind, change, expected = CHANGES[name]
    FILL[kind](any_client)
    before, dump, life = value(any_client), any_client.dump("k"), any_client.pttl("k")

    done = editor.apply(change)

    assert value(any_client) == expected
    assert done.says.endswith(".")
    assert done.undo_id
    assert any_client.pttl("k") <= life or kind != "string"
    editor.undo(done.undo_id)
    assert value(any_client) == before
    assert kind == "set" or any_client.dump("k") == dump
    assert life - 2000 < any_client.pttl("k") <= life + 50
    assert [line["result"] for line in audit.lines] == ["ok", "ok"]


def test_a_string_keeps_its_life_when_it_is_set(editor: Editor, any_client: redis.Redis) -> None:
    FILL["string"](any_client)

    editor.apply(strings.set_string(b"k", b"new", seen=mark(b"1300")))

    assert 90_000 < any_client.pttl("k") <= 100_000


NEW = {
    "string": strings.set_string(b"new", b"v"),
    "list": lists.push(b"new", [b"v"], at_head=False, is_new=True),
    "set": sets.add_members(b"new", [b"v"], is_new=True),
    "zset": sets.add_scored(b"new", b"v", "1", is_new=True),
    "geo": sets.add_place(b"new", b"v", longitude="21.01", latitude="52.2", is_new=True),
    "hash": hashes.set_field(b"new", b"f", b"v", is_new=True),
    "stream": streams.add_entry(b"new", [(b"f", b"v")], is_new=True),
}


@pytest.mark.parametrize("kind", NEW)
def test_a_key_of_each_type_is_made_and_never_over_another(
    kind: str, editor: Editor, any_client: redis.Redis
) -> None:
    done = editor.apply(NEW[kind])

    with pytest.raises(KeyExists):
        editor.apply(NEW[kind])
    assert any_client.exists("new")
    editor.undo(done.undo_id)
    assert not any_client.exists("new")


def test_bits_and_hyperloglogs_may_begin_with_nothing(editor: Editor, any_client: redis.Redis) -> None:
    editor.apply(strings.set_bit(b"bits", place=9, bit=1))
    editor.apply(strings.add_to_hyperloglog(b"log", [b"a", b"b"]))

    assert any_client.get("bits") == b"\x00\x40"
    assert any_client.pfcount("log") == 2


def test_sets_are_combined_under_a_new_name(editor: Editor, any_client: redis.Redis) -> None:
    FILL["set"](any_client)

    for how, members in {"union": {b"a", b"b", b"c"}, "intersection": {b"b"}, "difference": {b"a"}}.items():
        done = editor.apply(sets.combine_sets(b"k", [b"other"], how=how, into=b"into"))
        assert any_client.smembers("into") == members
        editor.undo(done.undo_id)
        assert not any_client.exists("into")


CONFLICTS: dict[str, tuple[str, Change, Callable[[redis.Redis], object]]] = {
    "string": (
        "string",
        strings.set_string(b"k", b"x", seen=mark(b"1300")),
        lambda client: client.set("k", "2"),
    ),
    "element": (
        "list",
        lists.set_element(b"k", 0, b"x", seen=mark(b"a")),
        lambda client: client.lpush("k", "z"),
    ),
    "removed": (
        "list",
        lists.remove_element(b"k", 3, seen=mark(b"c")),
        lambda client: client.ltrim("k", 0, 1),
    ),
    "inserted": (
        "list",
        lists.insert_element(b"k", 1, b"x", before=True, seen=mark(b"b")),
        lambda client: client.lpop("k"),
    ),
    "field": (
        "hash",
        hashes.set_field(b"k", b"f", b"x", seen=mark(b"v")),
        lambda client: client.hset("k", "f", "y"),
    ),
    "new-field": ("hash", hashes.set_field(b"k", b"g", b"x"), lambda client: client.hset("k", "g", "y")),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_what_somebody_else_changed_is_not_overwritten(
    name: str, editor: Editor, any_client: redis.Redis
) -> None:
    kind, change, meanwhile = CONFLICTS[name]
    FILL[kind](any_client)
    meanwhile(any_client)
    before = value(any_client)

    with pytest.raises(KeyChanged, match="Nothing was overwritten"):
        editor.apply(change)

    assert value(any_client) == before


def test_the_value_of_now_comes_with_the_refusal(editor: Editor, any_client: redis.Redis) -> None:
    any_client.set("k", "theirs")

    with pytest.raises(KeyChanged) as refused:
        editor.apply(strings.set_string(b"k", b"mine", seen=mark(b"old")))

    assert refused.value.current == b"theirs"


def test_a_change_between_looking_and_writing_is_noticed(
    editor: Editor, any_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    FILL["list"](any_client)
    change = lists.push(b"k", [b"x"], at_head=True)
    looked_at = Editor._looked_at

    def slowly(*args: object) -> object:
        found = looked_at(*args)  # type: ignore[arg-type]
        any_client.rpush("k", "theirs")
        return found

    monkeypatch.setattr(Editor, "_looked_at", staticmethod(slowly))

    with pytest.raises(KeyChanged):
        editor.apply(change)
    assert value(any_client) == [b"a", b"b", b"a", b"c", b"theirs"]


@pytest.mark.parametrize("name", [name for name, (_, change, _) in CHANGES.items() if change.type])
def test_a_key_of_another_type_or_none_is_left_alone(
    name: str, editor: Editor, any_client: redis.Redis
) -> None:
    _, change, _ = CHANGES[name]

    if not change.is_new:
        with pytest.raises((KeyNotFound, KeyChanged)):
            editor.apply(change)
    other = "zset" if change.type != "zset" else "hash"
    FILL[other](any_client)
    before = value(any_client)
    with pytest.raises((WrongType, KeyChanged)):
        editor.apply(change)
    assert value(any_client) == before


def test_a_rename_is_never_over_another_key_unless_it_is_said(
    editor: Editor, any_client: redis.Redis
) -> None:
    any_client.mset({"k": "mine", "taken": "theirs"})

    with pytest.raises(KeyExists):
        editor.apply(keys.rename_key(b"k", b"taken"))
    with pytest.raises(BadEdit):
        editor.apply(keys.rename_key(b"k", b"k"))
    assert any_client.get("taken") == b"theirs"

    over = editor.apply(keys.rename_key(b"k", b"taken", replace=True))
    assert any_client.get("taken") == b"mine"
    editor.undo(over.undo_id)
    assert (any_client.get("k"), any_client.get("taken")) == (b"mine", b"theirs")


def test_a_rename_of_a_large_key_is_undone_too(editor: Editor, any_client: redis.Redis) -> None:
    any_client.setrange("k", 5_000_000, "x")

    done = editor.apply(keys.rename_key(b"k", b"new"))
    assert any_client.exists("k", "new") == 1
    editor.undo(done.undo_id)

    assert any_client.strlen("k") == 5_000_001


def test_lives_are_set_taken_away_and_undone(editor: Editor, any_client: redis.Redis) -> None:
    any_client.set("k", "v")

    expiring = editor.apply(keys.expire_key(b"k", 60_000))
    assert 50_000 < any_client.pttl("k") <= 60_000
    persisting = editor.apply(keys.persist_key(b"k"))
    assert any_client.pttl("k") == -1
    editor.undo(persisting.undo_id)
    assert 50_000 < any_client.pttl("k") <= 60_000
    editor.undo(expiring.undo_id)
    assert any_client.pttl("k") == -1
    for ttl_ms in (0, -5, 10**15):
        with pytest.raises(BadEdit):
            keys.expire_key(b"k", ttl_ms)


@pytest.mark.parametrize("to_db", [0, 3])
def test_a_key_is_copied_with_its_life_and_never_over_another(
    to_db: int, gate: Gate, store: UndoStore, editor: Editor, any_client: redis.Redis
) -> None:
    any_client.hset("k", "f", "v")
    any_client.pexpire("k", 60_000)

    def copied(*, replace: bool = False) -> ChangeResult:
        return copy_key(
            gate, store, name=b"k", new=b"copy", db=0, to_db=to_db, replace=replace, caller=EDITOR
        )

    def there(*argv: str) -> object:
        return gate.server.pool.exchange(to_db, argv)[0]

    first = copied()
    assert there("HGET", "copy", "f") == b"v"
    assert 50_000 < int(str(there("PTTL", "copy"))) <= 60_000
    with pytest.raises(KeyExists):
        copied()
    there("HSET", "copy", "f", "changed")
    second = copied(replace=True)
    assert there("HGET", "copy", "f") == b"v"
    editor.undo(second.undo_id)
    assert there("HGET", "copy", "f") == b"changed"
    with pytest.raises(KeyChanged):
        editor.undo(first.undo_id)
    editor.undo(first.undo_id, force=True)
    assert there("EXISTS", "copy") == 0
    with pytest.raises(KeyNotFound):
        copy_key(gate, store, name=b"gone", new=b"x", db=0, to_db=0, replace=False, caller=EDITOR)


def test_undoing_overwrites_nobodys_work_unless_it_is_said(editor: Editor, any_client: redis.Redis) -> None:
    any_client.set("k", "old")
    done = editor.apply(keys.delete_key(b"k"))
    any_client.set("k", "theirs")

    with pytest.raises(KeyChanged):
        editor.undo(done.undo_id)
    assert any_client.get("k") == b"theirs"
    editor.undo(done.undo_id, force=True)
    assert any_client.get("k") == b"old"
    with pytest.raises(UndoGone):
        editor.undo(done.undo_id)


def test_what_is_large_is_changed_and_says_that_it_stays(editor: Editor, any_client: redis.Redis) -> None:
    any_client.setrange("k", 3_000_000, "x")

    done = editor.apply(keys.delete_key(b"k"))

    assert done.undo_id == ""
    assert "too large" in done.says
    assert not any_client.exists("k")


def test_an_undo_is_for_who_made_the_change_and_for_a_while(
    gate: Gate, store: UndoStore, editor: Editor, any_client: redis.Redis
) -> None:
    any_client.set("k", "old")
    done = editor.apply(keys.delete_key(b"k"))
    other = Editor(gate, store, caller=VIEWER, db=0)

    for undo_id in (done.undo_id, "nonsense", "", "\n", "x" * 1000):
        with pytest.raises(UndoGone):
            other.undo(undo_id)
    assert 590 < store._redis.ttl(f"thumbapp:v1:undo:{done.undo_id}") <= 600


def test_only_the_newest_undos_are_kept(store: UndoStore) -> None:
    ids = [
        store.keep(Undo("ann", "app", 0, "x", commands=(("PERSIST", b"k"),))) for _ in range(MOST_KEPT + 3)
    ]

    with pytest.raises(UndoGone):
        store.find(ids[2], who="ann")
    assert store.find(ids[3], who="ann").commands == (("PERSIST", b"k"),)


def test_nothing_is_changed_in_view_mode_or_under_a_protected_name(
    gate: Gate, store: UndoStore, any_client: redis.Redis, audit: ListAudit
) -> None:
    any_client.mset({"k": "v", "keep:k": "v"})

    with pytest.raises(ModeNeeded):
        Editor(gate, store, caller=VIEWER, db=0).apply(keys.delete_key(b"k"))
    editor = Editor(gate, store, caller=EDITOR, db=0)
    for change in (
        keys.delete_key(b"keep:k"),
        keys.rename_key(b"k", b"keep:new"),
        strings.set_string(b"keep:n", b"v"),
    ):
        with pytest.raises(KeyProtected):
            editor.apply(change)
    with pytest.raises(KeyProtected):
        copy_key(gate, store, name=b"k", new=b"keep:x", db=0, to_db=0, replace=True, caller=EDITOR)

    assert any_client.dbsize() == 2
    assert [line["result"] for line in audit.lines] == ["mode", *["protected-key"] * 3]


def test_destroying_a_group_asks_first(editor: Editor, any_client: redis.Redis) -> None:
    FILL["stream"](any_client)
    change = streams.destroy_group(b"k", b"crew")

    with pytest.raises(ConfirmationNeeded, match="pending") as asked:
        editor.apply(change)
    done = editor.apply(change, confirm=asked.value.token)

    assert any_client.xinfo_groups("k") == []
    editor.undo(done.undo_id)
    assert any_client.xinfo_groups("k")[0]["pending"] == 1


def test_a_number_that_is_none_is_the_servers_sentence(editor: Editor, any_client: redis.Redis) -> None:
    any_client.set("k", "text")

    with pytest.raises(ServerRefused, match="not an integer or out of range"):
        editor.apply(strings.add_to_number(b"k", "1"))
    assert any_client.get("k") == b"text"


def test_fields_expire_where_the_server_knows_it(editor: Editor, gate: Gate, any_client: redis.Redis) -> None:
    FILL["hash"](any_client)
    with gate.server.pool.connection(0) as connection:
        if not gate.server.knows(connection, "HPEXPIRE"):
            return

    editor.apply(hashes.expire_field(b"k", b"f", 60_000))
    assert any_client.execute_command("HPTTL", "k", "FIELDS", 1, "f")[0] > 50_000
    editor.apply(hashes.expire_field(b"k", b"f", None))
    assert any_client.execute_command("HPTTL", "k", "FIELDS", 1, "f") == [-1]


BAD: dict[str, Callable[[], Change]] = {
    "offset": lambda: strings.write_into_string(b"k", b"x", offset=500_000_000),
    "bit": lambda: strings.set_bit(b"k", place=1, bit=2),
    "number": lambda: strings.add_to_number(b"k", "1e5"),
    "number-empty": lambda: strings.add_to_number(b"k", ""),
    "number-large": lambda: strings.add_to_number(b"k", "9" * 19),
    "none": lambda: lists.push(b"k", [], at_head=True),
    "many": lambda: sets.add_members(b"k", [b"x"] * 1001),
    "count": lambda: lists.pop(b"k", at_head=True, count=0),
    "score": lambda: sets.add_scored(b"k", b"m", "nan"),
    "score-text": lambda: sets.add_scored(b"k", b"m", "1_0"),
    "flag": lambda: sets.add_scored(b"k", b"m", "1", flags=["CH; FLUSHALL"]),
    "how": lambda: sets.combine_sets(b"k", [b"o"], how="x", into=b"i"),
    "ttl": lambda: hashes.expire_field(b"k", b"f", 0),
    "fields": lambda: streams.add_entry(b"k", []),
    "trim": lambda: streams.trim_stream(b"k", most=-1),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_meant_is_refused(name: str) -> None:
    with pytest.raises(BadEdit, match="Nothing was changed"):
        BAD[name]()


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(BadParameter):
        streams.add_entry(b"k", [(b"a", b"b")], entry_id="x")


def test_what_can_be_undone_is_listed_the_latest_first(
    editor: Editor, store: UndoStore, any_client: redis.Redis
) -> None:
    FILL["list"](any_client)
    first = editor.apply(lists.push(b"k", [b"x"], at_head=True))
    second = editor.apply(lists.pop(b"k", at_head=False))
    editor.undo(first.undo_id, force=True)

    found = store.recent(who=EDITOR.who, server="app")

    assert [(undo_id, undo.says) for undo_id, undo in found] == [(second.undo_id, "RPOP k")]
    assert store.recent(who=VIEWER.who, server="app") == []
    assert store.recent(who=EDITOR.who, server="elsewhere") == []

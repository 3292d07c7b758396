"""What goes out comes back: every type, every byte, every end; and half of it leaves nothing behind."""

import shutil
import subprocess
import time
from collections.abc import Iterable

import orjson
import pytest
import redis

from tests.conftest import PrivateServer, skip_or_fail
from tests.explorer.conftest import ADMIN, EDITOR, VIEWER, ListAudit
from tests.explorer.test_names import NAMES
from tests.explorer.test_scan import fill
from thumbapp.errors import BadImport, ModeNeeded, ServerReadOnly
from thumbapp.explorer.export import export
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.key_import import Imported, Policy, import_lines
from thumbapp.explorer.records import Record, parse
from thumbapp.explorer.scan import Search


def exported(gate: Gate, match: bytes = b"", *, db: int = 0) -> list[bytes]:
    return [record.to_json() for record in export(gate, Search(match), db=db)]


def imported(
    gate: Gate, lines: Iterable[bytes], *, db: int = 1, caller: Caller = EDITOR, **options: object
) -> Imported:
    *_, last = import_lines(gate, lines, caller=caller, db=db, **options)  # type: ignore[arg-type]
    return last


def fill_all_types(client: redis.Redis) -> None:
    client.set("string", bytes(range(256)))
    client.set("empty", b"")
    client.set("number", 1300)
    client.rpush("list", "a", "b", "a", b"\xff")
    client.sadd("set", "a", b"\xfe", "ż")
    client.sadd("numbers", 1, 2, 3)
    client.zadd("zset", {"a": 1.5, "b": float("-inf"), b"\xff": 1e300, "c": 0.1})
    client.hset("hash", mapping={"f": "v", b"\xff": b"\x00", "": ""})
    client.xadd("stream", {"a": 1, "b": b"\xff"}, id="1-1")
    client.xadd("stream", {"c": 2}, id="2-5")
    client.xadd("stream", {"gone": 2}, id="9-9")
    client.xdel("stream", "9-9")
    client.xgroup_create("stream", "crew", id="1-1")
    client.xadd("hollow", {"a": 1}, id="3-3")
    client.xdel("hollow", "3-3")
    client.xgroup_create("hollow", "crew", id="3-3")
    client.pexpire("hash", 90_000)
    client.pfadd("log", *range(500))


def contents(gate: Gate, db: int) -> dict[str, object]:
    """Return every value of the database as the commands of its type tell it."""
    read = {
        "string": ("GET",),
        "list": ("LRANGE", 0, -1),
        "set": ("SMEMBERS",),
        "zset": ("ZRANGE", 0, -1, "WITHSCORES"),
        "hash": ("HGETALL",),
        "stream": ("XRANGE", "-", "+"),
    }
    with gate.server.pool.connection(db) as connection:
        names = [name.decode("latin-1") for name in connection.ask("KEYS", "*")]  # type: ignore[union-attr]
        found: dict[str, object] = {}
        for name in names:
            key = name.encode("latin-1")
            command, *rest = read[connection.ask("TYPE", key).decode()]  # type: ignore[union-attr]
            value = connection.ask(command, key, *rest)
            found[name] = sorted(value) if command in ("SMEMBERS", "HGETALL") else value  # type: ignore[arg-type, type-var]
    return found


def test_every_type_and_byte_comes_back(gate: Gate, any_client: redis.Redis, audit: ListAudit) -> None:
    fill_all_types(any_client)
    any_client.mset({name: name for name in NAMES if name not in (b"plain",)})

    done = imported(gate, exported(gate))

    assert contents(gate, 1) == contents(gate, 0)
    assert done.made == any_client.dbsize()
    life, stream, groups = gate.server.pool.exchange(
        1, ("PTTL", "hash"), ("XINFO", "STREAM", "stream"), ("XINFO", "GROUPS", "hollow")
    )
    assert 80_000 < int(str(life)) <= 90_000
    assert b"9-9" in stream  # type: ignore[operator]
    assert b"crew" in groups[0]  # type: ignore[index, operator]
    assert audit.lines[-1]["action"] == "redis.import"


@pytest.mark.parametrize("kind", ["string", "list", "set", "zset", "hash", "stream"])
def test_a_large_key_goes_in_parts(kind: str, gate: Gate, any_client: redis.Redis) -> None:
    pipe = any_client.pipeline()
    match kind:
        case "string":
            pipe.set("k", "x" * 700_000)
        case "list":
            pipe.rpush("k", *range(2300))
        case "set":
            pipe.sadd("k", *[f"m{number}" for number in range(2300)])
        case "zset":
            pipe.zadd("k", {f"m{number}": number for number in range(2300)})
        case "hash":
            pipe.hset("k", mapping={f"m{number}": number for number in range(2300)})
        case _:
            for number in range(1300):
                pipe.xadd("k", {"n": number}, id=f"{number + 1}-0")
    pipe.execute()

    lines = exported(gate)
    done = imported(gate, lines)

    assert len(lines) > 2
    assert [orjson.loads(line).get("more", False) for line in lines] == [True] * (len(lines) - 1) + [False]
    assert max(map(len, lines)) < 600_000
    assert (done.made, done.lines) == (1, len(lines))
    assert contents(gate, 1) == contents(gate, 0)


@pytest.mark.parametrize(
    ("policy", "value", "counts"), [(Policy.SKIP, b"theirs", (1, 0, 1)), (Policy.REPLACE, b"mine", (1, 1, 0))]
)
def test_a_name_that_is_taken_is_treated_as_it_was_said(
    policy: Policy, value: bytes, counts: tuple[int, int, int], gate: Gate, any_client: redis.Redis
) -> None:
    any_client.mset({"taken": "mine", "free": "mine"})
    lines = exported(gate)
    gate.server.pool.exchange(1, ("SET", "taken", "theirs"))

    dry = imported(gate, lines, policy=policy, dry_run=True)
    assert gate.server.pool.exchange(1, ("DBSIZE",)) == [1]
    done = imported(gate, lines, policy=policy)

    assert (dry.made, dry.replaced, dry.skipped) == counts
    assert (done.made, done.replaced, done.skipped) == counts
    assert gate.server.pool.exchange(1, ("GET", "taken"), ("DBSIZE",)) == [value, 2]


def test_a_name_that_is_taken_may_end_it(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("taken", "mine")
    lines = exported(gate)

    with pytest.raises(BadImport, match="there already"):
        imported(gate, lines, db=0, policy=Policy.FAIL)


def test_what_is_over_or_protected_is_passed_over(gate: Gate) -> None:
    past = int(time.time() * 1000) - 5
    lines = [
        Record(b"old", "string", b"x", past).to_json(),
        Record(b"thumbapp:v1:user:1", "string", b"x").to_json(),
        b"",
        Record(b"new", "string", b"x").to_json(),
    ]

    done = imported(gate, lines, policy=Policy.REPLACE)

    assert (done.made, done.expired, done.protected, done.lines) == (1, 1, 1, 4)
    assert done.samples == ["new"]


BAD: dict[str, tuple[bytes, str]] = {
    "no-json": (b"{", ""),
    "no-object": (b"[]", "no object"),
    "no-key": (b'{"type": "string", "value": "x"}', "'key' is missing"),
    "no-type": (b'{"key": "k", "value": "x"}', "'type' is missing"),
    "strange-type": (b'{"key": "k", "type": "zip", "value": "x"}', "no type"),
    "key-number": (b'{"key": 5, "type": "string", "value": "x"}', "text"),
    "bad-base64": (b'{"key": {"base64": "%"}, "type": "string", "value": "x"}', ""),
    "string-list": (b'{"key": "k", "type": "string", "value": []}', "text"),
    "empty-list": (b'{"key": "k", "type": "list", "value": []}', "no elements"),
    "hash-flat": (b'{"key": "k", "type": "hash", "value": ["a", "b"]}', "row of 2"),
    "zset-score": (b'{"key": "k", "type": "zset", "value": [["a", "x"]]}', "float"),
    "zset-nan": (b'{"key": "k", "type": "zset", "value": [["a", "nan"]]}', "server refused"),
    "stream-odd": (b'{"key": "k", "type": "stream", "value": [["1-1", ["a"]]]}', "fields"),
    "stream-id": (b'{"key": "k", "type": "stream", "value": [["x", ["a", "b"]]]}', "server refused"),
    "stream-order": (
        b'{"key": "k", "type": "stream", "value": [["2-1", ["a", "b"]], ["1-1", ["a", "b"]]]}',
        "server refused",
    ),
    "expiry": (b'{"key": "k", "type": "string", "value": "x", "expires_at_ms": "soon"}', "moment"),
    "orphan-part": (b'{"key": "k", "type": "string", "value": "x", "part": true}', "not begun"),
    "unfinished": (b'{"key": "k", "type": "string", "value": "x", "more": true}', "middle"),
    "long": (b'{"key": "' + b"x" * 33_000_000 + b'"}', "more than 32 MB"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_line_that_describes_no_key_is_named_and_leaves_nothing(
    name: str, gate: Gate, any_client: redis.Redis
) -> None:
    line, reason = BAD[name]
    good = Record(b"good", "string", b"x").to_json()

    with pytest.raises(BadImport, match="Line 2") as refused:
        imported(gate, [good, line])

    assert reason in str(refused.value)
    assert gate.server.pool.exchange(1, ("DBSIZE",), ("EXISTS", "good")) == [1, 1]


def test_a_part_of_another_key_is_refused(gate: Gate) -> None:
    lines = [
        Record(b"k", "list", [b"a"], is_more=True).to_json(),
        Record(b"other", "list", [b"b"], is_first=False).to_json(),
    ]

    with pytest.raises(BadImport, match="Line 2"):
        imported(gate, lines)
    assert gate.server.pool.exchange(1, ("DBSIZE",)) == [0]


def test_a_value_in_the_servers_own_format_needs_admin_mode(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("k", "v")
    line = Record(b"k", "dump", any_client.dump("k")).to_json()

    with pytest.raises(ModeNeeded):
        imported(gate, [line])
    assert imported(gate, [line], caller=ADMIN).made == 1
    assert gate.server.pool.exchange(1, ("GET", "k")) == [b"v"]


def test_nobody_imports_in_view_mode_or_to_a_read_only_server(gate: Gate) -> None:
    with pytest.raises(ModeNeeded):
        imported(gate, [], caller=VIEWER)
    gate.server.is_read_only = True
    with pytest.raises(ServerReadOnly):
        imported(gate, [], caller=ADMIN)


def test_thousands_of_keys_come_back(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 1500)

    assert imported(gate, exported(gate, b"key:*")).made == 1500
    assert contents(gate, 1) == contents(gate, 0)


def test_the_commands_are_what_redis_cli_reads(
    gate: Gate, any_client: redis.Redis, any_server: PrivateServer
) -> None:
    fill_all_types(any_client)
    any_client.delete("string", "log")  # a zero byte cannot go through redis-cli's own pipe
    program = shutil.which("redis-cli")
    if program is None:
        skip_or_fail("no redis-cli on the PATH")

    lines = [line for record in export(gate, Search(), db=0) for line in record.lines()]
    done = subprocess.run(
        [program, "-p", str(any_server.port), "-n", "1"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert "ERR" not in done.stdout
    assert contents(gate, 1) == contents(gate, 0)


def test_a_line_comes_back_as_its_record() -> None:
    record = Record(b"\xff", "zset", [(b"a", "1.5"), (b"\x00", "-inf")], 1_900_000_000_000, is_more=True)

    assert parse(record.to_json(), number=1) == record

"""Keys at the command line: found, read, changed, written to files and back, in pipes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from thumbapp.audit import AuditLog
from thumbapp.config import Settings
from thumbapp.explorer.names import to_id

Run = Callable[..., Any]
DB = 9


@pytest.fixture
def keys(redis_url: str, redis_client: redis.Redis) -> Iterator[redis.Redis]:
    """Return a client of a database without the app's keys."""
    client = redis.Redis.from_url(redis_url.replace("/0", f"/{DB}"), protocol=2, socket_keepalive=False)
    yield client
    client.close()


@pytest.fixture
def run(thumbapp: Run) -> Run:
    """Return what runs ``thumbapp redis`` in that database."""
    return lambda *arguments, **more: thumbapp("redis", *arguments, "--db", DB, **more)


def test_a_ping_answers_or_fails(run: Run) -> None:
    here = run("ping", "--json")
    away = run("ping", THUMBAPP_REDIS_URL="redis://127.0.0.1:1/0")

    assert (here.code, here.json["reply"]) == (0, "PONG")
    assert (away.code, away.out) == (1, "")
    assert "does not answer" in away.err


def test_keys_are_printed_a_line_each_as_they_are_shown(run: Run, keys: redis.Redis) -> None:
    keys.mset({"user:1": "abc", b"\xff\x1b[31m": 1, "other": 1})

    long = run("keys", "user:*", "--long")
    every = run("keys")
    found = run("keys", r"\xff*", "--json")

    assert long.out.split("\t")[::4] == ["string", "user:1\n"]
    assert sorted(every.out.split()) == ["\\xff\\x1b[31m", "other", "user:1"]
    assert json.loads(found.out)["id"] == to_id(b"\xff\x1b[31m")
    assert json.loads(found.out)["type"] == "string"


def test_a_value_of_any_type_and_size_goes_out_whole(run: Run, keys: redis.Redis) -> None:
    keys.set("long", "x" * 700_000)
    keys.hset("hash", mapping={"name": "y" * 2_000, "tab": "a\tb"})
    keys.zadd("zset", {"ala": -1, "ola": 5})

    said = {name: run("get", name) for name in ("long", "hash", "zset", "none")}

    assert said["long"].out == "x" * 700_000
    assert said["hash"].out == f"name\t{'y' * 2_000}\ntab\ta\\x09b\n"
    assert said["zset"].out == "ala\t-1\nola\t5\n"
    assert (said["none"].code, said["none"].out) == (1, "")


def test_what_is_set_is_there_and_can_be_kept_from_being_overwritten(run: Run, keys: redis.Redis) -> None:
    first = run("set", "greeting", "-", "--ttl", "60", stdin="hello\nworld")
    second = run("set", "greeting", "other", "--new")

    assert (first.code, first.out) == (0, "OK\n")
    assert (second.code, keys.get("greeting")) == (1, b"hello\nworld")
    assert 0 < keys.pttl("greeting") <= 60_000


def test_deleting_names_counts_and_a_pattern_needs_yes(run: Run, keys: redis.Redis) -> None:
    keys.mset({f"tmp:{number}": 1 for number in range(120)} | {"one": 1})

    named = run("delete", "one", "none")
    again = run("delete", "one")
    asked = run("delete", "--match", "tmp:*")
    before = keys.dbsize()
    done = run("delete", "--match", "tmp:*", "--yes", "--json")

    assert (named.code, named.out, again.code) == (0, "1\n", 1)
    assert (asked.code, before) == (0, 120)
    assert "120 keys match" in asked.err
    assert (done.json, keys.dbsize()) == ({"deleted": 120}, 0)


@pytest.mark.parametrize(
    "arguments", [("delete",), ("delete", "a", "--match", "b"), ("keys", "--type", "<b>")]
)
def test_what_makes_no_sense_is_bad_usage(arguments: tuple[str, ...], run: Run) -> None:
    assert run(*arguments).code == 2


def test_an_export_comes_back_through_a_pipe(run: Run, keys: redis.Redis, tmp_path: Path) -> None:
    keys.set(b"\xff", b"\x00")
    keys.rpush("list", *range(10))
    file = tmp_path / "keys.jsonl"
    before = {name: keys.dump(name) for name in keys.scan_iter()}

    written = run("export", "--out", file)
    piped = run("export")
    keys.flushdb()
    dry = run("import", file, "--dry-run", "--json")
    empty = keys.dbsize()
    read = run("import", stdin=piped.out)

    assert (written.out, dry.json["made"], empty) == (f"2 keys in {file}\n", 2, 0)
    assert read.out.startswith("2 made")
    assert {name: keys.dump(name) for name in keys.scan_iter()} == before


def test_a_line_that_is_no_key_ends_an_import_with_its_number(run: Run, keys: redis.Redis) -> None:
    answer = run(
        "import", stdin='{"key": "a", "type": "string", "value": "1", "expires_at_ms": null}\n{"x"\n'
    )

    assert answer.code == 1
    assert "Line 2" in answer.err
    assert keys.get("a") == b"1"


def test_memory_is_told_by_the_beginning_of_names(run: Run, keys: redis.Redis) -> None:
    keys.mset({f"user:{number}": "x" * 100 for number in range(5)} | {"alone": 1})

    told = run("memory", "--json").json
    shown = run("memory").out

    assert [(item["label"], item["keys"]) for item in told["by_name"]] == [("user:", 5), ("(no prefix)", 1)]
    assert "6 keys" in shown


def test_the_console_prints_what_redis_cli_prints(run: Run, keys: redis.Redis) -> None:
    lines = 'RPUSH "Pierwsza lista w Redisie" 1 2\nLRANGE "Pierwsza lista w Redisie" 0 -1\nGET none\n'

    session = run("cli", stdin=lines)
    refused = run("cli", stdin="FLUSHDB\nFLUSHALL\n")
    failed = run("cli", "INCR", "Pierwsza lista w Redisie")

    assert session.out == '(integer) 2\n1) "1"\n2) "2"\n(nil)\n'
    assert (refused.code, refused.out, keys.dbsize()) == (1, "", 1)
    assert (failed.code, failed.out.split()[1]) == (1, "WRONGTYPE")


def test_protected_keys_stay_and_writes_are_in_the_audit(
    run: Run, settings: Settings, redis_client: redis.Redis
) -> None:
    protected = run("set", f"{settings.namespace}x", "1")
    run("set", "a", "1")

    entries = AuditLog(redis_client, namespace=settings.namespace).page().items
    assert (protected.code, "protected" in protected.err) == (1, True)
    assert [(entry.action, entry.result) for entry in entries] == [
        ("redis.set", "ok"),
        ("redis.set", "protected-key"),
    ]
    assert entries[0].who.startswith("command line (")


def test_a_reader_that_goes_away_ends_it_quietly(environment: dict[str, str], keys: redis.Redis) -> None:
    import subprocess
    import sys

    keys.mset({f"key:{number}": 1 for number in range(20_000)})
    process = subprocess.Popen(
        [sys.executable, "-m", "thumbapp", "redis", "keys", "--db", str(DB)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline().startswith(b"key:")
    process.stdout.close()

    assert process.wait(30) in (0, 1)
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()

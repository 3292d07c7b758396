"""An export as commands comes back like one as JSON: every type and byte; and nothing else is let in."""

import time
from collections.abc import Iterable

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR
from tests.explorer.test_transfer import contents, fill_all_types
from thumbapp.errors import BadImport, ModeNeeded
from thumbapp.explorer.command_records import command_records, looks_like_commands
from thumbapp.explorer.export import export
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.key_import import Imported, Policy, import_lines
from thumbapp.explorer.scan import Search


def imported(gate: Gate, lines: Iterable[bytes], *, caller: Caller = EDITOR, **options: object) -> Imported:
    *_, last = import_lines(gate, lines, caller=caller, db=1, read=command_records, **options)  # type: ignore[arg-type]
    return last


def test_every_type_and_byte_comes_back(gate: Gate, any_client: redis.Redis) -> None:
    fill_all_types(any_client)
    any_client.set(b"\xff \x00\n'\"", b"\xfe")
    lines = [line.encode() for record in export(gate, Search(), db=0) for line in record.lines()]

    done = imported(gate, lines)

    assert contents(gate, 1) == contents(gate, 0)
    assert done.made == any_client.dbsize()
    with gate.server.pool.connection(1) as connection:
        assert 60_000 < int(connection.ask("PTTL", "hash")) <= 90_000  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "value", "counts"),
    [(Policy.SKIP, b"old", (0, 0, 1)), (Policy.REPLACE, b"new+", (0, 1, 0))],
)
def test_a_name_that_is_taken(policy: Policy, value: bytes, counts: tuple[int, int, int], gate: Gate) -> None:
    gate.server.pool.exchange(1, ("SET", "k", "old"))

    done = imported(gate, [b"SET k new", b"", b'APPEND "k" +'], policy=policy)

    assert gate.server.pool.exchange(1, ("GET", "k")) == [value]
    assert (done.made, done.replaced, done.skipped) == counts


def test_a_dry_run_changes_nothing(gate: Gate, any_client: redis.Redis) -> None:
    done = imported(gate, [b"RPUSH l a b", b"SET s 1"], dry_run=True)

    assert (done.made, done.samples) == (2, ["l", "s"])
    assert gate.server.pool.exchange(1, ("DBSIZE",)) == [0]


def test_what_has_expired_meanwhile_is_passed_over(gate: Gate, any_client: redis.Redis) -> None:
    past = int(time.time() * 1000) - 1000

    done = imported(gate, [b"SET a 1", b"PEXPIREAT a %d" % past, b"RPUSH b 1"])

    assert (done.made, done.expired) == (1, 1)
    assert list(contents(gate, 1)) == ["b"]


@pytest.mark.parametrize(
    "text",
    [b"FLUSHALL", b"GET k", b"DEL k", b"EVAL 'return 1' 0", b'SET "k', b"SET k", b"XGROUP HELP k g", b"\x00"],
)
def test_what_no_export_writes_is_refused_with_its_line(
    text: bytes, gate: Gate, any_client: redis.Redis
) -> None:
    with pytest.raises(BadImport, match="Line 2"):
        imported(gate, [b"SET a 1", text])

    assert contents(gate, 1) in ({}, {"a": b"1"})


def test_a_dump_needs_admin_mode(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("k", "v")
    line = b"RESTORE k 0 " + b'"' + b"".join(b"\\x%02x" % byte for byte in any_client.dump("k")) + b'"'

    with pytest.raises(ModeNeeded):
        imported(gate, [line])

    assert imported(gate, [line], caller=ADMIN).made == 1


@pytest.mark.parametrize(
    ("beginning", "is_commands"), [(b'\n{"key"', False), (b"SET a 1", True), (b"", True)]
)
def test_json_is_told_from_commands(beginning: bytes, is_commands: bool) -> None:
    assert looks_like_commands(beginning) is is_commands

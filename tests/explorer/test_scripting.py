"""Scripts run by their fingerprint, are watched over, and say where they failed."""

from collections.abc import Callable

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR, VIEWER
from tests.patience import until
from thumbapp.errors import ConfirmationNeeded, ModeNeeded, ScriptRunning, ServerLacks
from thumbapp.explorer import watchdog
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.scripting import Outcome, call_function, fingerprint, kill, libraries, run_script
from thumbapp.explorer.scripts import SAMPLES
from thumbapp.explorer.servers import Server

Run = Callable[..., Outcome]


@pytest.fixture
def gate(elsewhere: Server, gate_to: Callable[[Server], Gate]) -> Gate:
    """Return a gate to a server without the app's keys, where scripts need no confirmation."""
    return gate_to(elsewhere)


@pytest.fixture
def run(gate: Gate) -> Run:
    """Return what runs a script as an administrator."""

    def one(source: str, keys: tuple[str, ...] = (), args: tuple[str, ...] = (), **options: bool) -> Outcome:
        named = [key.encode() for key in keys]
        given = [arg.encode() for arg in args]
        return run_script(gate, source.encode(), keys=named, args=given, caller=ADMIN, db=0, **options)

    return one


@pytest.mark.parametrize(
    ("name", "before", "text"),
    [
        ("return text", {}, '"test"'),
        ("KEYS and ARGV", {}, '1) "1"\n2) "2"\n3) "first"\n4) "second"'),
        (
            "numbers from a loop",
            {},
            "\n".join(f"{number:>2}) (integer) {number}" for number in range(1, 11)),
        ),
        ("JSON in, number out", {}, "(integer) 7"),
        ("read, compute, save", {"key1": "10"}, "(integer) 15"),
        ("count, by fingerprint", {"n": "41"}, "(integer) 42"),
        ("grant a permission to a group", {}, "(nil)"),
    ],
)
def test_every_sample_runs(
    name: str, before: dict[str, str], text: str, run: Run, any_client: redis.Redis
) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == name)
    for key, value in before.items():
        any_client.set(key, value)

    assert run(sample.source, sample.keys, sample.args).text == text


def test_a_permission_is_granted_to_a_whole_group(run: Run, any_client: redis.Redis) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "grant a permission to a group")
    any_client.sadd("users_group:2", *range(50))
    any_client.sadd("permissions", "ADD_BOOKING")

    assert run(sample.source, sample.keys, sample.args).reply == 1

    assert len(list(any_client.scan_iter("user_permissions:*"))) == 50
    assert any_client.smembers("user_permissions:49") == {b"ADD_BOOKING"}


def test_a_script_is_sent_whole_only_when_the_server_lacks_it(run: Run, any_client: redis.Redis) -> None:
    any_client.script_flush()

    first, second = run("return 1"), run("return 1")

    assert (first.was_loaded, second.was_loaded) == (False, True)
    assert first.sha == fingerprint(b"return 1")
    assert any_client.script_exists(first.sha) == [True]


def test_an_error_names_its_line(run: Run) -> None:
    outcome = run("local a = 1\n\nreturn a + nil")

    assert outcome.is_error
    assert outcome.line == 3


def test_what_only_reads_may_not_write(run: Run, any_server: object) -> None:
    try:
        outcome = run("return redis.call('SET', KEYS[1], 1)", ("a",), read_only=True)
    except ServerLacks:
        return

    assert outcome.is_error
    assert outcome.line == 1


def test_an_endless_reader_is_ended(
    run: Run, any_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE_S", 0.2)
    any_client.config_set("lua-time-limit", 100)

    try:
        outcome = run("while true do end", read_only=True)
    except ServerLacks:
        return

    assert outcome.was_killed
    assert "killed" in outcome.text.lower()
    assert any_client.ping()


def test_an_endless_writer_is_told_of_and_can_be_killed(
    run: Run, gate: Gate, any_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE_S", 0.2)
    any_client.config_set("lua-time-limit", 100)

    with pytest.raises(ScriptRunning):
        run("while true do end")

    assert kill(gate, caller=ADMIN) == b"OK"
    until(lambda: answers(any_client))


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ResponseError:  # BUSY, for the moment that the script takes to die
        return False


def test_where_the_apps_keys_live_a_script_asks_first(
    home: Server, gate_to: Callable[[Server], Gate]
) -> None:
    gate = gate_to(home)
    with pytest.raises(ConfirmationNeeded) as asked:
        run_script(gate, b"return 1", caller=ADMIN, db=0)

    outcome = run_script(gate, b"return 1", caller=ADMIN, db=0, confirm=asked.value.token)

    assert outcome.reply == 1


def test_it_takes_more_than_looking(gate: Gate) -> None:
    with pytest.raises(ModeNeeded):
        run_script(gate, b"return 1", caller=VIEWER, db=0)
    with pytest.raises(ModeNeeded):
        kill(gate, caller=EDITOR)


def test_functions_are_listed_and_called(gate: Gate, any_client: redis.Redis) -> None:
    source = (
        "#!lua name=lab\nredis.register_function('addone', function(k) return redis.call('INCR', k[1]) end)"
    )
    try:
        libraries(gate)
    except ServerLacks:
        return
    any_client.function_load(source, replace=True)

    assert [(lab.name, lab.functions) for lab in libraries(gate)] == [(b"lab", (b"addone",))]
    assert call_function(gate, b"addone", keys=[b"n"], caller=ADMIN, db=0).reply == 1
    any_client.function_flush()

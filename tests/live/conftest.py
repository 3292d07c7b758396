"""What the tests of streams share: a hub on the private server, and the web server of `up`."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import redis

from thumbapp.live.hub import Hub
from thumbapp.runtime.web import WebServer, address_of, listen

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAMESPACE = "test:v1:"
LONG_S = 30.0


def wait_until(claim: Callable[[], bool]) -> None:
    """Return once *claim* holds; fail after a long time."""
    deadline = time.monotonic() + LONG_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


@pytest.fixture
def make_hub(redis_url: str) -> Iterator[Callable[..., Hub]]:
    """Return what makes a hub; each is closed in the end."""
    hubs: list[Hub] = []

    def connect() -> redis.Redis:
        return redis.Redis.from_url(redis_url, protocol=2, socket_timeout=2, socket_keepalive=False)

    def make(**options: int) -> Hub:
        hubs.append(Hub(connect, namespace=NAMESPACE, **{"capacity": 10, **options}))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """Return a hub with room for ten streams."""
    return make_hub()


@pytest.fixture
def serve(hub: Hub) -> Iterator[Callable[["WSGIApplication"], str]]:
    """Return what serves an application and returns its address; it ends with the hub's streams."""
    servers: list[WebServer] = []

    def start(app: "WSGIApplication") -> str:
        sockets = listen("127.0.0.1", 0)
        servers.append(WebServer(app, sockets, max_body_bytes=1_000, threads=12))
        servers[-1].start()
        return address_of(sockets)

    yield start
    hub.close()
    for server in servers:
        with suppress(OSError):  # it may end, and close its trigger, before stop() has pulled that
            server.stop(timeout_s=5)
        wait_until(lambda server=server: not server.is_alive)  # type: ignore[misc]

"""Streams through the web server that `up` runs: frames arrive at once, threads come back."""

import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import redis

from tests.live.conftest import LONG_S, NAMESPACE, wait_until
from thumbapp.live import sse
from thumbapp.live.events import EventLog
from thumbapp.live.hub import Hub


@pytest.fixture
def port(hub: Hub, redis_client: redis.Redis, serve: Callable[..., str]) -> int:
    """Return the port of a server that answers every request with a stream."""

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", list(sse.HEADERS.items()))
        left = environ["waitress.client_disconnected"]
        return sse.stream(hub.subscribe(["job:a"]), is_disconnected=left)

    return int(serve(app).rpartition(":")[2])


@pytest.fixture
def browse(port: int) -> Iterator[Callable[[str], socket.socket]]:
    """Return what sends a request and returns its connection, which is closed in the end."""
    connections: list[socket.socket] = []

    def open_stream(method: str) -> socket.socket:
        connections.append(socket.create_connection(("127.0.0.1", port), timeout=LONG_S))
        connections[-1].sendall(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return connections[-1]

    yield open_stream
    for connection in connections:
        connection.close()


def read_until(connection: socket.socket, ending: bytes) -> bytes:
    got = b""
    while ending not in got:
        part = connection.recv(65536)
        assert part, "the stream ended"
        got += part
    return got


def test_an_event_arrives_while_the_stream_is_open(
    browse: Callable[[str], socket.socket], redis_client: redis.Redis
) -> None:
    connection = browse("GET")
    read_until(connection, b"retry: 1000\n: ok\n")

    EventLog(redis_client, namespace=NAMESPACE).publish("job:a", "job", {"n": 1})

    assert b'event: job\ndata: {"n":1}\n\n' in read_until(connection, b'"n":1}\n\n')


def test_a_closed_tab_gives_its_thread_and_its_place_back(
    browse: Callable[[str], socket.socket], hub: Hub
) -> None:
    for _ in range(8):
        connection = browse("GET")
        read_until(connection, b"retry: 1000\n: ok\n")

        connection.close()

    wait_until(lambda: hub.streams == 0)


def test_a_question_for_the_head_alone_takes_no_place(
    browse: Callable[[str], socket.socket], hub: Hub
) -> None:
    connection = browse("HEAD")
    read_until(connection, b"\r\n\r\n")

    connection.close()

    wait_until(lambda: hub.streams == 0)


def test_a_shutdown_ends_open_streams(browse: Callable[[str], socket.socket], hub: Hub) -> None:
    connection = browse("GET")
    read_until(connection, b"retry: 1000\n: ok\n")

    hub.close()

    assert b"0\r\n\r\n" in read_until(connection, b"0\r\n\r\n")

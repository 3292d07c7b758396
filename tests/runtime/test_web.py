"""The web server of `up`: what it refuses by itself, and how it stops."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from thumbapp.errors import CannotListen, PortTaken
from thumbapp.runtime.channel import MOST_AHEAD
from thumbapp.runtime.web import WebServer, address_of, is_loopback, listen

LIMIT = 1_000_000


class Site:
    """A WSGI application that echoes sizes, and answers /slow when it is let."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/slow":
            self.is_asked.set()
            self.may_answer.wait(20)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(len(body)).encode()]


class Served(Site):
    """A site with its server."""

    def __init__(self) -> None:
        super().__init__()
        self.sockets = listen("127.0.0.1", 0)
        self.port = self.sockets[0].getsockname()[1]
        self.web = WebServer(self, self.sockets, max_body_bytes=LIMIT, threads=2)
        self.web.start()

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection to the site."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def wait_until_stopped(self) -> bool:
        """Return whether the server ends within ten seconds."""
        for _ in range(500):
            if not self.web.is_alive:
                return True
            threading.Event().wait(0.02)
        return False


@pytest.fixture
def site() -> Iterator[Served]:
    served = Served()
    yield served
    served.may_answer.set()
    served.web.stop(timeout_s=1)
    assert served.wait_until_stopped()


def test_a_body_up_to_the_limit_is_taken(site: Served) -> None:
    connection = site.connection()
    connection.request("POST", "/", body=bytes(LIMIT))

    assert connection.getresponse().read() == str(LIMIT).encode()
    connection.close()


def test_a_larger_body_is_refused_by_its_announced_length(site: Served) -> None:
    connection = site.connection()
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(LIMIT + 1))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()

    response = connection.getresponse()

    assert response.status == 413
    assert response.read() == b"The request is larger than 1 MB, the most that is taken at once."
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()


def test_a_larger_body_is_refused_when_its_length_is_not_announced(site: Served) -> None:
    connection = site.connection()
    pieces = (bytes(100_000) for _ in range(11))
    connection.request("POST", "/", body=pieces, encode_chunked=True)

    assert connection.getresponse().status == 413
    connection.close()


def test_the_api_is_told_in_its_own_shape(site: Served) -> None:
    connection = site.connection()
    connection.putrequest("POST", "/api/v1/jobs")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()

    response = connection.getresponse()

    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.read())["code"] == "request-too-large"
    connection.close()


def test_the_server_does_not_name_itself(site: Served) -> None:
    connection = site.connection()
    connection.request("GET", "/")

    assert connection.getresponse().headers["Server"] is None
    connection.close()


def test_half_open_connections_do_not_stop_it(site: Served) -> None:
    half_open = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(300)]
    for each in half_open:
        each.sendall(b"POST / HTTP/1.1\r\n")

    connection = site.connection()
    connection.request("GET", "/")

    assert connection.getresponse().status == 200
    for each in (connection, *half_open):
        each.close()


def test_six_hundred_connections_at_once_are_all_answered(site: Served) -> None:
    opened = [socket.create_connection(("127.0.0.1", site.port), 20) for _ in range(600)]

    for each in opened:
        each.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert {each.recv(12) for each in opened} == {b"HTTP/1.1 200"}
    for each in opened:
        each.close()


def test_a_request_that_runs_is_finished_when_it_stops(site: Served) -> None:
    connection = site.connection()
    connection.request("GET", "/slow")
    assert site.is_asked.wait(10)

    site.web.stop(timeout_s=10)
    site.may_answer.set()

    assert connection.getresponse().read() == b"0"
    assert site.wait_until_stopped()
    connection.close()


def test_a_request_that_hangs_does_not_keep_it_from_stopping(site: Served) -> None:
    connection = site.connection()
    connection.request("GET", "/slow")
    assert site.is_asked.wait(10)

    site.web.stop(timeout_s=0.2)

    assert site.wait_until_stopped()
    connection.close()


def test_no_connection_is_taken_once_it_stops(site: Served) -> None:
    site.web.stop(timeout_s=1)
    assert site.wait_until_stopped()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port), timeout=5)


def test_a_taken_port_is_said() -> None:
    with listen("127.0.0.1", 0)[0] as taken, pytest.raises(PortTaken, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_said(host: str) -> None:
    with pytest.raises(CannotListen, match="--host"):
        listen(host, 0)


def test_every_address_of_a_name_is_listened_on_under_one_port() -> None:
    sockets = listen("localhost", 0)

    assert len({each.getsockname()[1] for each in sockets}) == 1
    for each in sockets:
        each.close()


def test_the_address_is_one_that_a_browser_opens() -> None:
    with listen("0.0.0.0", 0)[0] as everywhere:
        assert address_of([everywhere]) == f"http://127.0.0.1:{everywhere.getsockname()[1]}"


@pytest.mark.parametrize(("host", "claim"), [("0.0.0.0", False), ("127.0.0.1", True), ("localhost", True)])
def test_what_only_this_machine_reaches_is_told(host: str, claim: bool) -> None:
    sockets = listen(host, 0)

    assert is_loopback(sockets) is claim
    for each in sockets:
        each.close()


def test_of_requests_in_a_pile_the_first_few_are_answered(site: Served) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
        answers = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert 1 <= answers.count(b"HTTP/1.1 200 OK") <= MOST_AHEAD
    assert answers.count(b"Connection: close") == 1

"""Bodies that come in while the disk is nearly full: refused by either server, small ones taken."""

import io
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from thumbapp.errors import DiskFull
from thumbapp.runtime.disk_space import LOOK_EVERY_BYTES, DiskSpace
from thumbapp.runtime.request_body import RequestBodyMiddleware
from thumbapp.runtime.web import WebServer, listen

NEVER = 10**18
LARGE = bytes(2 * LOOK_EVERY_BYTES)


@pytest.fixture
def full() -> Iterator[HTTPConnection]:
    """Return a connection to a server whose disk has less room than must stay free."""
    sockets = listen("127.0.0.1", 0)
    app = RequestBodyMiddleware(lambda environ, start: (start("200 OK", []), [b"taken"])[1])
    web = WebServer(app, sockets, max_body_bytes=NEVER, disk_space=DiskSpace(NEVER), threads=1)
    web.start()
    connection = HTTPConnection("127.0.0.1", sockets[0].getsockname()[1], timeout=20)
    yield connection
    connection.close()
    web.stop(timeout_s=1)


def post(connection: HTTPConnection, body: bytes, *, chunked: bool = False) -> HTTPResponse:
    """Return the answer to *body*."""
    sent = iter([body]) if chunked else body
    connection.request("POST", "/api/v1/jobs", sent, encode_chunked=chunked)
    return connection.getresponse()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_a_large_body_is_refused_and_told_when_to_come_back(full: HTTPConnection, chunked: bool) -> None:
    answer = post(full, LARGE, chunked=chunked)

    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    assert b'"code": "disk-full"' in answer.read()


def test_a_small_body_is_taken(full: HTTPConnection) -> None:
    assert post(full, b"small").read() == b"taken"


def test_what_streams_into_the_application_is_watched_too() -> None:
    app = RequestBodyMiddleware(lambda environ, start: [environ["wsgi.input"].read()], DiskSpace(NEVER))

    with pytest.raises(DiskFull):
        app({"wsgi.input": io.BytesIO(LARGE), "CONTENT_LENGTH": str(len(LARGE))}, lambda *_: lambda _: None)


@pytest.mark.parametrize(
    ("kept", "grown"), [(0, LOOK_EVERY_BYTES), (NEVER, LOOK_EVERY_BYTES - 1), (1, 10**7)]
)
def test_with_room_it_lets_everything_pass(kept: int, grown: int) -> None:
    DiskSpace(kept).check(0, grown)

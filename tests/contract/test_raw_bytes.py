"""Bytes that no browser sends: each is refused with a status that says so, and leaves nothing.

All cases run under waitress (`thumbapp up`) and under gunicorn with the project's configuration.
"""

import io
import re
import select
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PIL import Image

from tests.contract.conftest import Served, read_answer
from tests.jobs.conftest import encoded
from tests.patience import comes_true
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs.model import Job, JobState
from thumbapp.jobs.store import JobStore
from thumbapp.media.folder import MediaFolder

PHOTO = encoded(Image.effect_noise((200, 253), 60).convert("RGB"), "JPEG")
HOST = b"Host: 127.0.0.1\r\n"
JOBS = "/api/v1/jobs"
MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"


def part(name: str, value: bytes, *, filename: str = "", boundary: str = "b") -> bytes:
    """Return one part of a form."""
    file = f'; filename="{filename}"' if filename else ""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode("utf-8", "surrogateescape") + value + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Return a whole multipart body of boundary b."""
    return b"".join(parts) + b"--b--\r\n"


def request(
    body: bytes = b"",
    *,
    path: str = JOBS,
    method: str = "POST",
    kind: str = "multipart/form-data; boundary=b",
) -> bytes:
    """Return a well-formed request."""
    length = f"Content-Length: {len(body)}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
    return f"{method} {path} HTTP/1.1\r\n".encode() + HOST + length.encode() + body


def chunked(*chunks: bytes, path: str = JOBS) -> bytes:
    """Return a request whose body is *chunks* as they are."""
    head = f"Transfer-Encoding: chunked\r\nContent-Type: {MULTIPART}\r\nConnection: close\r\n\r\n"
    return f"POST {path} HTTP/1.1\r\n".encode() + HOST + head.encode() + b"".join(chunks)


UPLOAD = form(part("image", PHOTO, filename="rob.jpg"))


def headed(*lines: bytes, body: bytes = b"") -> bytes:
    """Return a POST of the API with these header lines."""
    return f"POST {JOBS} HTTP/1.1\r\n".encode() + HOST + b"".join(lines) + b"\r\n" + body


@pytest.fixture(autouse=True)
def unharmed(served: Served) -> Iterator[None]:
    """After each case the server is well, has made no job, kept no file and logged no error."""
    finished_job(served)
    log_before, before = served.log.stat().st_size, (served.jobs(), served.leftovers())
    yield
    assert served.is_well()
    assert (served.jobs(), served.leftovers()) == before
    with served.log.open("rb") as log:
        log.seek(log_before)
        added = log.read().decode("utf-8", "replace")
    assert "Traceback" not in added
    assert "ERROR" not in added


# What a server answers that takes the rest of a body for a request of its own.
HIDDEN = b"0\r\n\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
SMUGGLED = {
    "length and chunks": headed(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", body=HIDDEN),
    "chunks and length": headed(b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", body=HIDDEN),
    "chunks behind a tab": headed(b"Content-Length: 5\r\n", b"Transfer-Encoding:\tchunked\r\n", body=HIDDEN),
    "a length with an underscore": headed(
        b"Content_Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", body=HIDDEN
    ),
    "two codings": headed(b"Transfer-Encoding: chunked\r\n" * 2, body=HIDDEN),
    "chunks in HTTP/1.0": headed(b"Transfer-Encoding: chunked\r\n", body=HIDDEN).replace(b"/1.1", b"/1.0", 1),
    "two lengths": headed(b"Content-Length: 4\r\n", b"Content-Length: 5\r\n", body=b"abcde"),
    "a list of lengths": headed(b"Content-Length: 4, 5\r\n", body=b"abcde"),
    "a length that is none": headed(b"Content-Length: 4x\r\n", body=b"abcd"),
    "a signed length": headed(b"Content-Length: +4\r\n", body=b"abcd"),
    "a negative length": headed(b"Content-Length: -1\r\n"),
    "a length of 100,000 digits": headed(b"Content-Length: " + b"9" * 100_000 + b"\r\n"),
    "an unknown coding": headed(b"Transfer-Encoding: xchunked\r\n", body=b"0\r\n\r\n"),
    "a doubled coding": headed(b"Transfer-Encoding: chunked, chunked\r\n", body=b"0\r\n\r\n"),
    "a blank before the colon": headed(b"Content-Length : 4\r\n", body=b"abcd"),
    "a folded header": headed(b"X-A: b\r\n c\r\n", b"Content-Length: 0\r\n"),
    "a bare line feed": b"POST /api/v1/jobs HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n",
    "a carriage return in a value": headed(b"X-A: b\rc\r\n", b"Content-Length: 0\r\n"),
    "a null in a value": headed(b"X-A: b\0c\r\n", b"Content-Length: 0\r\n"),
    "a line that is none": b"nonsense\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "no host": b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("sent", SMUGGLED.values(), ids=SMUGGLED)
def test_what_two_servers_could_read_differently_is_refused_or_read_once(served: Served, sent: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(sent)
        answers = read_to_the_end(connection)

    assert re.match(rb"HTTP/1\.[01] (400|431|501|505) |\Z", answers)
    assert len(re.findall(rb"HTTP/1\.[01] \d{3} ", answers)) <= 1


def read_to_the_end(connection: socket.socket) -> bytes:
    """Return all that comes until the server closes."""
    received = b""
    try:
        while data := connection.recv(65_536):
            received += data
    except OSError:
        pass
    return received


CHUNKS = {
    "negative": (b"-1\r\n", b"abc\r\n0\r\n\r\n"),
    "signed": (b"+3\r\nabc\r\n0\r\n\r\n",),
    "100,000 digits": (b"f" * 100_000 + b"\r\n", b"abc"),
    "100,000 noughts": (b"0" * 100_000 + b"3\r\nabc\r\n0\r\n\r\n",),
    "no number": (b"xyz\r\nabc\r\n0\r\n\r\n",),
    "a prefix": (b"0x3\r\nabc\r\n0\r\n\r\n",),
    "underscores": (b"1_0\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n",),
    "empty": (b"\r\nabc\r\n0\r\n\r\n",),
    "extension of 1 MB": (b"3;" + b"a" * 1_000_000 + b"\r\nabc\r\n0\r\n\r\n",),
    "a line feed alone": (b"3\nabc\n0\n\n",),
    "longer than it says": (b"3\r\nabcdef\r\n0\r\n\r\n",),
    "trailers of 1 MB": (b"0\r\n", b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n"),
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_chunks_that_are_none_are_refused(served: Served, chunks: tuple[bytes, ...]) -> None:
    answer = served.send(chunked(*chunks))

    assert (answer.status, answer.code) in {
        (400, "bad-request"),
        (400, "broken-request"),
        (413, "request-too-large"),
    }


FORMS = {
    "no boundary": (request(UPLOAD, kind="multipart/form-data"), 400),
    "another boundary": (request(UPLOAD, kind="multipart/form-data; boundary=c"), 400),
    "a boundary of 100 kB": (request(UPLOAD, kind="multipart/form-data; boundary=" + "b" * 100_000), 400),
    "no type": (request(UPLOAD, kind=""), 400),
    "no end": (request(part("image", PHOTO, filename="a.jpg")[:-40]), 400),
    "text": (request(b"hello", kind="text/plain"), 400),
    "1,001 parts": (request(form(*[part("x", b"y")] * 1_001)), 413),
    "5,000 files": (request(form(*[part("image", b"y", filename="a.jpg")] * 5_000)), 413),
    "50,000 fields": (
        request(b"&".join(b"x=y" for _ in range(50_000)), kind="application/x-www-form-urlencoded"),
        413,
    ),
    "a field of 8 MB": (request(form(part("sizes", b"x" * 8_000_000))), 413),
    "20 MB of line ends": (request(form(part("image", b"\r\n" * 10_000_000, filename="a.jpg"))), 415),
    "20 MB of almost boundaries": (
        request(form(part("image", b"\r\n--" * 5_000_000, filename="a.jpg"))),
        415,
    ),
    "a header of a part of 1 MB": (request(form(part("x" * 1_000_000, b"y"))), 413),
    "a name that is a path": (request(form(part("image", b"x", filename="../../../etc/passwd"))), 415),
    "a name with line ends": (request(form(part("image", b"x", filename="a%0d%0aSet-Cookie: x=y.jpg"))), 415),
    "a name that is no text": (request(form(part("image", b"x", filename="\udcff\udcfe.jpg"))), 400),
    "a recipe of nulls": (
        request(form(part("image", PHOTO, filename="a.jpg"), part("sizes", b"\0" * 100))),
        400,
    ),
    "a batch that is none": (
        request(form(part("image", PHOTO, filename="a.jpg"), part("batch", b"../x"))),
        404,
    ),
}


@pytest.mark.parametrize(("sent", "status"), FORMS.values(), ids=FORMS)
def test_forms_that_are_none_are_refused(served: Served, sent: bytes, status: int) -> None:
    before_s = served.busy_s()

    answer = served.send(sent)

    assert answer.status in {status, 400 if status == 413 else status, 431}
    assert "json" in answer.headers["content-type"] or answer.status == 431
    assert "set-cookie" not in answer.headers
    assert served.busy_s() - before_s < 5


def test_a_length_that_is_longer_than_the_body_makes_no_job(served: Served) -> None:
    head = f"POST {JOBS} HTTP/1.1\r\n".encode() + HOST
    length = f"Content-Length: {len(UPLOAD) + 1_000}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"

    with served.connect() as connection:
        connection.sendall(head + length.encode() + UPLOAD)
        connection.shutdown(1)
        answer = read_answer(connection)

    assert answer.status in {0, 400}


def test_a_length_that_is_shorter_than_the_body_makes_no_job(served: Served) -> None:
    head = f"POST {JOBS} HTTP/1.1\r\n".encode() + HOST
    length = f"Content-Length: {len(UPLOAD) - 100}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"

    answer = served.send(head + length.encode() + UPLOAD)

    assert answer.status == 400


SHARES = [0.1, 0.5, 0.9]
# Connections to Redis that a pool keeps for the next requests: as many as there were at once.
POOLED = 5


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors through /proc")
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("as_chunks", [False, True], ids=["length", "chunks"])
def test_a_client_that_goes_while_it_uploads_leaves_nothing(
    served: Served, share: float, as_chunks: bool
) -> None:
    body = form(part("image", PHOTO * 20, filename="a.jpg"))
    sent = chunked(b"%x\r\n" % len(body) + body) if as_chunks else request(body)
    before = served.descriptors()

    for _ in range(20):
        with served.connect() as connection:
            connection.sendall(sent[: int(len(sent) * share)])

    assert comes_true(lambda: served.descriptors() <= before + POOLED)


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors through /proc")
@pytest.mark.parametrize("share", SHARES)
def test_a_client_that_goes_while_it_downloads_leaves_nothing(served: Served, share: float) -> None:
    path, size = finished_job(served)
    before = served.descriptors()

    for _ in range(20):
        with served.connect() as connection:
            connection.sendall(request(method="GET", path=path))
            left = int(size * share)
            while left > 0 and (data := connection.recv(min(left, 65_536))):
                left -= len(data)

    assert comes_true(lambda: served.descriptors() <= before + POOLED)
    assert len(served.send(request(method="GET", path=path)).body) == size


def finished_job(served: Served) -> tuple[str, int]:
    """Return the address and size of the zip of a job that is done; the same one each time."""
    media = MediaFolder(served.data_dir / "media", min_free_bytes=0)
    store = JobStore(served.client, namespace=served.namespace, retention_s=3_600)
    job = Job("A" * 22, JobState.DONE, "a.jpg", Recipe.parse(sizes="64"), datetime.now(UTC))
    if not store.exists(job.id):
        store.add(job)
        media.put(job.id, "archive.zip", io.BytesIO(bytes(8_000_000)), max_bytes=10**9)
    return f"{JOBS}/{job.id}/archive", 8_000_000


HEADERS = {
    "one of 1 MB": headed(b"X-A: " + b"a" * 1_000_000 + b"\r\n"),
    "100,000 of them": headed(*[b"X-A: b\r\n"] * 100_000),
    "a cookie of 200 kB": headed(b"Cookie: thumbapp_session=" + b"a" * 200_000 + b"\r\n"),
    "an address of 200 kB": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a query of 200 kB": b"GET /jobs?state=" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("sent", HEADERS.values(), ids=HEADERS)
def test_headers_that_are_too_large_are_refused(served: Served, sent: bytes) -> None:
    answer = served.send(sent)

    assert answer.status in {0, 400, 413, 414, 431}


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 1_000,
        b"\r\n" * 1_000,
    ],
    ids=["TLS", "HTTP/2", "nulls", "line ends"],
)
def test_what_is_not_http_is_not_answered_as_such(served: Served, sent: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(1)
        answer = read_answer(connection)

    assert answer.status in {0, 400, 505}


def test_nobody_on_this_machine_can_forge_what_a_proxy_says(served: Served) -> None:
    forged = b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\nX-Forwarded-For: 192.0.2.7\r\n"

    answer = served.send(b"GET /login HTTP/1.1\r\n" + HOST + forged + b"SCRIPT_NAME: /evil\r\n\r\n")

    assert answer.status == 200
    assert "strict-transport-security" not in answer.headers
    assert "Secure" not in answer.headers["set-cookie"]
    assert b"/evil" not in answer.body


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "DEBUG", "GET\0"])
def test_methods_that_are_none_are_refused_and_echo_nothing(served: Served, method: str) -> None:
    answer = served.send(
        f"{method} / HTTP/1.1\r\nX-Secret: echo-me\r\nConnection: close\r\n".encode() + HOST + b"\r\n"
    )

    assert answer.status in {0, 400, 405, 501}
    assert b"echo-me" not in answer.body


ADDRESSES = [
    *(
        "/jobs/%0d%0aSet-Cookie:%20a=b",
        "/jobs?state=%0d%0aX-Evil:%20yes",
        "/login?next=%0d%0aLocation:%20//evil",
    ),
    *("/static/../wsgi.py", "/static/%2e%2e/wsgi.py", "/static/..%2fwsgi.py", "/static/%00", "/jobs/%ff%fe"),
    *("//evil.example/", "/\\evil.example", "/jobs//", "/api/v1/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd/archive"),
    *("/api/v1/jobs?cursor=99999999999999999999999&limit=1", "/api/v1/jobs?limit=%D9%A1", "/jobs?cursor=%00"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_that_are_none_lead_nowhere(served: Served, address: str) -> None:
    answer = served.send(request(method="GET", path=address))

    assert answer.status in {200, 302, 308, 400, 404, 405}
    assert not {"set-cookie", "x-evil"} & (
        answer.headers.keys() - ({"set-cookie"} if answer.status == 200 else set())
    )
    assert "evil" not in answer.headers.get("location", "")
    assert b"create_app" not in answer.body


@pytest.mark.parametrize(
    "sent",
    [headed(b"Content-Length: 4x\r\n"), headed(b"Content-Length: 999999999999\r\n"), b"nonsense\r\n\r\n"],
    ids=["length", "too large", "no line"],
)
def test_what_the_server_refuses_by_itself_carries_the_policy_too(served: Served, sent: bytes) -> None:
    answer = served.send(sent)

    assert answer.status in {400, 413}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers or served.kind == "gunicorn"


def test_two_hundred_half_open_connections_and_bodies_do_not_stop_up(served: Served) -> None:
    if served.kind == "gunicorn":
        pytest.skip("a plain gunicorn is not promised to be slow-client proof; docs/security.md says so")
    half = [served.connect() for _ in range(200)]
    for number, connection in enumerate(half):
        connection.sendall(b"GET / HTTP/1.1\r\nHost:" if number % 2 else request(UPLOAD)[:2_000])

    is_well = served.is_well()
    given_up, _, _ = select.select(half, [], [], 0)
    for connection in half:
        connection.close()

    assert is_well
    assert given_up == [], "it was answered only after others had waited too long"

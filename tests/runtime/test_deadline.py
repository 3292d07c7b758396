"""The time a request has to come in, and what a server is told when it is over."""

import io
from http import HTTPStatus
from typing import Any

import pytest

from thumbapp.errors import BrokenRequest, TooSlow
from thumbapp.runtime.deadline import RequestDeadline, SlowClient
from thumbapp.runtime.refusal import Refusal
from thumbapp.runtime.request_body import RequestBodyMiddleware


def test_a_request_has_its_time_and_more_for_what_came() -> None:
    now = [0.0]
    deadline = RequestDeadline(60, clock=lambda: now[0])

    now[0] = 50.0
    before = deadline.left_s()
    deadline.received(5_000_000)
    after = deadline.left_s()
    now[0] = 1_000.0

    assert (before, after, deadline.left_s()) == (10.0, 110.0, 0.0)


def test_nought_is_all_the_time_there_is() -> None:
    assert RequestDeadline(0).left_s() is None


class Broken(io.BytesIO):
    """A body that raises what servers raise."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        raise self.error


def read(stream: Any, announced: str = "", **more: str) -> bytes:
    """Return the body as the application reads it."""
    taken: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        while data := environ["wsgi.input"].read(1_000):
            taken.append(data)
        return []

    RequestBodyMiddleware(app)({"wsgi.input": stream, "CONTENT_LENGTH": announced, **more}, lambda *_: None)  # type: ignore[arg-type,return-value]
    return b"".join(taken)


@pytest.mark.parametrize("error", [ValueError("a chunk"), ConnectionResetError(), OSError("gone")], ids=repr)
def test_what_is_wrong_with_a_body_is_no_fault_of_the_application(error: Exception) -> None:
    with pytest.raises(BrokenRequest):
        read(Broken(error))


def test_who_is_too_slow_is_told_so() -> None:
    with pytest.raises(TooSlow, match="longer than 60 s"):
        read(Broken(SlowClient(60)))


@pytest.mark.parametrize(
    ("body", "announced", "more", "is_sound"),
    [
        (b"abc", "3", {}, True),
        (b"abc", "4", {}, False),
        (b"", "1", {}, False),
        (b"", "", {}, True),
        (b"abc", "9", {"HTTP_TRANSFER_ENCODING": "chunked"}, True),
    ],
    ids=["right", "short", "nothing", "not announced", "chunks"],
)
def test_a_body_shorter_than_announced_broke_off(
    body: bytes, announced: str, more: dict[str, str], is_sound: bool
) -> None:
    if is_sound:
        assert read(io.BytesIO(body), announced, **more) == body
    else:
        with pytest.raises(BrokenRequest):
            read(io.BytesIO(body), announced, **more)


def test_a_refusal_has_the_shape_of_its_path() -> None:
    page, api = (Refusal(413, "request-too-large", "Too large.", path) for path in ("/", "/api/v1/jobs"))

    assert page.body == b"Too large."
    assert b'"code": "request-too-large"' in api.body
    assert page.as_http().startswith(
        f"HTTP/1.1 413 {HTTPStatus(413).phrase}\r\nConnection: close\r\n".encode()
    )
    assert dict(api.headers)["Content-Type"] == "application/problem+json"

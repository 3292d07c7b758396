"""Bodies in chunks: whole ones come out however they are cut, others are refused where they go wrong."""

import pytest
from waitress.buffers import OverflowableBuffer

from thumbapp.runtime.chunked import LONGEST_LINE, MOST_TRAILER_BYTES, ChunkedReceiver

WHOLE = {
    "two chunks": (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
    "line ends inside": (b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    "extensions": (b'3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n', b"abc"),
    "trailers": (b"1\r\na\r\n0\r\nX-A: b\r\nX-C: d\r\n\r\n", b"a"),
    "capitals and noughts": (b"00A\r\n0123456789\r\n000\r\n\r\n", b"0123456789"),
    "nothing": (b"0\r\n\r\n", b""),
}
BROKEN = {
    "no size": b"\r\n",
    "a sign": b"-1\r\n",
    "a prefix": b"0x3\r\n",
    "a blank": b" 3\r\n",
    "a blank behind": b"3 \r\n",
    "a bare line feed": b"3\n",
    "a bare carriage return": b"3\rabc",
    "too many digits": b"0" * 16 + b"\r\n",
    "a line without end": b"3;" + b"a" * LONGEST_LINE,
    "an extension that is none": b"3;\0\r\n",
    "more than the size": b"3\r\nabcd",
    "a chunk without its end": b"3\r\nabc0\r\n\r\n",
    "a line feed for an end": b"3\r\nabc\n0\r\n\r\n",
    "a trailer without end": b"0\r\n" + b"a" * (MOST_TRAILER_BYTES + 1),
    "trailers without end": b"0\r\n" + b"X-A: b\r\n" * MOST_TRAILER_BYTES,
    "larger than may be": b"3e8\r\n",
}


def chunks() -> ChunkedReceiver:
    """Return a reader of a body of less than 1,000 bytes."""
    return ChunkedReceiver(OverflowableBuffer(100), most_bytes=1_000)


@pytest.mark.parametrize("at_once", [1, 2, 5, 100])
@pytest.mark.parametrize(("sent", "body"), WHOLE.values(), ids=WHOLE)
def test_a_body_comes_out_whole_however_it_is_cut(sent: bytes, body: bytes, at_once: int) -> None:
    reader = chunks()

    taken = sum(reader.received(sent[start : start + at_once]) for start in range(0, len(sent), at_once))

    assert (reader.completed, reader.error, taken) == (True, None, len(sent))
    assert (reader.getfile().read(), len(reader)) == (body, len(body))


def test_what_follows_the_body_is_left_to_the_next_request() -> None:
    reader = chunks()

    assert reader.received(b"1\r\na\r\n0\r\n\r\nGET / HTTP/1.1") == len(b"1\r\na\r\n0\r\n\r\n")
    assert reader.received(b"more") == 0


@pytest.mark.parametrize("at_once", [1, 10_000])
@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_none_is_refused_where_it_goes_wrong(sent: bytes, at_once: int) -> None:
    reader = chunks()

    for start in range(0, len(sent), at_once):
        reader.received(sent[start : start + at_once])

    assert reader.error is not None
    assert not reader.completed


def test_chunks_that_together_are_too_many_are_refused_before_they_come() -> None:
    reader = chunks()
    reader.received(b"3e0\r\n" + b"a" * 992 + b"\r\n")
    reader.received(b"8\r\n")

    assert reader.error is not None
    assert reader.error.code == 413

"""What is typed into a form is the bytes that were meant, and what was there passes it unchanged."""

import random

import pytest

from thumbapp.errors import BadEdit
from thumbapp.explorer.input_format import InputFormat, format_input, parse_input, plainest_format

ODD = [
    b"",
    b"plain",
    b"two\nlines\n",
    b"\xff\x00\x01",
    b"a\\b\\x41",
    b"a\r\nb",
    "za\u017c\u00f3".encode(),
    b"\x1b[2J",
]


@pytest.mark.parametrize("data", [*ODD, bytes(range(256)), random.Random(7).randbytes(500)])
def test_bytes_pass_a_form_unchanged(data: bytes) -> None:
    writing = plainest_format(data)

    typed = format_input(data, writing).replace("\n", "\r\n")  # as browsers send it

    assert parse_input(typed, writing) == data


@pytest.mark.parametrize("writing", [InputFormat.ESCAPED, InputFormat.HEX, InputFormat.BASE64])
@pytest.mark.parametrize("data", ODD)
def test_every_way_reads_back_what_it_wrote(data: bytes, writing: InputFormat) -> None:
    assert parse_input(format_input(data, writing), writing) == data


@pytest.mark.parametrize(
    ("data", "writing"),
    [
        (b'{"a": 1}\n', InputFormat.TEXT),
        (b"C:\\temp", InputFormat.TEXT),
        (b"a\r\nb", InputFormat.ESCAPED),
        ("turned \u202e round".encode(), InputFormat.ESCAPED),
        (b"caf\xe9", InputFormat.ESCAPED),
        (b"\x80\x04\x95\x00\x00", InputFormat.HEX),
    ],
)
def test_the_plainest_way_that_loses_nothing_is_offered(data: bytes, writing: InputFormat) -> None:
    assert plainest_format(data) is writing


@pytest.mark.parametrize(
    ("text", "writing", "data"),
    [
        ("a\\n", InputFormat.TEXT, b"a\\n"),
        ("\\x00\\xff\\n\\t\\\\", InputFormat.ESCAPED, b"\x00\xff\n\t\\"),
        ("00 ff\n0A", InputFormat.HEX, b"\x00\xff\n"),
        ("AP8=\n", InputFormat.BASE64, b"\x00\xff"),
    ],
)
def test_what_is_typed_means(text: str, writing: InputFormat, data: bytes) -> None:
    assert parse_input(text, writing) == data


@pytest.mark.parametrize(
    ("text", "way"),
    [("0", "hex"), ("zz", "hex"), ("A", "base64"), ("\\q", "escaped"), ("a\\", "escaped"), ("a", "rot13")],
)
def test_what_cannot_be_read_is_refused(text: str, way: str) -> None:
    with pytest.raises(BadEdit):
        parse_input(text, InputFormat.parse(way))

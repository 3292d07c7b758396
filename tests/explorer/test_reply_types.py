"""A reply is read as what it should be, and is empty where it is something else."""

from collections.abc import Callable

import pytest

from thumbapp.explorer.reply_types import data, items, number, pairs, readable, text
from thumbapp.explorer.resp import Failure, Reply

ERROR = Failure("WRONGTYPE")


@pytest.mark.parametrize(
    ("read", "reply", "found", "nothing"),
    [
        (items, [1, b"a"], [1, b"a"], []),
        (data, b"\xff", b"\xff", b""),
        (text, b"a\xff", "a\ufffd", ""),
        (number, 0, 0, None),
        (pairs, [b"name", b"a", b"lag", None], {"name": b"a", "lag": None}, {}),
    ],
)
def test_a_part_is_read_and_nothing_else(
    read: Callable[[Reply], object], reply: Reply, found: object, nothing: object
) -> None:
    assert read(reply) == found
    assert [read(other) for other in (None, ERROR)] == [nothing, nothing]


@pytest.mark.parametrize(("reply", "words"), [(b"a\xff", "a\\xff"), (7, "7"), (None, "")])
def test_a_part_is_shown_to_people(reply: Reply, words: str) -> None:
    assert readable(reply) == words

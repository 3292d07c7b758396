import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from huey.exceptions import TaskException
from huey.registry import Message
from huey.utils import SKIPPED, Error

from thumbapp.errors import MessageRefused, NotJson
from thumbapp.taskqueue.serializer import SignedJsonSerializer, signing_key

SERIALIZER = SignedJsonSerializer(signing_key(b"secret"))
WHEN = datetime(2026, 3, 29, 2, 30, 0, 123456)  # noqa: DTZ001  # huey's own times are naive UTC
LEAF = Message("2", "say", None, 0, 0, None, ("hello",), {"to": "you"})


def there_and_back(value: Any) -> Any:
    return SERIALIZER.deserialize(SERIALIZER.serialize(value))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -1.5,
        "zażółć \x00 \u2028",
        b"\x00\xff",
        [1, [2, {"a": None}]],
        {"": {"$x": 1, "v": 2}},
        (1, "two", None),
        (),
        WHEN,
        WHEN.replace(tzinfo=UTC),
        date(2026, 3, 29),
        timedelta(days=-1, microseconds=1),
        (None, False),
        Error({"error": "ValueError('x')", "retries": 0}),
        [SKIPPED, Error({"error": "e"}), 3],
        {"at": [WHEN, b"x"]},
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert there_and_back(value) == value


@pytest.mark.parametrize(
    "message",
    [
        LEAF,
        LEAF._replace(args=(), kwargs={}),
        LEAF._replace(eta=WHEN, expires=timedelta(seconds=5), expires_resolved=WHEN, priority=2.5),
        LEAF._replace(on_complete=LEAF._replace(id="3", on_error=LEAF), on_error=LEAF),
        LEAF._replace(chord_config=("chord", 2, 1, LEAF._replace(on_complete=LEAF))),
    ],
    ids=["plain", "without arguments", "times", "follow-ups", "chord"],
)
def test_a_task_comes_back_as_it_was(message: Message) -> None:
    assert there_and_back(message) == message


def test_tuples_inside_become_lists_as_in_json() -> None:
    assert there_and_back([(1, 2)]) == [[1, 2]]


def test_an_exception_travels_as_text() -> None:
    error = there_and_back([ValueError("too wide")])[0]

    assert isinstance(error, TaskException)
    assert str(error) == "ValueError('too wide')"
    assert error.metadata["type"] == "ValueError"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({1, 2}, "A set"),
        ([object()], "A object"),
        ({"deep": {1: 2}}, "Dict key must be str"),
        (2**64, "64-bit"),
        (float("nan"), "The number nan"),
        ([1, {"x": float("-inf")}], "The number -inf"),
        ({"$": "tuple", "v": []}, r"the key '\$'"),
        ("\ud800", "UTF-8"),
    ],
    ids=["set", "object", "key", "integer", "nan", "infinity", "our tag", "surrogate"],
)
def test_what_json_cannot_carry_is_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(NotJson, match=named):
        SERIALIZER.serialize(value)


def signed(body: bytes) -> bytes:
    return b"tq1:" + SERIALIZER._signature(body) + b":" + body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pickle.dumps(LEAF), "pickled"),
        (b"", "not signed"),
        (b"{}", "not signed"),
        (b"tq1:", "not signed"),
        (SERIALIZER.serialize(LEAF)[:-1], "signature"),
        (SERIALIZER.serialize(7)[:-1] + b"8", "signature"),
        (SignedJsonSerializer(b"another key").serialize(7), "signature"),
        (signed(b"vnot json"), "not understood"),
        (signed(b'v{"$":"nonsense","v":1}'), "not understood"),
        (signed(b'm{"nobody":1}'), "not understood"),
        (signed(b"m[]"), "not understood"),
    ],
    ids=["pickle", "empty", "plain", "bare", "cut", "changed", "other key", "text", "tag", "field", "list"],
)
def test_what_we_did_not_write_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MessageRefused, match=reason):
        SERIALIZER.deserialize(data)


def test_a_key_for_messages_is_not_the_secret() -> None:
    assert signing_key(b"secret") != signing_key(b"other")
    assert b"secret" not in signing_key(b"secret")

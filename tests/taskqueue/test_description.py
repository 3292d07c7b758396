"""Who looks into Redis reads which task a message is and what a result says; foreign bytes stay bytes."""

import pickle

import pytest
from huey.registry import Message
from huey.utils import Error

from thumbapp.taskqueue.description import describe_message
from thumbapp.taskqueue.serializer import SignedJsonSerializer, signing_key

OURS = SignedJsonSerializer(signing_key(b"secret"))


def message(**changes: object) -> Message:
    """Return the message of a task, everything unsaid left out."""
    said = {"id": "t-1", "name": "thumbs.make", "args": ("job-1",), "kwargs": {"size": 128}} | changes
    return Message(**{name: said.get(name) for name in Message._fields})


def test_a_task_is_read_with_its_arguments() -> None:
    text = describe_message(OURS.serialize(message(retries=2)), OURS)

    assert text is not None
    assert text.splitlines()[0] == 'task thumbs.make("job-1", size=128)'
    assert "retries: 2" in text


def test_what_follows_a_task_is_read_too() -> None:
    follower = message(name="tell", args=(1,), kwargs={})

    text = describe_message(OURS.serialize(message(on_complete=follower)), OURS)

    assert text is not None
    assert text.splitlines()[-1] == "then tell(1)"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": [1, 2]}, 'a result: {"a":[1,2]}'),
        (7, "a result: 7"),
        (Error({"error": "boom"}), "the result of a task that failed\n"),
    ],
)
def test_a_result_is_read(value: object, says: str) -> None:
    assert (describe_message(OURS.serialize(value), OURS) or "").startswith(says)


@pytest.mark.parametrize(
    "data", [b"", b"tq1:", pickle.dumps({"a": 1}), SignedJsonSerializer(b"other key").serialize(7)]
)
def test_what_is_not_ours_stays_bytes(data: bytes) -> None:
    assert describe_message(data, OURS) is None

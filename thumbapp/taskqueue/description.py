"""What a message or result of the queue says, in words, for those who look into Redis."""

from typing import Any, Final

import orjson
from huey.registry import Message
from huey.utils import Error

from thumbapp.errors import MessageRefused
from thumbapp.taskqueue.serializer import SignedJsonSerializer

_LEFT_OUT: Final = frozenset({"name", "args", "kwargs", "on_complete", "on_error", "chord_config"})


def describe_message(data: bytes, serializer: SignedJsonSerializer) -> str | None:
    """Return which task with which arguments *data* is, or which result; None when it is not ours.

    The signature is checked; nothing is run.
    """
    try:
        value = serializer.deserialize(data)
    except MessageRefused:
        return None
    if isinstance(value, Message):
        return "\n".join(_lines(value))
    if isinstance(value, Error):
        return f"the result of a task that failed\n{_plain(value.metadata)}"
    return f"a result: {_plain(value)}"


def _lines(message: Message) -> list[str]:
    """Return the call, its options, and what follows it."""
    said = zip(message._fields, message, strict=True)
    options = [
        f"{name}: {_plain(value)}" for name, value in said if value is not None and name not in _LEFT_OUT
    ]
    after = [
        f"{words} {_call(follower)}"
        for words, follower in (("then", message.on_complete), ("on failure", message.on_error))
        if follower is not None
    ]
    return [f"task {_call(message)}", *options, *after]


def _call(message: Message) -> str:
    named = (message.kwargs or {}).items()
    arguments = [*map(_plain, message.args or ()), *(f"{name}={_plain(value)}" for name, value in named)]
    return f"{message.name}({', '.join(arguments)})"


def _plain(value: Any) -> str:
    """Return *value* as JSON, what JSON has no word for as its text."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

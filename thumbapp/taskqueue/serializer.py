"""What travels through Redis: JSON with an HMAC-SHA-256 in front, never a pickle.

Every item reads ``tq1:<64 hex digits>:m{...}`` (a task) or ``tq1:<64 hex digits>:v...`` (any other
value). What JSON has no word for is an object with the one key ``$`` naming its type. Tuples inside
other values come back as lists, as JSON has it. Knows nothing of Redis.
"""

import base64
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from huey.exceptions import TaskException
from huey.registry import Message
from huey.utils import SKIPPED, Error

from thumbapp.errors import MessageRefused, NotJson

_VERSION = b"tq1:"
_BODY = len(_VERSION) + 64 + 1
_TAG = "$"
_TAG_BYTES = b'"$":'
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_PURPOSE = b"thumbapp task queue messages 1"


def signing_key(secret: bytes) -> bytes:
    """Return the key for queue messages that follows from the app's *secret* and serves nothing else."""
    return hmac.digest(secret, _PURPOSE, "sha256")


class TaskFailure(TaskException):  # type: ignore[misc]  # huey ships no types
    """What an ``on_error`` task is told of an exception: its facts; the object stays in its process."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class ChordParts:
    """Stands in the arguments of a chord's callback for the values of its *size* parts."""

    chord: str
    size: int


class SignedJsonSerializer:
    """Huey's serializer for tasks, results and revocations: JSON, signed with *key*."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def serialize(self, data: object) -> bytes:
        """Return *data* as signed JSON.

        Raises:
            NotJson: *data* holds something that JSON cannot carry.
        """
        if type(data) is Message:
            body = b"m" + _dump(_message_fields(data))
        else:
            body = b"v" + (_dump(_tagged(data), tags=1) if type(data) is tuple else _dump(data))
        return b"%b%b:%b" % (_VERSION, self._signature(body), body)

    def deserialize(self, data: bytes) -> Any:
        """Return what was serialized into *data*.

        Raises:
            MessageRefused: *data* is not what this serializer made with this key.
        """
        body = self._checked(data)
        try:
            value = orjson.loads(body[1:])
            if _TAG_BYTES in body:
                value = _restored(value)
            return _message(value) if body[:1] == b"m" else value
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MessageRefused(f"its content is not understood ({error})") from error

    def task_id(self, data: bytes) -> str | None:
        """Return the id of the task in *data* without looking at its signature; None when there is none."""
        try:
            found = orjson.loads(data[_BODY + 1 :])["id"]
        except (TypeError, ValueError, LookupError):
            return None
        return found if isinstance(found, str) else None

    def _signature(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256").hex().encode()

    def _checked(self, data: bytes) -> bytes:
        """Return the body of *data* once its signature has been found right."""
        if not data.startswith(_VERSION) or len(data) <= _BODY:
            raise MessageRefused("it is pickled" if data[:1] == b"\x80" else "it is not signed")
        body = data[_BODY:]
        if not hmac.compare_digest(data[len(_VERSION) : _BODY], self._signature(body) + b":"):
            raise MessageRefused("its signature does not match")
        return body


def dump(value: object) -> bytes:
    """Return *value* as the JSON that a message would carry it in, not signed; raises `NotJson`."""
    return _dump(value)


def load(text: bytes) -> Any:
    """Return what `dump` made *text* from; raises ValueError, or LookupError for an unknown type."""
    value = orjson.loads(text)
    return _restored(value) if _TAG_BYTES in text else value


def _dump(value: object, *, tags: int = 0) -> bytes:
    """Return *value*, in which *tags* are ours, as JSON in which nobody else uses the key ``$``."""

    def tag(foreign: object) -> dict[str, object]:
        nonlocal tags
        tags += 1
        return _tagged(foreign)

    try:
        text = orjson.dumps(value, tag, _OPTIONS)
    except TypeError as error:
        raise _reason(error) from error
    if text.count(_TAG_BYTES) != tags:
        raise NotJson(f"A mapping with the key {_TAG!r}")
    if b"null" in text:
        _refuse_nan(value)
    return text


def _reason(error: TypeError) -> NotJson:
    """Return the refusal that explains what orjson stumbled over."""
    cause = error.__cause__
    return cause if isinstance(cause, NotJson) else NotJson(f"A value ({error})")


def _refuse_nan(value: object) -> None:
    """Refuse NaN and infinity, which orjson would silently write as null."""
    if isinstance(value, float) and not math.isfinite(value):
        raise NotJson(f"The number {value}")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for item in inner:
        _refuse_nan(item)


def _tagged(value: object) -> dict[str, object]:
    """Return *value* as an object that names its type."""
    for kind, (name, write, _) in _TYPES.items():
        if isinstance(value, kind):
            return {_TAG: name, "v": write(value)}
    if value is SKIPPED:
        return {_TAG: "skipped"}
    raise NotJson(f"A {type(value).__name__}")


def _restored(value: Any) -> Any:
    """Return *value* with every tagged object turned back into what it was."""
    if type(value) is list:
        return [_restored(item) for item in value]
    if type(value) is not dict:
        return value
    if _TAG in value:
        return SKIPPED if value[_TAG] == "skipped" else _READERS[value[_TAG]](_restored(value["v"]))
    return {key: _restored(item) for key, item in value.items()}


def _failure(error: BaseException) -> dict[str, object]:
    """Return what can be said of an exception in text; the object itself stays in its process."""
    if isinstance(error, TaskException):
        return dict(error.metadata)
    return {"error": repr(error), "type": type(error).__name__, "message": str(error)}


_TYPES: dict[type, tuple[str, Callable[[Any], object], Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("seconds", timedelta.total_seconds, lambda seconds: timedelta(seconds=seconds)),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    Error: ("error", lambda value: value.metadata, Error),
    BaseException: ("exception", _failure, TaskFailure),
    ChordParts: ("chord", lambda parts: [parts.chord, parts.size], lambda value: ChordParts(*value)),
    tuple: ("tuple", list, tuple),
}
_READERS = {name: read for name, _, read in _TYPES.values()}


def _message_fields(message: Message) -> dict[str, object]:
    """Return what is said in *message* by name; fields that are None or empty are left out."""
    said = {name: value for name, value in zip(Message._fields, message, strict=True) if value is not None}
    for name in ("args", "kwargs"):
        if not said.get(name):
            said.pop(name, None)
    for name in ("on_complete", "on_error"):
        if name in said:
            said[name] = _message_fields(said[name])
    if message.chord_config is not None:
        chord, size, index, callback = message.chord_config
        said["chord_config"] = [chord, size, index, _message_fields(callback)]
    return said


def _message(said: dict[str, Any]) -> Message:
    """Return the message that `_message_fields` described."""
    for name in ("on_complete", "on_error"):
        if name in said:
            said[name] = _message(said[name])
    if "chord_config" in said:
        chord, size, index, callback = said["chord_config"]
        said["chord_config"] = (chord, size, index, _message(callback))
    said["args"] = tuple(said.get("args", ()))
    said.setdefault("kwargs", {})
    return Message(**said)

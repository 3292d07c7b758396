"""Events: what happened to whom, kept in one capped Redis stream that streams can resume from.

Knows neither what the events mean nor who reads them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import redis
from redis.typing import EncodableT, FieldT

START = "0-0"
RESET = "reset"
FEWEST_KEPT = 1_000
_ID = re.compile(r"(\d{1,20})-(\d{1,20})", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_LARGEST = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: its id in the stream, the topics it concerns, its kind, its JSON.

    The kind ``reset`` is the hub's own: what was missed cannot be told, so fetch the state again.
    """

    id: str
    topics: frozenset[str]
    kind: str
    data: bytes

    @property
    def payload(self) -> dict[str, Any]:
        """The JSON, read."""
        content: dict[str, Any] = orjson.loads(self.data)
        return content


class EventLog:
    """Where events are published: the stream ``<namespace>events`` of about *maxlen* entries.

    *maxlen* is at least `FEWEST_KEPT`, so that a stream shorter than that has lost nothing yet.
    """

    def __init__(self, client: redis.Redis, *, namespace: str, maxlen: int = 10_000) -> None:
        self._client = client
        self._key = stream_key(namespace)
        self._maxlen = max(maxlen, FEWEST_KEPT)

    def publish(
        self,
        topics: str | Iterable[str],
        kind: str,
        payload: Mapping[str, object],
        *,
        pipeline: redis.client.Pipeline | None = None,
    ) -> str:
        """Publish one event to each of *topics* and return its id.

        With *pipeline* the event goes out when that is executed, and the id is "" as nobody knows it yet.
        A topic is a word without spaces such as ``job:<id>``.

        Raises:
            ValueError: *kind* is no name that may travel in an event stream.
        """
        if not _KIND.fullmatch(kind) or kind == RESET:
            raise ValueError(f"{kind!r} is no kind of event")
        names = [topics] if isinstance(topics, str) else list(topics)
        fields: dict[FieldT, EncodableT] = {
            "topics": " ".join(names),
            "kind": kind,
            "data": orjson.dumps(payload),
        }
        client = self._client if pipeline is None else pipeline
        reply = client.xadd(self._key, fields, maxlen=self._maxlen, approximate=True)
        return reply.decode() if isinstance(reply, bytes) else ""


def stream_key(namespace: str) -> str:
    """Return the key of the stream, *namespace* being what every key begins with."""
    return f"{namespace}events"


def parse_entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Event | None:
    """Return the event that a stream entry holds, None when somebody else wrote the entry."""
    try:
        topics = frozenset(fields[b"topics"].decode().split())
        return Event(entry_id.decode(), topics, fields[b"kind"].decode(), fields[b"data"])
    except (KeyError, UnicodeDecodeError):
        return None


def order(event_id: str) -> tuple[int, int]:
    """Return what ids are compared by.

    Raises:
        ValueError: *event_id* is no stream id.
    """
    match = _ID.fullmatch(event_id)
    if match is None or max(numbers := (int(match[1]), int(match[2]))) > _LARGEST:
        raise ValueError(f"{event_id!r} is no event id")
    return numbers


def following(event_id: str) -> str:
    """Return the smallest id after *event_id*: where XRANGE goes on, as Redis 5 has no open ranges."""
    time_ms, sequence = order(event_id)
    return f"{time_ms}-{sequence + 1}" if sequence < _LARGEST else f"{time_ms + 1}-0"

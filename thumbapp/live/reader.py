"""Reading the stream of events: what is new, what was missed, and whether that can still be told.

Only commands of Redis 5; the client must answer bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import redis

from thumbapp.live.events import FEWEST_KEPT, RESET, START, Event, following, order, parse_entry


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order, and the id up to which the stream was read for them."""

    events: list[Event]
    end: str
    is_reset: bool = False

    @classmethod
    def reset(cls, end: str) -> "Batch":
        """Return what a reader gets that missed something: one event that says so."""
        return cls([Event(end, frozenset(), RESET, b"{}")], end, is_reset=True)


class Reader:
    """Reads the stream *key* through *client*."""

    def __init__(self, client: redis.Redis, *, key: str) -> None:
        self._client = client
        self._key = key

    def newest(self) -> str:
        """Return the id of the last event, ``0-0`` of an empty stream."""
        return self._span().newest

    def wait(self, after: str, *, block_ms: int, most: int) -> Batch:
        """Return up to *most* events that came *after*, waiting up to *block_ms* for the first."""
        reply = cast(Any, self._client.xread({self._key: after}, count=most, block=block_ms))
        return _batch(reply[0][1] if reply else [], after=after)

    def keeps(self, after: str) -> bool:
        """Return whether all that came *after* is still there."""
        span = self._span()
        if after == START:
            return span.length < FEWEST_KEPT
        return order(span.oldest) <= order(after) <= order(span.newest)

    def since(self, after: str, *, most: int) -> Batch | None:
        """Return all events that came *after*; None when some are gone or it is more than *most*."""
        if not self.keeps(after):
            return None
        entries = cast(Any, self._client.xrange(self._key, min=following(after), count=most + 1))
        return _batch(entries, after=after) if len(entries) <= most else None

    def _span(self) -> "_Span":
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xrange(self._key, count=1)
            pipe.xrevrange(self._key, count=1)
            pipe.xlen(self._key)
            oldest, newest, length = pipe.execute()
        return _Span(_id_of_first(oldest), _id_of_first(newest), length)


@dataclass(frozen=True, slots=True)
class _Span:
    """The ids of the first and the last event, and how many there are."""

    oldest: str
    newest: str
    length: int


def _batch(entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]], *, after: str) -> Batch:
    found = list(entries)
    events = [event for entry_id, fields in found if (event := parse_entry(entry_id, fields))]
    return Batch(events, found[-1][0].decode() if found else after)


def _id_of_first(entries: list[tuple[bytes, Mapping[bytes, bytes]]]) -> str:
    return entries[0][0].decode() if entries else START

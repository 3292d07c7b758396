"""Who did what, when, from where, and how it ended: two capped streams in Redis, read as one.

What anybody may do, such as uploading, is written to a stream of its own: a flood of it cannot push out
what accounts did. Knows neither who is asking nor what can be done.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any, Final

import redis

from thumbapp.errors import BadParameter

MOST_KEPT: Final = 20_000
MOST_LOOKED_THROUGH: Final = 5_000
_CHUNK: Final = 200
_LONGEST: Final = 300
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: *who* did *action* to *target* from the address *source*; *result* is ``ok`` or why not."""

    id: str
    who: str
    action: str
    target: str
    source: str
    result: str

    @property
    def when(self) -> datetime:
        """The moment at which it was written, to the millisecond."""
        return datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first; ``cursor`` goes on, None at the end. There may be none and yet a cursor:
    as many were looked through as are at once, and none fitted."""

    items: list[Entry]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to show: by who, by the beginning of the action, by any text, by how it ended.

    "" is everything; *result* is ``ok`` for what was done, any other word for what was refused.
    """

    who: str = ""
    action: str = ""
    text: str = ""
    result: str = ""

    def fits(self, entry: Entry) -> bool:
        """Whether *entry* is one of them; capitals make no difference."""
        everything = " ".join((entry.who, entry.action, entry.target, entry.source, entry.result))
        return (
            self.who.casefold() in entry.who.casefold()
            and entry.action.startswith(self.action)
            and self.text.casefold() in everything.casefold()
            and (not self.result or (entry.result == "ok") is (self.result == "ok"))
        )


EVERYTHING: Final = Wanted()


class AuditLog:
    """Writes and reads the audit in *client*'s server."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._keys = (f"{namespace}audit", f"{namespace}audit:visitors")

    def record(
        self,
        *,
        who: str,
        action: str,
        target: str = "",
        source: str = "",
        result: str = "ok",
        by_all: bool = False,
        is_away: bool = False,
    ) -> None:
        """Write an entry; *by_all* is what anybody may do. A server that is away only leaves a log line.

        *is_away* says that it did not answer a moment ago: nobody shall wait for it a second time.
        """
        entry = {"who": who, "action": action, "target": target, "source": source, "result": result}
        fields = {name: text[:_LONGEST].encode("utf-8", "replace") for name, text in entry.items()}
        if is_away:
            _log.warning("audit not written (the server did not answer): %s", entry)
            return
        try:
            self._redis.xadd(self._keys[by_all], fields, maxlen=MOST_KEPT, approximate=True)
        except redis.RedisError as error:
            _log.warning("audit not written (%s): %s", error, entry)

    def page(self, wanted: Wanted = EVERYTHING, *, cursor: str | None = None, limit: int = 50) -> AuditPage:
        """Return up to *limit* entries that are *wanted*, from *cursor* on, or raise BadParameter."""
        looked_at = list(islice(self._newest(_place(cursor)), MOST_LOOKED_THROUGH))
        found = [entry for entry in looked_at if wanted.fits(entry)]
        if len(found) > limit:
            return AuditPage(found[:limit], found[limit - 1].id)
        more = len(looked_at) == MOST_LOOKED_THROUGH
        return AuditPage(found, looked_at[-1].id if more else None)

    def walk(self, wanted: Wanted = EVERYTHING) -> Iterator[Entry]:
        """Yield every entry that is *wanted*, newest first."""
        return filter(wanted.fits, self._newest(None))

    def _newest(self, below: "_Place | None") -> Iterator[Entry]:
        """Yield the entries of both streams, newest first; equal times by stream, so none hides another."""
        streams = [self._read(number, below) for number in range(len(self._keys))]
        return merge(*streams, key=lambda entry: _place(entry.id) or _NEWEST, reverse=True)

    def _read(self, number: int, below: "_Place | None") -> Iterator[Entry]:
        end = "+" if below is None else _end(below, is_included=number < below[2])
        while end:
            found = self._redis.xrevrange(self._keys[number], max=end, min="-", count=_CHUNK)
            for entry_id, fields in found:
                yield _entry(f"{entry_id.decode()}.{number}", fields)
            last = _place(f"{found[-1][0].decode()}.0") if len(found) == _CHUNK else None
            end = _end(last, is_included=False) if last else ""


_Place = tuple[int, int, int]
_NEWEST: Final[_Place] = (2**63, 0, 0)


def _entry(entry_id: str, fields: dict[bytes, bytes]) -> Entry:
    texts = {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()}
    return Entry(entry_id, *(texts.get(name, "") for name in ("who", "action", "target", "source", "result")))


def _place(entry_id: str | None) -> _Place | None:
    """Return time, number and stream of an id such as ``1764000000000-0.1``."""
    if not entry_id:
        return None
    found = re.fullmatch(r"(\d{1,15})-(\d{1,19})\.([01])", entry_id, re.ASCII)
    if not found:
        raise BadParameter("cursor", entry_id, "what the last page gave")
    time_ms, number, stream = map(int, found.groups())
    return time_ms, number, stream


def _end(place: _Place, *, is_included: bool) -> str:
    """Return the newest id to read when those from *place* on were read; "" when that was all."""
    time_ms, number, _ = place
    if is_included:
        return f"{time_ms}-{number}"
    if number:
        return f"{time_ms}-{number - 1}"
    return f"{time_ms - 1}-{2**64 - 1}" if time_ms else ""

"""What is published on a server, for many pages at once: one connection a server, a bounded past a feed.

A `Feed` is a set of channels and patterns. It keeps its newest messages, numbered, so that whoever
comes back with a number goes on from there, or is told how many are gone. Knows no web.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from thumbapp.errors import ThumbAppError, TooManyChannels
from thumbapp.explorer.connections import ConnectionPool, ReplyStream
from thumbapp.explorer.costs import check_pattern
from thumbapp.explorer.resp import Argv, Failure, Reply

KEPT: Final = 1_000
MOST_SUBSCRIBED: Final = 200
CUT_AT: Final = 4_096
LINGERS_S: Final = 90.0
_SLICE_S: Final = 0.1
_PAUSE_S: Final = 1.0


class Message(NamedTuple):
    """One message: its number in the feed, from 1, when it came, where from, and what.

    *pattern* is the pattern that it came by, b"" when its channel was subscribed to.
    """

    number: int
    at: float
    channel: bytes
    pattern: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class MessageBatch:
    """Messages after a number, oldest first, and how many before them are not kept any more.

    *position* is where to go on from; *trouble* says why nothing can come now, "" when it can.
    """

    messages: list[Message]
    dropped: int
    position: int
    trouble: str = ""


class Feed:
    """The messages of some channels and patterns; filled by one thread, read by many.

    Numbers begin anew in a feed that is made again; *began_ms* tells the two apart.
    """

    def __init__(self, channels: frozenset[bytes], patterns: frozenset[bytes]) -> None:
        self.channels, self.patterns = channels, patterns
        self.began_ms = time.time_ns() // 1_000_000
        self._kept: deque[Message] = deque(maxlen=KEPT)
        self._changed = threading.Condition()
        self._count = 0
        self._readers = 0
        self._left_at = time.monotonic()
        self._trouble = ""

    @property
    def position(self) -> int:
        """The number of the newest message."""
        return self._count

    def wait(self, after: int, *, timeout_s: float, most: int = 200) -> MessageBatch:
        """Return up to *most* of the newest messages after number *after*, waiting for one in time."""
        with self._changed:
            self._readers += 1
            try:
                self._changed.wait_for(lambda: self._count > after or self._trouble, timeout_s)
                fresh = min(self._count - after, len(self._kept))
                shown = [self._kept[at] for at in range(-min(max(fresh, 0), most), 0)]
                return MessageBatch(
                    shown, max(0, self._count - after - len(shown)), self._count, self._trouble
                )
            finally:
                self._readers -= 1
                self._left_at = time.monotonic()

    def add(self, arrived: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Take (channel, pattern, data) of messages that have come."""
        now = time.time()
        with self._changed:
            for channel, pattern, data in arrived:
                self._count += 1
                self._kept.append(Message(self._count, now, channel, pattern, data))
            self._changed.notify_all()

    def fail(self, trouble: str) -> None:
        """Tell readers why nothing comes; "" that it does again."""
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()

    def is_wanted(self) -> bool:
        """Whether somebody reads it, or did so within `LINGERS_S`."""
        with self._changed:
            return self._readers > 0 or time.monotonic() - self._left_at < LINGERS_S

    def takes(self, channel: bytes, pattern: bytes) -> bool:
        """Whether a message that came on *channel*, by *pattern* or b"", is one of its own."""
        return pattern in self.patterns if pattern else channel in self.channels


class FeedHub:
    """The feeds of one server, through one connection that is there while a feed is wanted."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._feeds: dict[tuple[frozenset[bytes], frozenset[bytes]], Feed] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def feed(self, *, channels: Iterable[bytes] = (), patterns: Iterable[bytes] = ()) -> Feed:
        """Return the feed of these channels and patterns, the same one to all who ask.

        Raises:
            TooManyChannels: they are more than `MOST_SUBSCRIBED`.
            PatternTooWild: a pattern could take exponential time.
        """
        key = frozenset(channels), frozenset(patterns)
        if len(key[0]) + len(key[1]) > MOST_SUBSCRIBED:
            raise TooManyChannels(MOST_SUBSCRIBED)
        for pattern in key[1]:
            check_pattern(pattern)
        with self._lock:
            feed = self._feeds.setdefault(key, Feed(*key))
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="thumbapp-feeds", daemon=True)
                self._thread.start()
        return feed

    def close(self) -> None:
        """Stop listening; the thread ends by itself within a moment."""
        self._is_closed = True

    def _run(self) -> None:
        while self._wanted():
            try:
                with self._pool.connection(0) as connection, connection.streaming(cut_at=CUT_AT) as stream:
                    self._listen(stream)
            except ThumbAppError as error:
                for feed in self._wanted():
                    feed.fail(str(error))
                time.sleep(_PAUSE_S)

    def _wanted(self) -> list[Feed]:
        """Return the feeds that somebody wants; without any, the thread is let go in the same step."""
        with self._lock:
            self._feeds = {key: feed for key, feed in self._feeds.items() if feed.is_wanted()}
            if self._is_closed or not self._feeds:
                self._thread = None
                return []
            return list(self._feeds.values())

    def _listen(self, stream: ReplyStream) -> None:
        subscribed: set[Argv] = set()
        while feeds := self._wanted():
            subscribed = self._adjusted(stream, subscribed, feeds)
            if stream.has_reply(timeout_s=_SLICE_S):
                self._hand_over(_batch(stream), feeds)

    @staticmethod
    def _adjusted(stream: ReplyStream, subscribed: set[Argv], feeds: list[Feed]) -> set[Argv]:
        """Subscribe to what is wanted now and no more; return what that is."""
        wanted: set[Argv] = {("SUBSCRIBE", name) for feed in feeds for name in feed.channels}
        wanted |= {("PSUBSCRIBE", name) for feed in feeds for name in feed.patterns}
        ends = [(_OPPOSITE[str(verb)], name) for verb, name in subscribed - wanted]
        if news := [*(wanted - subscribed), *ends]:
            stream.send(*news)
        return wanted

    @staticmethod
    def _hand_over(replies: list[Reply], feeds: list[Feed]) -> None:
        messages = []
        for reply in replies:
            match reply:
                case [b"message", bytes() as channel, bytes() as data]:
                    messages.append((channel, b"", data))
                case [b"pmessage", bytes() as pattern, bytes() as channel, bytes() as data]:
                    messages.append((channel, pattern, data))
                case Failure(text):
                    for feed in feeds:
                        feed.fail(text)
                case [b"subscribe" | b"psubscribe", *_]:
                    for feed in feeds:
                        feed.fail("")
        for feed in feeds:
            if own := [message for message in messages if feed.takes(message[0], message[1])]:
                feed.add(own)


_OPPOSITE: Final = {"SUBSCRIBE": "UNSUBSCRIBE", "PSUBSCRIBE": "PUNSUBSCRIBE"}
_MOST_AT_ONCE: Final = 2_000


def _batch(stream: ReplyStream) -> list[Reply]:
    """Return what is here already, so that a storm is handed over in lots."""
    replies = [stream.reply()]
    while len(replies) < _MOST_AT_ONCE and stream.has_reply(timeout_s=0):
        replies.append(stream.reply())
    return replies

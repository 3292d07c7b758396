"""The listener: one thread that waits for new events in Redis as long as somebody wants them."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

import redis

from thumbapp.live.reader import Batch, Reader

logger = logging.getLogger(__name__)

BLOCK_MS = 1000
MOST_EVENTS = 200
SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0


class Audience(Protocol):
    """Whom the listener works for; called from its thread."""

    def wants(self, listener: "Listener") -> bool:
        """Return whether the listener shall go on; once False, it ends."""

    def deliver(self, batch: Batch) -> None:
        """Take the next events, or none, up to the batch's end."""

    def lost(self, listener: "Listener") -> None:
        """Hear that the listener has ended."""


class Listener:
    """Reads the stream *key* in its own thread with its own client, through every outage of Redis."""

    def __init__(self, connect: Callable[[], redis.Redis], *, key: str, audience: Audience) -> None:
        self._connect = connect
        self._key = key
        self._audience = audience
        self._position = ""
        self._is_sure = True
        self._pause_s = SHORTEST_PAUSE_S
        self._is_ready = False
        self._has_tried = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="thumbapp-live", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def is_ready(self, *, timeout_s: float) -> bool:
        """Return whether its place in the stream is known and Redis answered last, once it has tried."""
        return self._has_tried.wait(timeout_s) and self._is_ready

    def stop(self) -> None:
        """Make it end: at once out of a pause, within `BLOCK_MS` out of a read."""
        self._ended.set()

    def _run(self) -> None:
        try:
            with closing(self._connect()) as client:
                self._listen(Reader(client, key=self._key))
        finally:
            self._has_tried.set()
            self._audience.lost(self)

    def _listen(self, reader: Reader) -> None:
        while not self._ended.is_set() and self._audience.wants(self):
            try:
                batch = self._read(reader)
            except redis.RedisError as error:
                self._wait_out(error)
            else:
                self._hand_over(batch)

    def _read(self, reader: Reader) -> Batch:
        """Return the next batch; after a break, `Batch.reset` when something was missed in it."""
        if not self._position:
            return Batch([], reader.newest())
        if not self._is_sure and not reader.keeps(self._position):
            return Batch.reset(reader.newest())
        return reader.wait(self._position, block_ms=BLOCK_MS, most=MOST_EVENTS)

    def _hand_over(self, batch: Batch) -> None:
        """Deliver *batch*; a full one means that we may be so far behind that events are dropped."""
        if self._pause_s > SHORTEST_PAUSE_S:
            logger.info("live updates: Redis answers again")
        self._pause_s = SHORTEST_PAUSE_S
        self._is_sure = len(batch.events) < MOST_EVENTS
        self._position = batch.end
        self._audience.deliver(batch)
        self._is_ready = True
        self._has_tried.set()

    def _wait_out(self, error: redis.RedisError) -> None:
        """Pause, longer each time, up to `LONGEST_PAUSE_S`; say so once an outage."""
        if self._pause_s == SHORTEST_PAUSE_S:
            logger.warning("live updates wait for Redis: %s", error)
        self._is_ready = self._is_sure = False
        self._has_tried.set()
        self._ended.wait(self._pause_s)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

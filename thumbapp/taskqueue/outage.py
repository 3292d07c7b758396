"""Whether Redis is away, said once and not by every thread. Knows nothing of tasks."""

import logging
import threading
import time
from collections.abc import Callable

import redis

logger = logging.getLogger("huey.consumer")

_QUIET_S = 30.0


class Outage:
    """Whether Redis is away, said once by whichever thread notices, and once when it is back.

    *on_end* is called when it is back, before anything else is done with it.
    """

    def __init__(self, *, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said_at = -_QUIET_S

    @property
    def is_on(self) -> bool:
        """Whether the last word from Redis was a failure."""
        return self._since is not None

    def begin(self, error: redis.RedisError) -> None:
        """Note that Redis failed with *error*."""
        with self._lock:
            now = time.monotonic()
            if self._since is None and now - self._said_at >= _QUIET_S:
                logger.warning("Redis is away (%s); trying again until it is back.", error)
                self._said_at = now
            self._since = self._since or now

    def end(self) -> None:
        """Note that Redis answers."""
        if not self.is_on:
            return
        with self._lock:
            since, self._since = self._since, None
            if since is None:
                return
            self._on_end()
            if self._said_at >= since:
                logger.warning("Redis is back after %.1f s.", time.monotonic() - since)

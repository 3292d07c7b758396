"""Huey's rate limit, but two workers at the edge of a window cannot each begin it anew.

Plain Huey resets one counter when it sees that a window has passed; whoever sees that a moment later
resets it again. Here each window is counted under a key of its own, which goes when it is over.
"""

from huey.api import RateLimit
from huey.exceptions import RateLimitExceeded


class WindowLimit(RateLimit):  # type: ignore[misc]  # huey ships no types
    """At most so many times in each window of so many seconds, whichever workers ask."""

    def acquire(self) -> None:
        """Count one more; raises RateLimitExceeded when the window is full."""
        now = self._now()
        if self._huey.storage.count(self._key_at(now), ttl_s=2 * self._per) > self._limit:
            raise RateLimitExceeded(self._name, self._time_until_reset(now), retry=self._retry)

    def current_usage(self) -> int:
        """Return how often it was asked in this window."""
        return int(self._huey.storage.count(self._key_at(self._now()), by=0, ttl_s=2 * self._per))

    def reset(self) -> None:
        """Let this window begin anew."""
        self._huey.storage.delete_counter(self._key_at(self._now()))

    def _now(self) -> float:
        """Return the time, in a worker the server's."""
        return float(self._huey.now().timestamp())

    def _key_at(self, now: float) -> str:
        return f"{self._counter_key}.{self._current_window(now)}"

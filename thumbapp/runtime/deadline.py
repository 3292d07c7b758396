"""How fast a request must come in: who sends a byte a minute does not hold a connection for ever."""

import errno
import time
from collections.abc import Callable
from typing import Final

SLOWEST_BYTES_A_SECOND: Final = 50_000


class SlowClient(ConnectionResetError):
    """A request did not come in in time; to a server it is a connection that broke."""

    def __init__(self, limit_s: int) -> None:
        super().__init__(errno.ECONNRESET, "the request came in too slowly")
        self.limit_s = limit_s


class RequestDeadline:
    """The time one request has: *limit_s*, and a second more for each 50 kB that came; 0: all of it."""

    def __init__(self, limit_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._began = clock()
        self._taken = 0

    def received(self, number_of_bytes: int) -> None:
        """Note that so many bytes more have come."""
        self._taken += number_of_bytes

    def left_s(self) -> float | None:
        """Return how many seconds are left, not below 0; None when there is no limit."""
        if not self._limit_s:
            return None
        ends = self._began + self._limit_s + self._taken / SLOWEST_BYTES_A_SECOND
        return max(0.0, ends - self._clock())

"""Polling: how soon a page that asks again and again may do so, longer the more pages there are.

Knows no web: a view counts a question and passes the answer on.
"""

import heapq
import threading
import time
from collections.abc import Callable
from typing import Final

MOST_A_SECOND: Final = 30.0
LONGEST_S: Final = 15.0


class PollThrottle:
    """All pages that poll one process; together they ask about `MOST_A_SECOND` times a second at most.

    That holds as long as none has to wait for longer than *longest_s*: longer nobody is made to wait.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, float]] = []  # until when, and how often it would ask a second
        self._wanted = 0.0

    def wait_s(self, usual_s: float, *, longest_s: float = LONGEST_S) -> float:
        """Count a question; return the seconds until the next, *usual_s* while pages are few."""
        with self._lock:
            now = self._clock()
            while self._waiting and self._waiting[0][0] <= now:
                self._wanted -= heapq.heappop(self._waiting)[1]
            self._wanted += 1 / usual_s
            wait_s = max(usual_s, min(longest_s, usual_s * self._wanted / MOST_A_SECOND))
            heapq.heappush(self._waiting, (now + wait_s, 1 / usual_s))
            return wait_s

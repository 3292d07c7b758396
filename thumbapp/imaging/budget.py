"""A semaphore counted in bytes: how much a process may decode at one time."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_S = 0.05


class Budget:
    """Bytes that several threads share; they are served in the order in which they ask."""

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._free = total_bytes
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, wanted_bytes: int, *, check: Callable[[], None]) -> Iterator[None]:
        """Hold *wanted_bytes* (at most all of them) inside the block; wait until they are free.

        *check* is called while waiting and ends the wait by raising.
        """
        share = min(wanted_bytes, self._total)
        self._take(share, check)
        try:
            yield
        finally:
            with self._changed:
                self._free += share
                self._changed.notify_all()

    def _take(self, share: int, check: Callable[[], None]) -> None:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket or self._free < share:
                    check()
                    self._changed.wait(POLL_S)
                self._free -= share
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

"""A semaphore counted in bytes: how much a process may decode at one time."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_S = 0.05


class MemoryBudget:
    """Bytes that several threads share; they are served in the order in which they ask."""

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._free = total_bytes
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, wanted_bytes: int, *, check: Callable[[], None]) -> "Iterator[Reservation]":
        """Hold *wanted_bytes* (at most all of them) inside the block; wait until they are free.

        *check* is called while waiting and ends the wait by raising.
        """
        reservation = Reservation(self, check)
        reservation.change(wanted_bytes)
        try:
            yield reservation
        finally:
            self.free(reservation.bytes)

    def take(self, wanted_bytes: int, check: Callable[[], None]) -> int:
        """Return how many bytes are now taken: *wanted_bytes*, or all there are."""
        taken, ticket = min(wanted_bytes, self._total), object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket or self._free < taken:
                    check()
                    self._changed.wait(POLL_S)
                self._free -= taken
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        return taken

    def free(self, taken_bytes: int) -> None:
        """Let others take *taken_bytes*."""
        with self._changed:
            self._free += taken_bytes
            self._changed.notify_all()


class Reservation:
    """What one thread holds of a budget."""

    def __init__(self, budget: MemoryBudget, check: Callable[[], None]) -> None:
        self._budget = budget
        self._check = check
        self.bytes = 0

    def change(self, wanted_bytes: int) -> None:
        """Hold *wanted_bytes* instead, and nothing while waiting: nobody waits for one who waits."""
        held, self.bytes = self.bytes, 0
        self._budget.free(held)
        self.bytes = self._budget.take(wanted_bytes, self._check)

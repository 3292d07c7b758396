"""The wish to stop: Ctrl-C, SIGTERM, Ctrl-Break, a closed terminal or the end of a lifeline."""

import queue
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

# One press may arrive twice: from the terminal and from a parent that hands it on.
_ONE_PRESS_S = 0.5
# We wait in slices: on Windows a waiting thread would not see Ctrl-C.
_SLICE_S = 0.25


class Stopped(BaseException):
    """Somebody asked to stop while something was still being started; no error that code might get over."""


class StopRequest:
    """Whether somebody wants us to stop (`is_set`), and whether they want it at once (`is_urgent`).

    It is asked by signal handlers, which run in the main thread between any two of its steps, also while
    it waits here. So nothing below may take a lock that waiting holds, as `threading.Event` does;
    `queue.SimpleQueue` is made for that: its ``put`` may interrupt its ``get``.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._asked_at = 0.0
        self._is_interrupting = False
        self.is_set = False
        self.is_urgent = False

    def ask(self) -> None:
        """Ask to stop; asked again, a moment later, it means at once."""
        if not self.is_set:
            self._asked_at = self._clock()
            self.is_set = True
            self._bell.put(None)
        elif self._clock() - self._asked_at > _ONE_PRESS_S:
            self.is_urgent = True

    def wait(self, seconds: float) -> bool:
        """Return whether to stop, after at most *seconds*."""
        deadline = self._clock() + seconds
        while not self.is_set and (left := deadline - self._clock()) > 0:
            with suppress(queue.Empty):
                self._bell.get(timeout=min(left, _SLICE_S))
        return self.is_set

    def pause(self, seconds: float) -> None:
        """Sleep for *seconds*; raises Stopped when somebody asks to stop."""
        if self.wait(seconds):
            raise Stopped

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Raise Stopped as soon as a signal asks to stop, whatever is done in here: it may take long."""
        self._is_interrupting = True
        try:
            self.pause(0)
            yield
        finally:
            self._is_interrupting = False
        self.pause(0)  # an import may have swallowed it, and a lifeline only asks

    def listen(self) -> None:
        """Ask to stop on every signal that means it; called in the main thread."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            number = getattr(signal, name, None)
            # nohup means that a closed terminal shall not stop us
            if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()
        if self._is_interrupting:
            self._is_interrupting = False
            raise Stopped

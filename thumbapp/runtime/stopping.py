"""The wish to stop: Ctrl-C, SIGTERM, Ctrl-Break, a closed terminal or the end of a lifeline."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

# One press may arrive twice: from the terminal and from a parent that hands it on.
_ONE_PRESS_S = 0.5
# An event is waited for in slices: on Windows a waiting thread would not see Ctrl-C.
_SLICE_S = 0.25


class Stopped(Exception):
    """Somebody asked to stop while something was still being started."""


class StopRequest:
    """Whether somebody wants us to stop, and whether they want it at once (asked twice)."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked = threading.Event()
        self._asked_at = 0.0
        self.is_urgent = False

    @property
    def is_set(self) -> bool:
        """Whether to stop."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask to stop; asked again, a moment later, it means at once."""
        if not self._asked.is_set():
            self._asked_at = self._clock()
            self._asked.set()
        elif self._clock() - self._asked_at > _ONE_PRESS_S:
            self.is_urgent = True

    def wait(self, seconds: float) -> bool:
        """Return whether to stop, after at most *seconds*."""
        deadline = self._clock() + seconds
        while not self._asked.is_set() and (left := deadline - self._clock()) > 0:
            self._asked.wait(min(left, _SLICE_S))
        return self._asked.is_set()

    def pause(self, seconds: float) -> None:
        """Sleep for *seconds*; raises Stopped when somebody asks to stop."""
        if self.wait(seconds):
            raise Stopped

    def listen(self) -> None:
        """Ask to stop on every signal that means it; called in the main thread."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            number = getattr(signal, name, None)
            # nohup means that a closed terminal shall not stop us
            if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()

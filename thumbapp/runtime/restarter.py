"""Starting a part again when it ends by itself, the later the sooner it ended."""

import signal
import time
from collections.abc import Callable
from typing import Protocol

from thumbapp.errors import CannotStart

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_S = 60.0


class ManagedProcess(Protocol):
    """What is kept running: a process of ours."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def start(self) -> None:
        """Start it."""

    def exit_code(self) -> int | None:
        """Return how it ended, None while it runs."""


class Restarter:
    """Keeps one part running and says what it does; asked every now and then."""

    def __init__(
        self,
        name: str,
        part: ManagedProcess,
        *,
        say: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._part, self._say, self._clock = name, part, say, clock
        self._delay_s = FIRST_DELAY_S
        self._started_at = clock()
        self._due_at: float | None = None

    def check(self) -> None:
        """Start the part again if it has ended and its pause is over."""
        code = self._part.exit_code()
        if code is None:
            return
        if self._due_at is None:
            self._plan(code)
        elif self._clock() >= self._due_at:
            self._start()

    def _plan(self, code: int) -> None:
        """Say that the part ended and when it is started again."""
        if self._clock() - self._started_at > STEADY_S:
            self._delay_s = FIRST_DELAY_S
        self._say(self._name, f"ended ({in_words(code)}); starts again in {self._delay_s:g} s")
        self._due_at = self._clock() + self._delay_s
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)

    def _start(self) -> None:
        self._due_at, self._started_at = None, self._clock()
        try:
            self._part.start()
        except (CannotStart, OSError) as error:
            self._say(self._name, str(error))
        else:
            self._say(self._name, f"started again (pid {self._part.pid})")


def in_words(code: int) -> str:
    """Return what an exit code means; a negative one is the signal that killed the process."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"

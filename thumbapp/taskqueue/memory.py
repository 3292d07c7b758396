"""How much memory this process has, and the processes below it. Knows nothing of tasks.

psutil is loaded when somebody asks: the web never does.
"""

import time
from typing import Any, Final

_EVERY_S: Final = 15.0


class Memory:
    """The resident bytes of this process and of its children, looked up at most every 15 seconds.

    Finding the children means a look at every process of the machine.
    """

    def __init__(self) -> None:
        self._known = 0, 0
        self._asked_at = -_EVERY_S

    def now(self) -> tuple[int, int]:
        """Return the bytes of this process and those of its children; 0 where the system does not say."""
        if time.monotonic() - self._asked_at >= _EVERY_S:
            self._asked_at = time.monotonic()
            self._known = self._look()
        return self._known

    def _look(self) -> tuple[int, int]:
        import psutil

        def resident(process: Any) -> int:
            try:
                return int(process.memory_info().rss)
            except psutil.Error:  # it ended meanwhile
                return 0

        try:
            ours = psutil.Process()
            return resident(ours), sum(map(resident, ours.children(recursive=True)))
        except psutil.Error:
            return self._known

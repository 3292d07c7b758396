"""What a task prints and logs, kept for its record: a thread each, the end of it when it is long.

`captured` is on while a consumer works; outside of it nothing is kept. Knows no Huey.
"""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

LONGEST: Final = 8_000
_OWN_LOGGERS: Final = ("huey",)


class _Printed(threading.local):
    """What the calling thread has printed since `begin`; None when nobody asked for it."""

    text: list[str] | None = None
    size: int = 0


_printed = _Printed()


def begin() -> None:
    """Keep what the calling thread prints and logs from now on."""
    _printed.text, _printed.size = [], 0


def text() -> str:
    """Return what was kept since `begin`, the last `LONGEST` characters of it."""
    kept = "".join(_printed.text or ())
    return kept if len(kept) <= LONGEST else f"…{kept[-LONGEST:]}"


def end() -> str:
    """Return what was kept, and keep no more."""
    kept, _printed.text = text(), None
    return kept


@contextmanager
def captured() -> Iterator[None]:
    """Within: standard output and the log are listened to; both go where they went before, too."""
    screen, listener = sys.stdout, _Listener(is_alone=not logging.getLogger().handlers)
    sys.stdout = _Tee(screen)
    logging.getLogger().addHandler(listener)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(listener)
        sys.stdout = screen


class _Tee:
    """Standard output that keeps a copy of what a task writes."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen

    def write(self, words: str) -> int:
        _keep(words)
        return self._screen.write(words)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._screen, name)


class _Listener(logging.Handler):
    """Keeps a line for each entry that a task's own code logs.

    Where it *is_alone* nobody has set up a log; then Python's last resort goes on as if it were not there.
    """

    def __init__(self, *, is_alone: bool) -> None:
        super().__init__()
        self._last_resort = logging.lastResort if is_alone else None

    def emit(self, record: logging.LogRecord) -> None:
        if _printed.text is not None and record.name.partition(".")[0] not in _OWN_LOGGERS:
            _keep(f"{record.levelname.lower()}: {record.getMessage()}\n")
        resort = self._last_resort
        if resort and record.levelno >= resort.level and not _is_handled_elsewhere(record.name):
            resort.handle(record)


def _is_handled_elsewhere(name: str) -> bool:
    """Whether a logger from *name* up to the root, the root left out, has a handler of its own."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None and logger.parent is not None:
        if logger.handlers:
            return True
        logger = logger.parent
    return False


def _keep(words: str) -> None:
    """Add *words*; what is far more than can be shown is cut off at the front, now and then."""
    if _printed.text is None:
        return
    _printed.text.append(words[-LONGEST:])
    _printed.size += len(_printed.text[-1])
    if _printed.size > 4 * LONGEST:
        kept = "".join(_printed.text)[-LONGEST - 1 :]
        _printed.text, _printed.size = [kept], len(kept)

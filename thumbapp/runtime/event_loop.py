"""waitress's loop for many connections at rest: it asks only those that have something to do.

waitress asks each of its connections before each wait whether it would read or write, which with five hundred
open pages costs more than answering them. But a connection without a request and without bytes to send
can only be woken by its own socket: it is asked once and then left alone until something comes.
"""

import selectors
import time
from collections.abc import Iterable
from typing import Any, Final

from waitress import wasyncore

_EVERYBODY_EVERY_S: Final = 1.0


class EventLoop:
    """The loop over the sockets in *sockets*, waitress's map of descriptors; for one thread."""

    def __init__(self, sockets: dict[int, Any]) -> None:
        self._sockets = sockets
        self._selector = selectors.DefaultSelector()
        self._watched: dict[int, tuple[Any, int]] = {}
        self._busy: set[int] = set()
        self._recheck_all_at = 0.0

    def run_once(self, timeout_s: float) -> None:
        """Wait until something comes or can be sent, for *timeout_s* at most, and let it be done."""
        if not self._sockets:
            return
        for fd in self._to_ask():
            self._ask(fd)
        for key, events in self._selector.select(timeout_s):
            self._busy.add(key.fd)
            if events & selectors.EVENT_READ and (found := self._sockets.get(key.fd)):
                wasyncore.read(found)
            if events & selectors.EVENT_WRITE and (found := self._sockets.get(key.fd)):
                wasyncore.write(found)

    def recheck_all(self) -> None:
        """Have everybody asked in the next turn: something has changed that no socket tells of."""
        self._recheck_all_at = 0.0

    def close(self) -> None:
        """Let go of what is watched."""
        self._selector.close()

    def _to_ask(self) -> Iterable[int]:
        """Return who must be asked: all from time to time, else who is busy, has come or has gone."""
        now = time.monotonic()
        if now >= self._recheck_all_at:
            self._recheck_all_at = now + _EVERYBODY_EVERY_S
            return {*self._sockets, *self._watched}
        return self._busy | (self._sockets.keys() ^ self._watched.keys())

    def _ask(self, fd: int) -> None:
        """Watch *fd* for what its owner wants now; it stays busy unless only its socket can wake it."""
        owner = self._sockets.get(fd)
        known, before = self._watched.get(fd, (None, 0))
        if known is not owner:  # closed, and perhaps its number was given to the next one
            self._watch(fd, 0, before)
            before = 0
            self._watched.pop(fd, None)
        if owner is None:
            self._busy.discard(fd)
            return
        # A thread that works on a request changes all else before it takes the request away.
        has_work = bool(getattr(owner, "requests", True))
        wanted = selectors.EVENT_READ if owner.readable() else 0
        if owner.writable() and not owner.accepting:
            wanted |= selectors.EVENT_WRITE
        self._watch(fd, wanted, before)
        self._watched[fd] = owner, wanted
        if has_work or wanted != selectors.EVENT_READ:
            self._busy.add(fd)
        else:
            self._busy.discard(fd)

    def _watch(self, fd: int, wanted: int, before: int) -> None:
        if wanted == before:
            return
        if not before:
            self._selector.register(fd, wanted)
        elif wanted:
            self._selector.modify(fd, wanted)
        else:
            self._selector.unregister(fd)

"""A subscription: the events of some topics, waiting in bounded room until a stream takes them."""

import threading
from collections import deque
from collections.abc import Iterable
from types import TracebackType

from thumbapp.live.events import RESET, START, Event, order
from thumbapp.live.reader import Batch


class Subscription:
    """What one stream reads: `next` until `is_over`, then `close`, or leave the ``with`` block.

    The hub offers, one reader takes. A reader so slow that more than *room* events wait is ended; its
    browser comes back with the last id it saw and misses nothing.
    """

    def __init__(self, topics: Iterable[str], *, session: str, room: int) -> None:
        self.topics = frozenset(topics)
        self.session = session
        self._room = room
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._position = START
        self._offered = START
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: closed, too slow, or the hub went away."""
        return self._is_over

    @property
    def position(self) -> str:
        """The id a reader goes on from: all up to it was taken or is of other topics; "" before a reset."""
        with self._changed:
            return self._position

    def next(self, *, timeout_s: float, newest_only: bool = False) -> Event | None:
        """Return the next event, None when none came in *timeout_s* or the subscription is over.

        With *newest_only* all that wait but the last are left out.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over, timeout_s)
            if self._is_over:
                return None
            while newest_only and len(self._waiting) > 1:
                self._waiting.popleft()
            event = self._waiting.popleft() if self._waiting else None
            self._position = event.id if event else self._offered
            return event

    def close(self) -> None:
        """End it: a waiting reader returns at once, and the place is free for another."""
        with self._changed:
            self._is_over = True
            self._waiting.clear()
            self._changed.notify_all()

    def offer(self, batch: Batch) -> None:
        """Add what is of interest in *batch* and was not read from the stream already by `settle`."""
        wanted = [event for event in batch.events if self._wants(event)]
        with self._changed:
            self._waiting.extend(_newer(wanted, than=self._offered))
            if batch.is_reset or order(batch.end) > order(self._offered):
                self._offered = batch.end
            is_too_slow = len(self._waiting) > self._room
            self._changed.notify_all()
        if is_too_slow:
            self.close()

    def settle(self, missed: Batch, *, after: str) -> None:
        """Put *missed*, which was read from the stream, before what the hub has offered meanwhile.

        Both may overlap, and the stream may be read further than the hub is: each event stays once.
        """
        with self._changed:
            newer = _newer(self._waiting, than=missed.end)
            self._waiting = deque([*filter(self._wants, missed.events), *newer])
            self._offered = max(self._offered, missed.end, key=order)
            self._position = after
            self._changed.notify_all()

    def _wants(self, event: Event) -> bool:
        return event.kind == RESET or not self.topics.isdisjoint(event.topics)

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _newer(events: Iterable[Event], *, than: str) -> list[Event]:
    """Return the events after the id *than*; a reset counts as newer than any."""
    floor = order(than)
    return [event for event in events if event.kind == RESET or order(event.id) > floor]

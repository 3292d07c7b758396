"""The queues as one sees them from outside: how much waits and for how long, and whether they are paused.

A queue is the stream of a rank (`thumbapp.taskqueue.delivery.RANKS`). Paused, it is a field of the hash
``paused``, under the digit of its rank: workers look there each time they take, so that none of them begins
a task of it, and it stays paused over restarts. Times are the server's. Knows no Huey.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from thumbapp.errors import UnknownQueue
from thumbapp.taskqueue.delivery import RANKS
from thumbapp.taskqueue.groups import GROUP, NOBODY, first_fresh, given, in_hand


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue now: messages that wait, those in workers' hands, how long the oldest has waited.

    ``lag`` is how many of those that wait were never given to any worker. ``oldest_s`` is None when none
    waits, ``paused_at`` when workers may take from it.
    """

    name: str
    waiting: int
    in_hand: int
    lag: int = 0
    oldest_s: float | None = None
    paused_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether workers leave what waits in it alone."""
        return self.paused_at is not None


class Queues:
    """The queues under *namespace*; reading one costs the same however long it is."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._keys = {rank: f"{namespace}queue:{rank}" for rank in RANKS}
        self._paused_key = f"{namespace}paused"
        self._schedule_key = f"{namespace}schedule"
        self._dead_key = f"{namespace}dead"

    def states(self) -> list[QueueState]:
        """Return every queue, the one that workers prefer first."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(self._paused_key)
            for key in self._keys.values():
                pipe.xlen(key)
                pipe.xpending(key, GROUP)
                pipe.xinfo_groups(key)
                pipe.xpending_range(key, GROUP, "-", "+", 1, consumername=NOBODY)
            clock, paused, *told = pipe.execute(raise_on_error=False)
        _raise_outage(clock)
        now_ms = clock[0] * 1000 + clock[1] // 1000
        rows = [told[at : at + 4] for at in range(0, len(told), 4)]
        oldest = self._oldest(rows)
        return [
            _state(rank, *row[:2], oldest_ms=oldest[at], now_ms=now_ms, paused=paused.get(b"%d" % at))
            for at, (rank, row) in enumerate(zip(RANKS, rows, strict=True))
        ]

    def state(self, name: str) -> QueueState:
        """Return the queue *name*. Raises UnknownQueue."""
        return self.states()[self._rank(name)]

    def is_paused(self, name: str) -> bool:
        """Whether workers leave the queue *name* alone. Raises UnknownQueue."""
        return bool(self._redis.hexists(self._paused_key, self._rank(name)))

    def pause(self, name: str) -> None:
        """Let no worker begin a task of the queue *name*; what runs goes on. Raises UnknownQueue."""
        seconds, micros = self._redis.time()
        self._redis.hsetnx(self._paused_key, self._rank(name), seconds * 1000 + micros // 1000)

    def resume(self, name: str) -> None:
        """Let workers take from the queue *name* again. Raises UnknownQueue."""
        self._redis.hdel(self._paused_key, self._rank(name))

    def scheduled(self) -> int:
        """Return how many tasks wait for their time."""
        return int(self._redis.zcard(self._schedule_key))

    def dead(self) -> int:
        """Return how many messages are in the dead letters."""
        return int(self._redis.xlen(self._dead_key))

    def _rank(self, name: str) -> int:
        if name not in self._keys:
            raise UnknownQueue(name, RANKS)
        return RANKS.index(name)

    def _oldest(self, rows: list[list[Any]]) -> list[int | None]:
        """Return for each queue when its oldest waiting message came, ms since 1970; None: none waits."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key, row in zip(self._keys.values(), rows, strict=True):
                pipe.xrange(key, min=first_fresh(row[2]), count=1)
            fresh = pipe.execute(raise_on_error=False)
        found = []
        for entries, row in zip(fresh, rows, strict=True):
            back = [each["message_id"] for each in row[3]] if isinstance(row[3], list) else []
            waiting = [*back, *(entry for entry, _ in entries)] if isinstance(entries, list) else back
            found.append(min((int(entry.partition(b"-")[0]) for entry in waiting), default=None))
        return found


def _state(
    rank: str, length: Any, pending: Any, *, oldest_ms: int | None, now_ms: int, paused: bytes | None
) -> QueueState:
    held = in_hand(pending)
    return QueueState(
        name=rank,
        waiting=max(0, int(length) - held),
        in_hand=held,
        lag=max(0, int(length) - given(pending)),
        oldest_s=None if oldest_ms is None else max(0.0, (now_ms - oldest_ms) / 1000),
        paused_at=datetime.fromtimestamp(int(paused) / 1000, UTC) if paused else None,
    )


def _raise_outage(reply: Any) -> None:
    if isinstance(reply, Exception):
        raise reply

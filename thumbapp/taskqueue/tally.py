"""Counting what tasks do: runs by outcome, waiting and running times in buckets, for each name.

A worker counts in memory and adds that to Redis ten times a second at most; one that is killed loses
what it counted since. Keys and fields are in `thumbapp.taskqueue.records`. Knows no Huey.
"""

import bisect
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from thumbapp.taskqueue.delivery import Word

BOUNDS_MS: Final = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
LABELS: Final = (*map(str, BOUNDS_MS), "inf")
SPAN_S: Final = 300
SPAN_KEPT_S: Final = 25 * 3600


def span_key(prefix: str, at_s: float) -> str:
    """Return the key of the counters for the five minutes that hold *at_s*, a time since 1970."""
    return f"{prefix}:span:{int(at_s // SPAN_S)}"


class Tally:
    """What this process has counted and not yet added to the counters below *prefix*."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, outcome: str, *, waited_ms: int, took_ms: int) -> None:
        """Count a run of the task *name* that ended as *outcome*."""
        with self._lock:
            self._counts[f"{outcome}:{name}"] += 1
            for what, value in (("wait", max(0, waited_ms)), ("took", max(0, took_ms))):
                self._counts[f"{what}:{LABELS[bisect.bisect_left(BOUNDS_MS, value)]}:{name}"] += 1
                self._counts[f"{what}:sum:{name}"] += value

    def count(self, name: str, outcome: str) -> None:
        """Count that the task *name* ended as *outcome* without a run."""
        with self._lock:
            self._counts[f"{outcome}:{name}"] += 1

    def write(self, send: Callable[..., None], *, at_s: float) -> None:
        """Hand everything counted up to *at_s* to *send* as commands; what it raises leaves it counted."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        span = span_key(self._prefix, at_s)
        commands: list[tuple[Word, ...]] = [
            ("HINCRBY", key, field, number)
            for field, number in counts.items()
            for key in (f"{self._prefix}:total", span)
        ]
        try:
            send(*commands, ("EXPIRE", span, SPAN_KEPT_S))
        except BaseException:
            with self._lock:
                self._counts.update(counts)
            raise

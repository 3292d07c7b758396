"""Counting what tasks do: runs by outcome, waiting and running times in buckets, for each name.

A worker counts in memory and adds that to Redis ten times a second at most; one that is killed loses
what it counted since. Keys and fields are in `thumbapp.taskqueue.records`. Knows no Huey.
"""

import bisect
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from thumbapp.taskqueue.delivery import Arg

BUCKET_BOUNDS_MS: Final = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
BUCKET_LABELS: Final = (*map(str, BUCKET_BOUNDS_MS), "inf")
SPAN_S: Final = 300
SPAN_KEPT_S: Final = 25 * 3600

# Name, outcome, ms waited and taken; None for what ended without a run.
EndedRun = tuple[str, str, tuple[int, int] | None]


def span_key(prefix: str, at_s: float) -> str:
    """Return the key of the counters for the five minutes that hold *at_s*, a time since 1970."""
    return f"{prefix}:span:{int(at_s // SPAN_S)}"


class RunCounters:
    """What this process has seen and not yet added to the counters below *prefix*.

    A run is only noted when it ends, which every task waits for; it is counted with all others.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._runs: deque[EndedRun] = deque()

    def add(self, name: str, outcome: str, *, waited_ms: int, took_ms: int) -> None:
        """Count a run of the task *name* that ended as *outcome*."""
        self._runs.append((name, outcome, (waited_ms, took_ms)))

    def count(self, name: str, outcome: str) -> None:
        """Count that the task *name* ended as *outcome* without a run."""
        self._runs.append((name, outcome, None))

    def write(self, send: Callable[..., None], *, at_s: float) -> None:
        """Hand everything seen up to *at_s* to *send* as commands; what it raises leaves it counted."""
        runs = [self._runs.popleft() for _ in range(len(self._runs))]
        if not runs:
            return
        span = span_key(self._prefix, at_s)
        commands: list[tuple[Arg, ...]] = [
            ("HINCRBY", key, field, number)
            for field, number in _counted(runs).items()
            for key in (f"{self._prefix}:total", span)
        ]
        try:
            send(*commands, ("EXPIRE", span, SPAN_KEPT_S))
        except BaseException:
            self._runs.extendleft(reversed(runs))
            raise


def _counted(runs: list[EndedRun]) -> dict[str, int]:
    """Return the fields that *runs* are kept in, and by how much each grows."""
    grown: dict[str, int] = {}
    for name, same in _by_name(runs).items():
        for outcome, number in Counter(run[1] for run in same).items():
            grown[f"{outcome}:{name}"] = number
        times = [run[2] for run in same if run[2] is not None]
        for what, spent in zip(("wait", "took"), zip(*times, strict=True), strict=bool(times)):
            for at, number in Counter(bisect.bisect_left(BUCKET_BOUNDS_MS, value) for value in spent).items():
                grown[f"{what}:{BUCKET_LABELS[at]}:{name}"] = number
            grown[f"{what}:sum:{name}"] = sum(spent)
    return grown


def _by_name(runs: list[EndedRun]) -> dict[str, list[EndedRun]]:
    """Return *runs* by the task that ran."""
    found: dict[str, list[EndedRun]] = {}
    for run in runs:
        found.setdefault(run[0], []).append(run)
    return found

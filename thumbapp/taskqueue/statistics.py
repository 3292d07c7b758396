"""Reading what `thumbapp.taskqueue.run_counters` counted: runs by outcome, how long tasks waited and took.

Times are kept in buckets, so a percentile is read between the two bounds it lies in. Beside them stand
samples of the queues' depth, see `thumbapp.taskqueue.samples`. Knows no Huey.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import redis

from thumbapp.taskqueue.run_counters import BUCKET_BOUNDS_MS, BUCKET_LABELS, SPAN_S

BAD: Final = ("failed", "dead")
HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Durations:
    """How many times fell into each bucket of `BUCKET_LABELS`, and their sum in ms."""

    counts: tuple[int, ...] = (0,) * len(BUCKET_LABELS)
    sum_ms: int = 0

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(self.counts)

    def percentile_ms(self, percent: float) -> float | None:
        """Return what *percent* of them do not exceed; None when there are none.

        Beyond the last bound nothing is known but that: the bound is returned.
        """
        wanted = self.number * percent / 100
        low, passed = 0.0, 0
        for count, high in zip(self.counts, (*BUCKET_BOUNDS_MS, BUCKET_BOUNDS_MS[-1]), strict=True):
            if count and passed + count >= wanted:
                return low + (high - low) * (wanted - passed) / count
            low, passed = float(high), passed + count
        return None

    def __add__(self, other: "Durations") -> "Durations":
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return Durations(counts, self.sum_ms + other.sum_ms)


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """What was counted of one task, or of all: runs by outcome, waiting and running times."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    wait: Durations = Durations()
    took: Durations = Durations()

    @property
    def runs(self) -> int:
        """How many runs came to an end."""
        return sum(self.outcomes.values())

    @property
    def failures(self) -> int:
        """How many of them failed for good."""
        return self.count(*BAD)

    @property
    def failed_share(self) -> float:
        """Which share of the runs failed for good, from 0 to 1."""
        return self.failures / self.runs if self.runs else 0.0

    def count(self, *outcomes: str) -> int:
        """Return how many runs ended as one of *outcomes*."""
        return sum(self.outcomes.get(outcome, 0) for outcome in outcomes)

    def __add__(self, other: "TaskCounts") -> "TaskCounts":
        names = {*self.outcomes, *other.outcomes}
        outcomes = {name: self.count(name) + other.count(name) for name in names}
        return TaskCounts(outcomes, self.wait + other.wait, self.took + other.took)


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """A stretch of time from *at* on: what was counted for each task, and the most that was sampled.

    ``depth`` and ``oldest_s`` are None when no worker was there to look.
    """

    at: datetime
    tasks: Mapping[str, TaskCounts]
    depth: int | None = None
    oldest_s: float | None = None

    @property
    def all(self) -> TaskCounts:
        """What was counted of all tasks together."""
        return sum(self.tasks.values(), TaskCounts())


class Statistics:
    """The counters under *namespace*."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._prefix = f"{namespace}tasks"

    def totals(self) -> dict[str, TaskCounts]:
        """Return what was ever counted, by the name of the task."""
        return _by_task(self._redis.hgetall(f"{self._prefix}:total"))

    def slots(self, *, hours: int, minutes: int) -> list[TimeSlot]:
        """Return the last *hours* in slots of *minutes*, the oldest first; the last one is not over.

        *minutes* is a multiple of five.
        """
        seconds, _ = self._redis.time()
        spans = minutes * 60 // SPAN_S
        last = (seconds // SPAN_S // spans + 1) * spans
        numbers = range(last - hours * HOUR_S // SPAN_S, last)
        with self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hgetall(f"{self._prefix}:span:{number}")
            told = pipe.execute()
        return [
            _slot(group[0], told[group[0] - numbers[0] : group[-1] + 1 - numbers[0]])
            for group in (numbers[at : at + spans] for at in range(0, len(numbers), spans))
        ]


def together(slots: Iterable[TimeSlot]) -> dict[str, TaskCounts]:
    """Return what was counted in all *slots*, by the name of the task."""
    found: defaultdict[str, TaskCounts] = defaultdict(TaskCounts)
    for name, counted in itertools.chain.from_iterable(slot.tasks.items() for slot in slots):
        found[name] += counted
    return dict(found)


def _slot(number: int, spans: list[Mapping[bytes, bytes]]) -> TimeSlot:
    merged: dict[bytes, int] = {}
    samples: dict[str, list[float]] = {"depth": [], "oldest": []}
    for raw in spans:
        for key, value in raw.items():
            kind, _, _ = key.partition(b":")
            if kind in (b"depth", b"oldest"):
                samples[kind.decode()].append(float(value))
            else:
                merged[key] = merged.get(key, 0) + int(value)
    return TimeSlot(
        at=datetime.fromtimestamp(number * SPAN_S, UTC),
        tasks=_by_task(merged),
        depth=int(max(samples["depth"])) if samples["depth"] else None,
        oldest_s=max(samples["oldest"], default=None),
    )


def _by_task(fields: Mapping[bytes, bytes | int]) -> dict[str, TaskCounts]:
    """Return the counters of *fields* by task: ``outcome:name``, ``wait:bucket:name``, ``wait:sum:name``."""
    told: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for key, value in fields.items():
        kind, _, rest = key.decode("utf-8", "replace").partition(":")
        bucket, _, name = rest.partition(":") if kind in ("wait", "took") else ("", "", rest)
        told[name][kind, bucket] = int(value)
    return {name: _counted(values) for name, values in told.items()}


def _counted(values: Mapping[tuple[str, str], int]) -> TaskCounts:
    outcomes = {kind: value for (kind, bucket), value in values.items() if not bucket}
    wait, took = (
        Durations(
            tuple(values.get((kind, label), 0) for label in BUCKET_LABELS), values.get((kind, "sum"), 0)
        )
        for kind in ("wait", "took")
    )
    return TaskCounts(outcomes, wait, took)

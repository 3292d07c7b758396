"""What fills a database: memory by beginning of the name, by type and by time to live, from a bounded sample.

SCAN goes through keys in the order of their hashes, so that its first ten thousand are a fair draw
from all; what is concluded from them is said with its error.
"""

import math
from dataclasses import dataclass
from heapq import heappush, heappushpop, nlargest
from typing import Final

from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import shown
from thumbapp.explorer.scan import KeyRow, ScanPage, Search, walk

SAMPLE: Final = 10_000
MOST_SAMPLED: Final = 1_000_000
BIGGEST: Final = 20
MOST_GROUPS: Final = 50
_MOST_TALLIES: Final = 10_000
_OTHERS: Final = "(others)"
_WITHIN_S: Final = 30.0
_SURE: Final = 1.96  # of twenty estimates, nineteen are within this many deviations
_TTL_RANGES: Final = (
    (60_000, "less than a minute"),
    (3_600_000, "less than an hour"),
    (86_400_000, "less than a day"),
    (604_800_000, "less than a week"),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A group of keys: about how many, about how many bytes, give or take *error_bytes*."""

    label: str
    keys: int
    bytes: int
    error_bytes: int


@dataclass(slots=True)
class _Tally:
    keys: int = 0
    bytes: float = 0.0
    squares: float = 0.0

    def add(self, size: int) -> None:
        self.keys += 1
        self.bytes += size
        self.squares += float(size) * size

    def estimate(self, label: str, *, sampled: int, total: int) -> Estimate:
        """Return what the tally of *sampled* keys says of *total*; a whole count has no error."""
        scale = total / max(1, sampled)
        variance = max(0.0, self.squares / max(1, sampled) - (self.bytes / max(1, sampled)) ** 2)
        rest = max(0.0, 1 - sampled / max(1, total))
        error = _SURE * total * math.sqrt(variance / max(1, sampled) * rest)
        return Estimate(label, round(self.keys * scale), round(self.bytes * scale), round(error))


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a sample of *sampled* keys out of *total*."""

    sampled: int
    total: int
    whole: Estimate
    by_prefix: list[Estimate]
    by_type: list[Estimate]
    by_ttl: list[Estimate]
    without_end: Estimate
    biggest: list[KeyRow]

    @property
    def is_complete(self) -> bool:
        """Whether every key was looked at."""
        return self.sampled >= self.total


def analyse(
    gate: Gate,
    *,
    db: int,
    search: Search | None = None,
    sample: int = SAMPLE,
    delimiter: bytes = b":",
    depth: int = 1,
) -> Report:
    """Return what fills the database, by *sample* keys; names are cut after *depth* delimiters."""
    found = Analysis(delimiter=delimiter, depth=depth)
    portion = ScanPage([], None, 0, 0)
    sample = max(1, min(sample, MOST_SAMPLED))
    for portion in walk(gate, search or Search(), db=db, limit=sample, within_s=_WITHIN_S):
        for row in portion.rows:
            found.add(row)
    if portion.cursor is None:
        return found.report(total=found.sampled)
    # About as many of those not gone through fit as of those that were.
    return found.report(total=round(found.sampled * portion.total / max(1, portion.scanned)))


class Analysis:
    """Takes keys in, one by one, and keeps only sums of them."""

    def __init__(self, *, delimiter: bytes = b":", depth: int = 1) -> None:
        self.sampled = 0
        self._delimiter = delimiter
        self._depth = depth
        self._whole, self._endless = _Tally(), _Tally()
        self._prefixes: dict[str, _Tally] = {}
        self._types: dict[str, _Tally] = {}
        self._ttls: dict[str, _Tally] = {}
        self._biggest: list[tuple[int, int, KeyRow]] = []

    def add(self, row: KeyRow) -> None:
        """Count one key."""
        size = row.bytes or 0
        self.sampled += 1
        self._whole.add(size)
        if row.ttl_ms is None:
            self._endless.add(size)
        prefix = prefix_of(row.name, self._delimiter, self._depth)
        for tallies, label in (
            (self._prefixes, prefix),
            (self._types, row.type),
            (self._ttls, ttl_range(row)),
        ):
            if len(tallies) >= _MOST_TALLIES and label not in tallies:
                label = _OTHERS
            tallies.setdefault(label, _Tally()).add(size)
        keep = heappush if len(self._biggest) < BIGGEST else heappushpop
        keep(self._biggest, (size, self.sampled, row))

    def report(self, *, total: int) -> Report:
        """Return what the keys so far say of *total* keys."""
        total = max(total, self.sampled)

        def estimate(label: str, tally: _Tally) -> Estimate:
            return tally.estimate(label, sampled=self.sampled, total=total)

        def ranked(tallies: dict[str, _Tally]) -> list[Estimate]:
            return nlargest(
                MOST_GROUPS, map(estimate, tallies, tallies.values()), key=lambda item: item.bytes
            )

        return Report(
            sampled=self.sampled,
            total=total,
            whole=estimate("all keys", self._whole),
            by_prefix=ranked(self._prefixes),
            by_type=ranked(self._types),
            by_ttl=ranked(self._ttls),
            without_end=estimate("no end", self._endless),
            biggest=[row for _, _, row in sorted(self._biggest, reverse=True)],
        )


def prefix_of(name: bytes, delimiter: bytes, depth: int) -> str:
    """Return how *name* begins, up to its delimiter number *depth*; "(no prefix)" when it has none."""
    parts = name.split(delimiter) if delimiter else [name]
    if len(parts) == 1:
        return "(no prefix)"
    return shown(delimiter.join(parts[: min(depth, len(parts) - 1)]) + delimiter)


def ttl_range(row: KeyRow) -> str:
    """Return in words how long a key has left."""
    if row.ttl_ms is None:
        return "no end"
    return next((words for below_ms, words in _TTL_RANGES if row.ttl_ms < below_ms), "a week or more")

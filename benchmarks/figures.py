"""A table of what was measured beside what was wanted, and a process watched from /proc. Linux only."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table: what was measured, what was wanted, what came out."""

    what: str
    goal: str
    found: str

    def row(self) -> str:
        """Return the line."""
        return f"| {self.what} | {self.goal} | {self.found} |"


def share_of_a_core(pid: int) -> Iterator[float]:
    """Return what yields, asked later, how much of a core the process has used since, per cent."""
    before, began = _cpu_s(pid), time.monotonic()

    def since() -> Iterator[float]:
        while True:
            yield (_cpu_s(pid) - before) / (time.monotonic() - began) * 100

    return since()


def _cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def put(mark: str, text: str, *, page: Path = PAGE) -> None:
    """Put *text* into *page*, between the comments that begin and end *mark*."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    head, found, rest = page.read_text("utf-8").partition(begin)
    if not found:
        raise SystemExit(f"{page} has no {begin}")
    page.write_text(f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}", "utf-8")


def write(mark: str, title: str, about: str, figures: Iterable[Figure], *, load: float) -> None:
    """Put the table into docs/benchmarks.md, between the comments that begin and end *mark*."""
    told = [
        f"## {title}",
        "",
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {datetime.now(UTC):%d %B %Y}, "
        f"load {load:.0f} at the beginning. {about}",
        "",
        "| what | goal | measured |",
        "|---|---|---|",
        *(figure.row() for figure in figures),
    ]
    put(mark, "\n".join(told))

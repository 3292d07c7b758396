"""How fast the explorer is on a million keys, beside redis-commander in the same run. Linux only.

``python -m benchmarks.explorer [--keys 1000000] [--modules node_modules] [--write docs/benchmarks.md]``
starts a Valkey of its own, fills it, starts `thumbapp up` and, where *modules* has it (``npm install
redis-commander``), redis-commander, and asks both for the same things. What the server itself spent comes
from its ``INFO latencystats``; another client asks for a key all the while. The table goes into a file.
"""

import argparse
import contextlib
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import redis

from benchmarks.explorer_data import BIG_HASH, BIG_STREAM, BIG_STRING, Filled
from benchmarks.explorer_peers import Commander, Ours, bare_scan
from benchmarks.figures import put

MATCH = "*user*5555*"
BIG = (BIG_HASH, BIG_STREAM, BIG_STRING)


@dataclass
class Table:
    """Rows of what was measured: what, ours, the goal, redis-commander's."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, ours: str, goal: str = "", theirs: str = "") -> None:
        """Add a row, and print it."""
        self.rows.append((what, ours, goal, theirs))
        print(f"{what:<58} {ours:<26} {goal:<16} {theirs}", flush=True)

    def text(self, about: str) -> str:
        """Return the table as Markdown, *about* below it."""
        head = "| | ours | goal | redis-commander 0.9 |\n|---|---|---|---|\n"
        return head + "".join(f"| {' | '.join(row)} |\n" for row in self.rows) + f"\n{about}\n"


@contextlib.contextmanager
def bystander(port: int) -> Iterator[list[float]]:
    """Have another process ask for a small key all the while; at the end the list has the ms of each."""
    context, taken = multiprocessing.get_context("spawn"), list[float]()
    ours, theirs = context.Pipe()
    process = context.Process(target=_ask, args=(port, theirs))
    process.start()
    ours.recv()
    yield taken
    ours.send("stop")
    taken += ours.recv()
    process.join()


def _ask(port: int, pipe: Connection) -> None:
    client, taken = redis.Redis(port=port, protocol=2), list[float]()
    client.ping()
    pipe.send("ready")
    while not pipe.poll(0.001):
        began = time.perf_counter()
        client.get("app:user:1:name")
        taken.append((time.perf_counter() - began) * 1000)
    pipe.send(taken)


def seconds(action: Callable[[], object]) -> float:
    """Return how long *action* takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* of *values* are."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def first_pages(table: Table, ours: Ours) -> None:
    """Measure the first page and what fills the list behind it."""
    path, scan = "/redis?db=0&view=tree", "/redis/scan?db=0&limit=500"
    times = [seconds(lambda: ours.get(path)) * 1000 for _ in range(30)]
    streams = [seconds(lambda: ours.get(scan)) * 1000 for _ in range(30)]
    table.add(
        "first page, p50 / p95", f"{quantile(times, 0.5):.0f} / {quantile(times, 0.95):.0f} ms", "60 ms"
    )
    table.add("first page, bytes", f"{len(ours.get(path)) / 1000:.0f} kB", "60 kB")
    table.add("500 rows with type, TTL, memory, length, p50", f"{quantile(streams, 0.5):.0f} ms")


def searches(table: Table, ours: Ours, filled: Filled) -> None:
    """Measure a search through all keys against a bare loop, in turn, with a bystander."""
    firsts, wholes, bare = [], [], []
    with bystander(filled.port) as quiet:
        time.sleep(3)
    with bystander(filled.port) as busy:
        for _ in range(3):
            first, whole = one_search(ours)
            firsts.append(first * 1000)
            wholes.append(whole)
    for _ in range(3):
        bare.append(seconds(lambda: bare_scan(filled.port, MATCH)))
        wholes.append(one_search(ours)[1])
    ratio = min(wholes) / min(bare)
    table.add(f"search `{MATCH}`, first hit", f"{statistics.median(firsts):.0f} ms", "100 ms")
    table.add("search, whole pass", f"{min(wholes):.2f} s", "")
    table.add("search, of a bare SCAN COUNT 500 loop", f"{ratio:.2f}x of {min(bare):.2f} s", "1.15x")
    grown = quantile(busy, 0.99) - quantile(quiet, 0.99)
    table.add("another client's p99 during it", f"+{max(0.0, grown):.1f} ms", "+2 ms")


def one_search(ours: Ours) -> tuple[float, float]:
    """Return the seconds until the first hit, and until the whole database was gone through."""
    began, first = time.perf_counter(), 0.0
    for portion in ours.search(MATCH):
        if portion["rows"] and not first:
            first = time.perf_counter() - began
    return first, time.perf_counter() - began


def big_keys(table: Table, ours: Ours) -> None:
    """Measure opening each big key, and what that costs in memory."""
    before = ours.rss_mb()
    for name in BIG:
        open_it = partial(ours.get, ours.key_path(name))
        times = [seconds(open_it) * 1000 for _ in range(100)]
        size = len(open_it()) / 1000
        said = f"{quantile(times, 0.5):.0f} ms, {size:.0f} kB"
        table.add(f"open {name}", said, "100 ms, 64 kB")
    table.add("memory of the web process, grown by that", f"{ours.rss_mb() - before:.0f} MB", "20 MB")


def spent(table: Table, filled: Filled) -> None:
    """Report what our commands cost inside the server since the statistics were reset, by the dearest."""
    info = filled.client.info("latencystats")
    tails = {
        name.removeprefix("latency_percentiles_usec_"): float(shares["p99"])
        for name, shares in info.items()
        if isinstance(shares, dict) and "info" not in name and "acl" not in name
    }
    name, worst = max(tails.items(), key=lambda item: item[1])
    table.add("Redis time of our commands, dearest p99", f"{worst / 1000:.2f} ms ({name.upper()})", "1 ms")


def painted(table: Table, ours: Ours) -> None:
    """Measure in a browser how long it takes until the keys can be seen; left out where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    import shutil

    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(extra_http_headers=ours.headers)
        page, times = context.new_page(), []
        for _ in range(6):
            page.goto(f"http://127.0.0.1:{ours.port}/redis?db=0")
            page.wait_for_selector(".key-line")
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            times.append(float(page.evaluate(paint)))
        browser.close()
    table.add("first keys painted, p50 of 5 after the first", f"{quantile(times[1:], 0.5):.0f} ms", "300 ms")


def measure(options: argparse.Namespace, folder: Path) -> Table:
    """Return the table of one run."""
    filled = Filled(folder)
    try:
        print(f"filled in {seconds(lambda: filled.fill(options.keys)):.0f} s", flush=True)
        return compared(options, folder, filled)
    finally:
        filled.stop()


def compared(options: argparse.Namespace, folder: Path, filled: Filled) -> Table:
    """Ask ours and, where it is there, redis-commander."""
    table = Table()
    ours = Ours(folder / "data", filled.port)
    theirs = None
    if (options.modules / "redis-commander").is_dir():
        theirs = Commander(options.modules, filled.port)
    try:
        filled.client.config_resetstat()
        first_pages(table, ours)
        searches(table, ours, filled)
        big_keys(table, ours)
        spent(table, filled)
        painted(table, ours)
        table.add("memory of the web process at the end", f"{ours.rss_mb():.0f} MB", "150 MB")
        if theirs:
            beside(table, theirs)
    finally:
        ours.stop()
        if theirs:
            theirs.stop()
    return table


def beside(table: Table, theirs: Commander) -> None:
    """Ask redis-commander for the same and write it into the rows of the same thing."""
    asked = {
        "first page, p50 / p95": theirs.tree_path(),
        "search, whole pass": theirs.search_path(MATCH),
        **{f"open {name}": theirs.key_path(name) for name in BIG},
    }
    for at, (what, ours, goal, _) in enumerate(table.rows):
        if path := asked.get(what):
            said = asked_once(theirs, path)
            table.rows[at] = (what, ours, goal, said)
            print(f"redis-commander: {what:<40} {said}", flush=True)


def asked_once(theirs: Commander, path: str) -> str:
    """Return how long an answer took, and its size; or that none came."""
    began = time.perf_counter()
    try:
        size = len(theirs.get(path))
    except OSError as error:
        return f"none ({error})"
    return f"{time.perf_counter() - began:.1f} s, {size / 1e6:.1f} MB"


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--modules", type=Path, default=Path("node_modules"))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        table = measure(options, Path(folder))
    about = (
        f"{options.keys:,} keys, a hash of a million fields, a stream of 200,000 entries, a string of 5 MB; "
        f"Valkey 9.1, {platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{datetime.now(UTC):%d %B %Y}, load {load:.0f} at the beginning. `python -m benchmarks.explorer`."
    )
    if options.write:
        put("explorer", f"\n{table.text(about)}", page=options.write)


if __name__ == "__main__":
    main()

"""What an hour of the explorer costs the web process in memory, on a million keys. Linux only.

``python -m benchmarks.explorer_hour [--keys 1000000] [--minutes 4] [--write docs/benchmarks.md]`` does what a
busy person does in an hour, in twelve parts: keys of every type opened and turned over, the server's line
asked for as an open page does, searches, sorted lists, counts of many keys, analyses and exports. The memory
in hand is read after each part; less minutes than sixty leave out only the waiting.
"""

import argparse
import os
import platform
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.explorer import MATCH
from benchmarks.explorer_data import BIG_HASH, BIG_STREAM, BIG_STRING, Filled
from benchmarks.explorer_peers import Ours
from benchmarks.figures import put

PARTS = 12
TURNED = {BIG_HASH: "v_find=field:99*", BIG_STREAM: "v_reversed=1", BIG_STRING: "v_view=hex"}


def five_minutes(ours: Ours, keys: int) -> Iterator[str]:
    """Yield the paths that somebody busy asks for in five minutes."""
    for _ in range(60):
        number = random.randrange(keys)
        yield ours.key_path(f"app:user:{number}" + (":name" if number % 10 < 6 else ""))
        yield "/redis/status?db=0"
    for name, part in TURNED.items():
        yield ours.key_path(name)
        yield f"{ours.key_path(name)}&{part}"
    for _ in range(5):
        yield "/redis?db=0&view=tree"
        yield "/redis/scan?db=0&limit=20000"
    yield f"/redis/bulk?db=0&match={MATCH}"
    yield "/redis/analysis?db=0"
    yield "/redis/export?db=0&match=app:queue:99*"


def walk(ours: Ours, *, keys: int, minutes: float) -> Iterator[tuple[float, int]]:
    """Yield the MB in hand and the requests until then: before the first part and after each."""
    count = 0
    yield ours.rss_mb(), count
    for _ in range(PARTS):
        began = time.monotonic()
        for path in five_minutes(ours, keys):
            ours.get(path)
            count += 1
        for _ in range(3):
            count += sum(1 for _ in ours.search(MATCH))
        time.sleep(max(0.0, minutes * 60 / PARTS - (time.monotonic() - began)))
        yield ours.rss_mb(), count


def report(found: list[tuple[float, int]], keys: int) -> str:
    """Return what was measured as Markdown."""
    head = "| part of the hour | requests | memory |\n|---|---|---|\n"
    rows = "".join(f"| {at} of {PARTS} | {count:,} | {mb:.0f} MB |\n" for at, (mb, count) in enumerate(found))
    return (
        f"{head}{rows}\n{keys:,} keys and the three big ones; Valkey 9.1, {platform.system()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%d %B %Y}; the goal "
        f"is 150 MB. `python -m benchmarks.explorer_hour`.\n"
    )


def main() -> None:
    """Walk, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        filled, found = Filled(Path(name)), []
        try:
            filled.fill(options.keys)
            ours = Ours(Path(name) / "data", filled.port)
            for mb, count in walk(ours, keys=options.keys, minutes=options.minutes):
                found.append((mb, count))
                print(f"{count:6} requests {mb:6.1f} MB", flush=True)
            ours.stop()
        finally:
            filled.stop()
    if options.write:
        put("explorer_hour", f"\n{report(found, options.keys)}", page=options.write)


if __name__ == "__main__":
    main()

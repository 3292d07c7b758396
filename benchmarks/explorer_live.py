"""What the explorer's live half costs: a line in the console, a message until it is seen, the benchmark.

``python -m benchmarks.explorer_live [--lines 300] [--messages 60] [--rounds 7] [--crowd] [--write]`` starts
`up` over an empty folder, signs in, and measures beside bare redis-py on the same server, turn by turn. Times
are a client's on one kept connection. ``--crowd`` also does what `explorer_pages` and `explorer_storm` do.
"""

import argparse
import os
import re
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import redis

from benchmarks import explorer_pages, explorer_storm
from benchmarks.administrator import Administrator, site_of_its_own
from benchmarks.figures import Figure, write
from thumbapp.config import Settings
from thumbapp.explorer.bench import WAYS, Benchmark, Plan
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.servers import Servers

COUNT = 10_001


class Nobody:
    """An audit that keeps nothing."""

    def record(self, **_: str) -> None:
        """Keep nothing."""


def console_ms(admin: Administrator, server: redis.Redis, lines: int) -> list[float]:
    """Return how much longer each GET takes by the console than by redis-py, in milliseconds."""
    over = []
    for _ in range(lines):
        began = time.perf_counter()
        server.get("benchmark")
        bare = time.perf_counter()
        admin.ask("POST", "/redis/console/run?db=0", console="b" * 22, line="GET benchmark")
        over.append((time.perf_counter() - bare - (bare - began)) * 1000)
    return over


def message_ms(admin: Administrator, server: redis.Redis, messages: int) -> list[float]:
    """Return how many milliseconds after PUBLISH each message was in the page's stream."""
    seen: dict[str, float] = {}
    path = "/redis/pubsub/stream?db=0&channels=benchmark"
    threading.Thread(target=admin.arrivals, args=(path, seen), daemon=True).start()
    while not server.pubsub_numsub("benchmark")[0][1]:
        time.sleep(0.01)
    sent = {}
    for number in range(messages):
        sent[str(number)] = time.perf_counter()
        server.publish("benchmark", number)
        time.sleep(0.02 + number % 10 / 50)
    time.sleep(1)
    return [(seen[text] - at) * 1000 for text, at in sent.items()]


def bench_ratios(url: str, server: redis.Redis, rounds: int) -> dict[str, list[float]]:
    """Return, by way, our time over that of bare redis-py, round by round."""
    servers = Servers(replace(Settings().completed(), redis_url=url, secret_key="benchmark"))
    gate = Gate(servers.find(), secret=b"benchmark", audit=Nobody())
    ratios: dict[str, list[float]] = {}
    for _ in range(rounds):
        *_, progress = Benchmark(gate, Plan(COUNT, rounds=1), caller=Caller("b", Mode.EDIT), db=0).run()
        ours = {timing.way: timing.median_s for timing in progress.timings}
        for way in (WAYS[0], WAYS[2], WAYS[3]):
            ratios.setdefault(way.name, []).append(ours[way] / _bare_s(server, way.batch))
    servers.close()
    return ratios


def _bare_s(server: redis.Redis, batch: int) -> float:
    began = time.perf_counter()
    for start in range(0, COUNT, batch):
        if batch == 1:
            server.incr("benchmark:bare")
            continue
        pipe = server.pipeline(transaction=False)
        for _ in range(min(batch, COUNT - start)):
            pipe.incr("benchmark:bare")
        pipe.execute()
    return time.perf_counter() - began


def _figure(what: str, goal: str, numbers: list[float], unit: str) -> Figure:
    ordered = sorted(numbers)
    p95 = ordered[int(len(ordered) * 0.95)]
    found = (
        f"median {statistics.median(ordered):.2f}{unit}, p95 {p95:.2f}{unit}, worst {ordered[-1]:.2f}{unit}"
    )
    return Figure(what, goal, f"{found}, of {len(ordered)}")


def figures(asked: argparse.Namespace) -> Iterator[Figure]:
    """Yield what was measured on a site of its own."""
    with site_of_its_own() as site:
        url, admin = site.server_url, site.sign_in()
        server = redis.Redis.from_url(re.sub(r"/15$", "/0", url), protocol=2)
        lines = console_ms(admin, server, asked.lines)
        yield _figure("a line in the console, longer than redis-py", "3 ms", lines, " ms")
        seen = message_ms(admin, server, asked.messages)
        yield _figure("a message after PUBLISH, in the page's stream", "100 ms", seen, " ms")
        for way, ratios in bench_ratios(url, server, asked.rounds).items():
            yield _figure(f"the benchmark {way}, times bare redis-py", "1.10", ratios, "")


def main() -> None:
    """Print the figures, and write them down when asked to."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=300)
    options.add_argument("--messages", type=int, default=60)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--crowd", action="store_true", help="open pages and publish a storm as well")
    options.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked, load = options.parse_args(), os.getloadavg()[0]
    found = list(figures(asked))
    if asked.crowd:
        found += explorer_pages.figures(explorer_pages.options([]))
        found += explorer_storm.figures(explorer_storm.options([]))
    print("\n".join(figure.row() for figure in found))
    if asked.write:
        command = "`python -m benchmarks.explorer_live --crowd --write`"
        about = f"Valkey 9.1; times are a client's on one kept connection. {command}."
        write("explorer_live", "The explorer, live", about, found, load=load)


if __name__ == "__main__":
    main()

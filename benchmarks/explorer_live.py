"""What the explorer's live half costs: a line in the console, a message until it is seen, the benchmark.

``python -m benchmarks.explorer_live [--lines 300] [--messages 60] [--rounds 7]`` starts `up` over an empty
folder, signs in, and measures beside bare redis-py on the same server, turn by turn. Times are a client's
on one kept connection.
"""

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import redis

from benchmarks.startup import Run
from thumbapp.config import Settings
from thumbapp.explorer.bench import WAYS, Benchmark, Plan
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.servers import Servers

CONSOLE = "/redis/console?db=0"
COUNT = 10_001


class Administrator:
    """One kept connection to the site at *url*, signed in by a link."""

    def __init__(self, url: str, link: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=90)
        self._origin = url.rstrip("/")
        self.cookie = ""
        self._csrf = ""
        path = urlsplit(link).path
        self._csrf = _csrf(self.ask("GET", path))
        self.ask("POST", path)
        self._csrf = _csrf(self.ask("GET", CONSOLE))
        self.ask("POST", "/redis/mode", mode="edit")

    def ask(self, method: str, path: str, **fields: str) -> str:
        """Return what *path* answers."""
        headers = {"Cookie": self.cookie, "Origin": self._origin}
        body = urlencode(fields | {"csrf_token": self._csrf}) if method == "POST" else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookie = value.partition(";")[0]
        text = answer.read().decode()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:200]}")
        return text

    def arrivals(self, path: str, seen: dict[str, float]) -> None:
        """Write into *seen* when each message of the stream at *path* was there."""
        stream = http.client.HTTPConnection(self._connection.host, self._connection.port, timeout=90)
        stream.request("GET", path, headers={"Cookie": self.cookie})
        for line in stream.getresponse():
            if line.startswith(b"data:"):
                now = time.perf_counter()
                seen.update({message["text"]: now for message in json.loads(line[5:])["messages"]})


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


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise SystemExit(f"no form: {page[:200]}")
    return found[1]


def link(folder: Path) -> str:
    """Return a link that signs the administrator of the site over *folder* in once."""
    command = [sys.executable, "-m", "thumbapp", "users", "link", "admin"]
    env = {"THUMBAPP_DATA_DIR": str(folder)}
    told = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=True).stdout
    return re.findall(r"https?://\S+", told)[0]


def _say(what: str, numbers: list[float], unit: str) -> None:
    ordered = sorted(numbers)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{what}: median {statistics.median(ordered):.2f}, p95 {p95:.2f}, worst {ordered[-1]:.2f} {unit}")


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=300)
    options.add_argument("--messages", type=int, default=60)
    options.add_argument("--rounds", type=int, default=7)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = Run(Path(name))
        try:
            url = json.loads((Path(name) / "server.json").read_text("utf-8"))["url"]
            server = redis.Redis.from_url(re.sub(r"/15$", "/0", url), protocol=2)
            admin = Administrator(run.url, link(Path(name)))
            _say("a line in the console over redis-py", console_ms(admin, server, asked.lines), "ms")
            _say("a message after PUBLISH", message_ms(admin, server, asked.messages), "ms")
            for way, ratios in bench_ratios(url, server, asked.rounds).items():
                _say(f"the benchmark {way}, as a part of bare redis-py's time", ratios, "")
        finally:
            run.stop()


if __name__ == "__main__":
    main()

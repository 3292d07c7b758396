"""The fault matrix: each fault set off in a real site, and judged by `verdict`.

    python -m tests.faults.matrix                    # all, on Valkey; writes its table in docs/reliability.md
    python -m tests.faults.matrix --server redis5 "two consumers at once"

A fault is a function that takes a `Site`, lets jobs be accepted, breaks something, and returns when
everything should come to an end by itself.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import verdict
from tests.faults.faulty_worker import POINTS
from tests.faults.machine_faults import CannotTry, fill, remount, small_disk, wrong_clock
from tests.faults.site import LEASE_S, PATIENCE_S, Site, wait_until
from tests.runtime.up_process import ROOT

PAGE = ROOT / "docs" / "reliability.md"
# Of some 70 MB: buffers of connections, nodes of streams, rounding.
_LEFT_BYTES = 200_000
SERVERS = {"valkey": "Valkey 9.1", "redis": "Redis 7", "redis5": "Redis 5.0.6"}
Act = Callable[[Site], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table: what happens, and what may come of it besides done jobs."""

    name: str
    act: Act
    durable: bool = False
    may_fail: bool = False
    patience_s: float = PATIENCE_S


FAULTS: dict[str, Fault] = {}


def fault(name: str, *, durable: bool = False, may_fail: bool = False) -> Callable[[Act], Act]:
    """Return a decorator that adds a fault to the matrix."""

    def add(act: Act) -> Act:
        FAULTS[name] = Fault(name, act, durable, may_fail)
        return act

    return add


def _kill_at(point: str) -> Act:
    def act(site: Site) -> None:
        victim = site.worker(point)
        site.upload(2, size=(1600, 1200) if point == "mid decode" else (300, 200))
        assert wait_until(lambda: victim.poll() is not None, patience_s=60), f"nothing happened at {point}"
        site.worker()

    return act


for _point in POINTS:
    fault(f"kill -9 of the worker {_point}")(_kill_at(_point))


@fault("kill -9 of workers at any time, eight times over 120 jobs", may_fail=True)
def kill_blindly(site: Site) -> None:
    chance = random.Random(7)
    site.upload(120, size=(800, 600))
    for _ in range(8):
        victim = site.worker(threads=2)
        _wait_for_work(site, victim)
        time.sleep(chance.uniform(0.1, 0.7))
        victim.kill()
        victim.wait(10)
    site.worker(threads=2)


@fault("SIGTERM while jobs run")
def stop_in_order(site: Site) -> None:
    site.upload(8, size=(1200, 900))
    for _ in range(2):
        victim = site.worker(threads=2)
        _wait_for_work(site, victim)
        victim.send_signal(signal.SIGTERM)
        assert victim.wait(10) == 0
    site.worker(threads=2)


@fault("a worker frozen past its lease, thawed when another has done its job")
def freeze(site: Site) -> None:
    frozen = site.worker("between renditions", "freeze")
    site.upload(2)
    time.sleep(LEASE_S)
    site.worker()
    assert site.settle()
    frozen.send_signal(signal.SIGCONT)
    assert wait_until(lambda: "replaced or cancelled" in site.log(frozen), patience_s=20)


@fault("a worker frozen past its lease with its job done and not acknowledged")
def freeze_at_the_end(site: Site) -> None:
    frozen = site.worker("before the ack", "freeze")
    site.upload(1)
    time.sleep(LEASE_S)
    site.worker()
    assert site.settle()
    frozen.send_signal(signal.SIGCONT)
    assert wait_until(lambda: "finished too late" in site.log(frozen), patience_s=20)


@fault("kill -9 of the web during 100 uploads")
def kill_web(site: Site) -> None:
    site.worker(threads=2)
    sender = threading.Thread(target=site.upload, args=(100,))
    sender.start()
    assert wait_until(lambda: len(site.acknowledged) >= 30, patience_s=60)
    os.kill(site.web.process.pid, signal.SIGKILL)
    site.web.close()
    site.web = site.start_web()
    site.url = site.web.url()
    sender.join(120)
    site.upload(5)


@fault("kill -9 of Redis under load, started again with its file", durable=True)
def kill_redis(site: Site) -> None:
    site.worker(threads=2)
    sender = threading.Thread(target=site.upload, args=(60,))
    sender.start()
    assert wait_until(lambda: len(site.acknowledged) >= 20, patience_s=60)
    site.server.kill()
    time.sleep(1.0)
    site.server.start()
    sender.join(120)


@fault("Redis wiped while jobs wait and run")
def wipe_redis(site: Site) -> None:
    site.upload(10, size=(900, 700))
    # A folder younger than a minute may belong to an upload on its way, and is left alone.
    _age(site)
    _wait_for_work(site, site.worker(threads=2))
    site.server.client.flushall()


@fault("Redis out of memory, then not")
def fill_redis(site: Site) -> None:
    worker = site.worker(threads=2)
    site.upload(10)
    _wait_for_work(site, worker)
    site.server.client.config_set("maxmemory", 1)
    assert site.upload(2) == []
    time.sleep(2.0)
    site.server.client.config_set("maxmemory", 0)
    site.upload(2)


@fault("Redis frozen for 5 s")
def freeze_redis(site: Site) -> None:
    worker = site.worker(threads=2)
    site.upload(10)
    _wait_for_work(site, worker)
    with site.server.frozen():
        time.sleep(5.0)
    site.upload(2)


@fault("Redis read-only, then not")
def read_only_redis(site: Site) -> None:
    worker = site.worker(threads=2)
    site.upload(6)
    _wait_for_work(site, worker)
    site.server.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    assert site.upload(1) == []
    time.sleep(1.5)
    site.server.client.execute_command("REPLICAOF", "NO", "ONE")
    site.upload(2)


@fault("two consumers at once")
def two_consumers(site: Site) -> None:
    site.worker(threads=2)
    site.worker(threads=2)
    site.upload(40)


@fault("a job that kills every worker that begins it", may_fail=True)
def poison_job(site: Site) -> None:
    site.upload(3)
    site.upload(1, name="poison.png")
    site.upload(3)
    keeper = threading.Thread(target=_keep_workers, args=(site,))
    keeper.start()
    keeper.join(120)


@fault("disk full while jobs run, then not", may_fail=True)
def fill_disk(site: Site) -> None:
    with small_disk(site.media, mb=6):
        site.upload(3)
        filler = site.media / ".incoming" / "filler"
        fill(filler)
        site.worker(threads=2)
        assert site.upload(1, size=(900, 700)) == []
        assert site.settle()
        filler.unlink()
        site.upload(2)
        assert site.settle()


@fault("pictures' folder read-only while jobs run, then not", may_fail=True)
def protect_disk(site: Site) -> None:
    with small_disk(site.media, mb=30):
        site.upload(3)
        remount(site.media, "ro")
        site.worker(threads=2)
        assert site.upload(1) == []
        assert site.settle()
        remount(site.media, "rw")
        site.upload(2)
        assert site.settle()


@fault("the clock of one of two workers a day ahead")
def clock_ahead(site: Site) -> None:
    site.worker(threads=2, **wrong_clock(site.folder, days=1))
    site.worker(threads=2)
    site.upload(20)


@fault("the clock of one of two workers a day behind")
def clock_behind(site: Site) -> None:
    site.worker(threads=2, **wrong_clock(site.folder, days=-1))
    site.worker(threads=2)
    site.upload(20)


@fault("100,000 tasks queued: memory, and down to nothing again")
def long_queue(site: Site) -> None:
    client, tasks = site.server.client, 100_000
    workers = [site.worker(threads=2), site.worker(threads=2)]
    site.upload(1)
    base = _memory_left(site, 1_000)  # a server keeps a histogram of every command from its first use on
    for worker in workers:
        worker.terminate()
        assert worker.wait(20) == 0
    before = client.info("memory")["used_memory"]
    site.run("tests.faults.enqueue_many", str(tasks))
    each = (client.info("memory")["used_memory"] - before) / tasks
    assert each <= 1000, f"{each:.0f} bytes a waiting task"
    site.worker(threads=2)
    site.worker(threads=2)
    site.upload(1)
    left = _memory_left(site) - base
    assert left <= _LEFT_BYTES, f"{left:,} bytes are left"


def _memory_left(site: Site, tasks: int = 0) -> int:
    """Return the bytes that the server uses once *tasks* more are done and their results and records gone.

    The least of some seconds: what was deleted is freed by a thread beside, large tables shrink by and by.
    """
    client = site.server.client
    if tasks:
        site.run("tests.faults.enqueue_many", str(tasks))
    assert site.settle(patience_s=300)
    for kept in ("result:*", "tasks:*"):  # for the retention time, and then no more
        client.unlink(*client.scan_iter(f"{verdict.NAMESPACE}{kept}", count=1000))
    seen = []
    for _ in range(50):
        time.sleep(0.1)
        seen.append(int(client.info("memory")["used_memory"]))
    return min(seen)


def _wait_for_work(site: Site, worker: subprocess.Popen[bytes]) -> None:
    assert wait_until(lambda: "running" in site.log(worker), patience_s=30)


def _keep_workers(site: Site) -> None:
    """Start a worker whenever there is none, as `up` does, until everything has come to an end."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        worker = site.worker(act="poison", threads=2)
        if wait_until(lambda w=worker: w.poll() is not None or site.settle(patience_s=0), patience_s=30) and (
            worker.poll() is None
        ):
            return


def _age(site: Site) -> None:
    """Let the jobs have been uploaded two minutes ago, as their records and copies have it."""
    for job in site.acknowledged:
        copy = site.media / job / "job.json"
        record = copy.read_text(encoding="utf-8")
        now = datetime.now(UTC)
        record = record.replace(f"{now:%Y-%m-%dT%H}", f"{now.replace(year=now.year - 1):%Y-%m-%dT%H}")
        copy.write_text(record, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault, how long that took, and the verdict."""

    fault: Fault
    accepted: int
    seconds: float
    verdict: verdict.Verdict

    @property
    def is_good(self) -> bool:
        """Whether all is as promised."""
        return self.verdict.is_good and (self.fault.may_fail or not self.verdict.states["failed"])

    def row(self) -> str:
        """Return the line of the table."""
        states = self.verdict.states
        given_up = f"{states['failed']} with its reason" if states["failed"] else "0"
        wrong = "nothing" if self.verdict.is_good else "; ".join(self.verdict.wrong[:3])
        cells = (self.fault.name, self.accepted, states["done"], given_up, wrong, f"{self.seconds:.0f}")
        return f"| {' | '.join(map(str, cells))} |"


def run(chosen: Fault, binary: Path) -> Outcome:
    """Set off one fault in a site of its own and return what came of it."""
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        site = Site(Path(folder), binary=binary, durable=chosen.durable)
        started = time.monotonic()
        try:
            chosen.act(site)
            site.settle(patience_s=chosen.patience_s)
            found = site.judge()
            return Outcome(chosen, len(site.acknowledged), time.monotonic() - started, found)
        finally:
            site.close()


def write_table(rows: list[str], server: str) -> None:
    """Write *rows* into the page, where the table of *server* is."""
    head = [
        f"{SERVERS[server]}, {os.cpu_count()} cores, {datetime.now(UTC):%d %B %Y}:",
        "",
        "| fault | accepted | done | given up | wrong | seconds |",
        "|---|---|---|---|---|---|",
    ]
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(f"<!-- {server}: begin -->\n")
    _, end, after = rest.partition(f"<!-- {server}: end -->")
    PAGE.write_text(before + begin + "\n".join([*head, *rows, ""]) + end + after, encoding="utf-8")


def main() -> int:
    """Run what the arguments name; exit code 1 when anything was not as promised."""
    parser = argparse.ArgumentParser(description="Break a real site in every way and judge what is left.")
    parser.add_argument("names", nargs="*", help="faults to set off; all when none is named")
    parser.add_argument("--server", default="valkey", choices=SERVERS, help="what to run it on")
    parser.add_argument("--list", action="store_true", help="print the names")
    options = parser.parse_args()
    if options.list:
        print("\n".join(FAULTS))
        return 0
    from tests.servers import KINDS

    binary = KINDS[options.server][0]()
    if binary is None:
        parser.error(KINDS[options.server][1])
    outcomes = []
    for name in options.names or FAULTS:
        try:
            outcomes.append(run(FAULTS[name], binary))
        except CannotTry as reason:
            print(f"{name}: not tried, {reason}")
            continue
        print(outcomes[-1].row(), *outcomes[-1].verdict.wrong[3:], sep="\n  ", flush=True)
    if not options.names:
        write_table([outcome.row() for outcome in outcomes], options.server)
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

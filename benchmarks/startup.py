"""How long `thumbapp up` takes to its first page, and what it costs while nothing happens. Linux only.

``python -m benchmarks.startup [--runs 5] [--idle 10]`` starts it on a free port over an empty folder, asks
for the first page until it comes, waits, and reads memory and processor time from /proc.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SETTLE_S = 3.0
PARTS = ("server", "worker", "web")


class Run:
    """One start over *folder*: its times, and its processes by part."""

    def __init__(self, folder: Path) -> None:
        self._began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "thumbapp", "up", "--port", "0", "--json", "--until-eof"],
            env=os.environ | {"THUMBAPP_DATA_DIR": str(folder), "THUMBAPP_REDIS_URL": ""},
            stdin=subprocess.PIPE,  # should we be killed, it ends as well
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        said = dict(self._lines())
        self.pids = {part: int(said[part].rpartition("pid ")[2].rstrip(")")) for part in PARTS}
        self.url = said["open"]
        _first_page(self.url)
        self.first_page_s = time.perf_counter() - self._began

    def _lines(self) -> Iterator[tuple[str, str]]:
        assert self.process.stdout
        for text in self.process.stdout:
            line = json.loads(text)
            yield line["part"], line["text"]
            if line["part"] == "open":
                return
        raise SystemExit("up did not start")

    def stop(self) -> float:
        """Stop it as a service would be; returns the seconds that took."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        return time.perf_counter() - began


def _first_page(url: str) -> None:
    """Return when the first page is there."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
                return
        except urllib.error.HTTPError as error:
            raise SystemExit(f"the first page is {error}") from error
        except urllib.error.URLError:
            time.sleep(0.01)


def resident_mb(pid: int) -> float:
    """Return the resident memory of *pid*, MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6


def processor_s(pid: int) -> float:
    """Return the processor time that *pid* has used, seconds."""
    facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(facts[11]) + int(facts[12])) / TICKS_A_SECOND


def idle(run: Run, seconds: float) -> Iterator[str]:
    """Yield a line a part: memory, and processor time while nothing happens."""
    time.sleep(SETTLE_S)
    before = {part: processor_s(pid) for part, pid in run.pids.items()}
    time.sleep(seconds)
    shares = {part: 100 * (processor_s(pid) - before[part]) / seconds for part, pid in run.pids.items()}
    for part, pid in run.pids.items():
        yield f"{part:<10} {resident_mb(pid):6.1f} MB resident, idle {shares[part]:.2f} % of one core"
    yield f"{'all':<10} idle {sum(shares.values()):.2f} % of one core"


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch the processor")
    options = parser.parse_args()
    first, stop = [], []
    for number in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            run = Run(Path(folder))
            first.append(run.first_page_s)
            if number == options.runs - 1:
                print(*idle(run, options.idle), sep="\n")
            stop.append(run.stop())
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"first page {statistics.median(first):.2f} s median, {max(first):.2f} s slowest of {options.runs}")
    print(f"stop       {statistics.median(stop):.2f} s median, {max(stop):.2f} s slowest")
    print(f"on         {machine}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()

"""A thousand uploads at the same moment through gunicorn: what becomes of each. Linux only.

``python -m benchmarks.crowd [--uploads 1000] [--limits]`` starts `up` for server and worker and gunicorn
beside it, opens a connection for each upload, sends all of them, and waits until every job that was promised
(202) is over. Each upload must end as a job that is done, or as 429 or 503 with Retry-After; else the
exit code is 1. ``--limits`` leaves the limits of one visitor as they are by default: 300 uploads a minute and
500 jobs under way, so most are told to come back. Memory and descriptors are gunicorn's, before and after.
"""

import argparse
import asyncio
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks.site import photo
from benchmarks.startup import Run

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 300.0
NO_LIMITS = {"THUMBAPP_UPLOADS_PER_MINUTE": "0", "THUMBAPP_JOBS_IN_FLIGHT": "0", "THUMBAPP_MIN_FREE_MB": "0"}


@dataclass(frozen=True)
class Ended:
    """How one upload ended: status 0 is a connection that broke."""

    status: int
    has_retry_after: bool = False
    job: str = ""


class Gunicorn:
    """gunicorn over the site in *folder*, as `gunicorn.conf.py` has it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "wsgi:app"],
            cwd=ROOT,
            env=os.environ | {"THUMBAPP_DATA_DIR": str(folder), "THUMBAPP_REDIS_URL": ""},
            stderr=(folder / "gunicorn.log").open("wb"),
        )
        deadline = time.monotonic() + 30
        while not self._answers() and time.monotonic() < deadline:
            time.sleep(0.05)

    def get(self, path: str) -> bytes:
        """Return what *path* answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return bytes(answer.read())

    def memory_mb(self) -> int:
        """Return the resident memory of all its processes."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._pids())
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)

    def descriptors(self) -> int:
        """Return how many files and connections its processes hold."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self._pids())

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def _pids(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [self.process.pid, *map(int, listed.split())]

    def _answers(self) -> bool:
        try:
            return bool(self.get("/healthz"))
        except OSError:
            return False


def request(picture: bytes) -> bytes:
    """Return an upload of *picture* as it goes over the wire."""
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    body = head + picture + b"\r\n--b--\r\n"
    lines = ["POST /api/v1/jobs HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += ["Content-Type: multipart/form-data; boundary=b", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def upload(port: int, sent: bytes, start: asyncio.Event) -> Ended:
    """Open a connection, send an upload when all may, and return how it ended."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await start.wait()
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
    except (OSError, TimeoutError):
        return Ended(0)
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head else 0
    job = str(json.loads(body)["url"]) if status == 202 else ""
    return Ended(status, b"\r\nRetry-After:" in head, job)


async def all_at_once(port: int, sent: bytes, uploads: int) -> list[Ended]:
    """Return how each of *uploads* ended that were sent at the same moment."""
    start = asyncio.Event()
    tasks = [asyncio.create_task(upload(port, sent, start)) for _ in range(uploads)]
    await asyncio.sleep(1)
    start.set()
    return list(await asyncio.gather(*tasks))


def states(web: Gunicorn, jobs: list[str]) -> collections.Counter[str]:
    """Return how many of *jobs* are in which state, once none waits or runs."""
    deadline = time.monotonic() + PATIENCE_S
    over: dict[str, str] = {}
    while len(over) < len(jobs) and time.monotonic() < deadline:
        for path in [path for path in jobs if path not in over]:
            state = str(json.loads(web.get(path))["state"])
            if state in {"queued", "running"}:
                time.sleep(0.2)
                break
            over[path] = state
    return collections.Counter(over.get(path, "not over") for path in jobs)


def run(folder: Path, uploads: int) -> bool:
    """Send *uploads* and print what became of them; returns whether nothing was lost."""
    site = Run(folder)
    web = Gunicorn(folder)
    sent = request(photo())
    asyncio.run(all_at_once(web.port, sent, 64))  # what each thread needs once
    before = (web.memory_mb(), web.descriptors())
    began = time.perf_counter()
    ended = asyncio.run(all_at_once(web.port, sent, uploads))
    answered_s = time.perf_counter() - began
    promised = [one.job for one in ended if one.job]
    ended_as = states(web, promised)
    done_s = time.perf_counter() - began
    later = [one for one in ended if one.status in {429, 503} and one.has_retry_after]
    print("answers    ", dict(collections.Counter(one.status for one in ended)), f"in {answered_s:.1f} s")
    print("jobs       ", dict(ended_as), f"in {done_s:.1f} s")
    print(f"memory      {before[0]} MB before, {web.memory_mb()} MB after")
    print(f"descriptors {before[1]} before, {web.descriptors()} after")
    web.stop()
    site.stop()
    return len(promised) + len(later) == uploads and ended_as["done"] == len(promised)


def main() -> None:
    """Print what was measured; exit with 1 when an upload was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=1_000)
    parser.add_argument("--limits", action="store_true")
    options = parser.parse_args()
    os.environ.update({} if options.limits else NO_LIMITS)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), options.uploads) else 1)


if __name__ == "__main__":
    main()

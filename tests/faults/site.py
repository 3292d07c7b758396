"""A whole site for the fault matrix: server, web, and workers that can be told to go wrong."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.conftest import free_port
from tests.faults import verdict
from tests.faults.pictures import noise
from tests.runtime.up_process import ROOT, Up, clean_environment

LEASE_S = 2
PATIENCE_S = 90.0


class Server:
    """A Redis or Valkey of ours that can be killed, frozen and started again with its files."""

    def __init__(self, binary: Path, folder: Path, *, durable: bool) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url, protocol=2, socket_timeout=10)
        append = ["--appendonly", "yes", "--appendfsync", "everysec"] if durable else []
        self._command = [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._command += ["--dir", str(folder), *append]
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, patience_s=20)

    def kill(self) -> None:
        """End it with kill -9."""
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self.client.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze it meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


class Site:
    """Server, web and workers over *folder*; ``acknowledged`` holds the ids that got a 202."""

    def __init__(self, folder: Path, *, binary: Path, durable: bool = False) -> None:
        (folder / "redis").mkdir(parents=True)
        self.folder = folder
        self.media = folder / "data" / "media"
        self.media.mkdir(parents=True)
        self.server = Server(binary, folder / "redis", durable=durable)
        self.acknowledged: list[str] = []
        self._workers: list[subprocess.Popen[bytes]] = []
        self._environment = {
            "THUMBAPP_REDIS_URL": self.server.url,
            "THUMBAPP_DATA_DIR": str(folder / "data"),
            "THUMBAPP_LEASE": str(LEASE_S),
            "THUMBAPP_MIN_FREE_MB": "0",
            "THUMBAPP_UPLOADS_PER_MINUTE": "0",
            "THUMBAPP_JOBS_IN_FLIGHT": "0",
        }
        self.web = self.start_web()
        self.url = self.web.url()

    def start_web(self) -> Up:
        """Start the web part and return it."""
        return Up(self.folder / "data", "--port", "0", "--no-worker", **self._environment)

    def close(self) -> None:
        """End everything."""
        for process in self._workers:
            process.kill()
            process.wait(10)
        self.web.close()
        self.server.close()

    def worker(
        self, point: str = "", act: str = "kill", *, threads: int = 1, **more: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker in which *act* happens at *point*; what it logs goes to a file."""
        kept = clean_environment() | self._environment
        faults = {"FAULT_POINT": point, "FAULT_ACT": act if point or act == "poison" else ""}
        log = self.folder / f"worker{len(self._workers)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.faulty_worker", "-w", str(threads)],
                cwd=ROOT,
                env=kept | faults | more,
                stdout=out,
                stderr=out,
            )
        self._workers.append(process)
        return process

    def run(self, module: str, *arguments: str) -> None:
        """Run a module with the settings of this site."""
        subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=clean_environment() | self._environment,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=300,
        )

    def log(self, worker: subprocess.Popen[bytes]) -> str:
        """Return what *worker* has logged."""
        path = self.folder / f"worker{self._workers.index(worker)}.log"
        return path.read_text(encoding="utf-8", errors="replace")

    def upload(self, count: int = 1, *, name: str = "a.png", size: tuple[int, int] = (300, 200)) -> list[str]:
        """Send *count* pictures one by one; returns the ids of those that were acknowledged."""
        content = noise(size, "PNG")
        ids: list[str] = []
        for _ in range(count):
            if job := self._send(name, content):
                ids.append(job)
                self.acknowledged.append(job)
        return ids

    def _send(self, name: str, content: bytes) -> str:
        """Return the id of the job that the web has accepted; "" when it has not."""
        fields = [
            b'--b\r\nContent-Disposition: form-data; name="sizes"\r\n\r\n64x64,128x128\r\n',
            f'--b\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode(),
            content,
            b"\r\n--b--\r\n",
        ]
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        request = urllib.request.Request(f"{self.url}/api/v1/jobs", data=b"".join(fields), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return str(json.load(response)["id"])
        except urllib.error.HTTPError as error:
            with error:
                return ""
        except OSError:
            time.sleep(0.1)  # nobody is there
            return ""

    def settle(self, *, patience_s: float = PATIENCE_S) -> bool:
        """Wait until every acknowledged job has come to an end and the queue is empty; False if never."""
        return wait_until(self._is_settled, patience_s=patience_s)

    def _is_settled(self) -> bool:
        try:
            left = verdict.unfinished(self.server.client, self.acknowledged)
            keys = [f"{verdict.NAMESPACE}queue:{rank}" for rank in verdict.RANKS]
            return not left and sum(map(self.server.client.xlen, keys)) == 0
        except redis.RedisError:
            return False

    def judge(self) -> verdict.Verdict:
        """Return the verdict of the script that knows nothing of thumbapp, run as it would be by hand."""
        self._sweep_leftovers()
        ids = self.folder / "acknowledged.json"
        ids.write_text(json.dumps(self.acknowledged), encoding="utf-8")
        done = subprocess.run(
            [
                sys.executable,
                str(ROOT / "tests/faults/verdict.py"),
                self.server.url,
                str(self.media),
                str(ids),
            ],
            capture_output=True,
            encoding="utf-8",
            env=without_path(os.environ),
            timeout=60,
        )
        *wrong, summary = done.stdout.splitlines()
        found = verdict.Verdict(wrong=wrong)
        found.states.update(json.loads(summary)["states"])
        return found

    def _sweep_leftovers(self) -> None:
        """Let the hourly cleaning find what a killed process left, as it would when that is old."""
        incoming = [path for path in (self.media / ".incoming").glob("*") if path.is_file()]
        left = [*incoming, *(path for end in verdict.UNFINISHED for path in self.media.rglob(f"*{end}"))]
        for path in left:
            os.utime(path, (0, 0))
        if left:
            self.run("thumbapp", "jobs", "clean")


def without_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* without what would let a script import thumbapp from here."""
    return {name: value for name, value in environment.items() if name != "PYTHONPATH"}


def wait_until(claim: Callable[[], bool], *, patience_s: float) -> bool:
    """Return whether *claim* becomes true in time."""
    deadline = time.monotonic() + patience_s
    while not (is_true := claim()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_true

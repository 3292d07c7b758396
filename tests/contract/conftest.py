"""The application in front of raw bytes: under waitress as `up` starts it, and under gunicorn."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import redis

from tests.conftest import PrivateServer, free_port
from tests.runtime.up_process import ROOT, clean_environment, get

PATIENCE_S = 60
SERVERS = ("waitress", "gunicorn")


@dataclass(frozen=True)
class Answer:
    """What came back: 0 and nothing when the connection was closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The stable code of a problem+json."""
        return str(json.loads(self.body)["code"])


@dataclass(frozen=True)
class Served:
    """A running server: where it listens, what it is, and what it keeps."""

    kind: str
    port: int
    pid: int
    data_dir: Path
    log: Path
    client: redis.Redis
    namespace: str

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def send(self, *pieces: bytes) -> Answer:
        """Send *pieces* and return the first answer; a server that closes early is listened to."""
        with self.connect() as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_answer(connection)

    def jobs(self) -> int:
        """Return how many jobs there are."""
        return int(self.client.zcard(f"{self.namespace}jobs"))  # type: ignore[arg-type] # not awaited

    def leftovers(self) -> list[Path]:
        """Return what lies in the media folder, half or whole."""
        media = self.data_dir / "media"
        return [path for path in media.rglob("*") if path.is_file()] if media.exists() else []

    def descriptors(self) -> int:
        """Return how many files and connections the server's processes hold; Linux only."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.processes())

    def processes(self) -> list[int]:
        """Return the server's process, and gunicorn's workers."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, listed)] if self.kind == "gunicorn" else [self.pid]

    def busy_s(self) -> float:
        """Return how long the server's processes have computed, which a busy machine does not change."""
        one = psutil.Process(self.pid)
        times = [each.cpu_times() for each in (one, *one.children(recursive=True))]
        return sum(float(each.user + each.system) for each in times)

    def is_well(self) -> bool:
        """Whether it answers."""
        return get(f"http://127.0.0.1:{self.port}/healthz")[0] == 200


def read_answer(connection: socket.socket) -> Answer:
    """Return the next answer on *connection*."""
    received = b""
    try:
        while b"\r\n\r\n" not in received:
            if not (data := connection.recv(65_536)):
                return Answer(0, {}, received)
            received += data
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        while len(body) < int(headers.get("content-length", 0)) and (data := connection.recv(65_536)):
            body += data
    except (ConnectionResetError, TimeoutError):
        return Answer(0, {}, received)
    return Answer(int(lines[0].split()[1]), headers, body)


def command(kind: str, port: int) -> list[str]:
    """Return what starts the server."""
    if kind == "waitress":
        return [sys.executable, "-m", "thumbapp", "up", "--port", str(port), "--no-worker"]
    options = ["--bind", f"127.0.0.1:{port}", "--config", str(ROOT / "gunicorn.conf.py")]
    return [sys.executable, "-m", "gunicorn", *options, "wsgi:app"]


def start(kind: str, server: PrivateServer, folder: Path, **settings: str) -> Served:
    """Start a server of *kind* and return it once it answers."""
    port, namespace = free_port(), f"{kind}-{folder.name}:"
    environment = clean_environment() | {
        "THUMBAPP_DATA_DIR": str(folder / "data"),
        "THUMBAPP_REDIS_URL": server.url,
        "THUMBAPP_KEY_PREFIX": namespace,
        "THUMBAPP_MIN_FREE_MB": "0",
        **{f"THUMBAPP_{name.upper()}": value for name, value in settings.items()},
    }
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(kind, port), env=environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
    client = redis.Redis.from_url(server.url, protocol=2, socket_keepalive=False, socket_timeout=5)
    served = Served(kind, port, process.pid, folder / "data", log, client, f"{namespace}v1:")
    STARTED[process.pid] = process
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if served.is_well():
                return served
        except OSError:
            time.sleep(0.05)
    stop(served)
    raise AssertionError(log.read_text())


STARTED: dict[int, "subprocess.Popen[bytes]"] = {}


def stop(served: Served) -> None:
    """End the server."""
    process = STARTED.pop(served.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    served.client.close()


def skip_without(kind: str) -> None:
    """Skip the test where there is no such server."""
    if kind == "gunicorn":
        pytest.importorskip("gunicorn", reason="gunicorn is not for Windows")


@pytest.fixture(scope="module", params=SERVERS)
def served(
    request: pytest.FixtureRequest, server: PrivateServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Return the application under each server in turn."""
    skip_without(request.param)
    running = start(request.param, server, tmp_path_factory.mktemp(request.param))
    yield running
    stop(running)

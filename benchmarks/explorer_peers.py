"""What `benchmarks.explorer` asks: our explorer, redis-commander, and a bare SCAN loop, on one server."""

import base64
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import hiredis

from tests.conftest import free_port

PATIENCE_S = 600


class Web:
    """A web server at a port: `get` reads a path whole, `lines` a stream while it comes."""

    port: int
    pid: int
    headers: dict[str, str]

    def get(self, path: str) -> bytes:
        """Return what *path* answers; anything but 200 ends the benchmark."""
        return b"".join(self._parts(path))

    def lines(self, path: str) -> Iterator[bytes]:
        """Yield the lines of *path* as they come."""
        rest = b""
        for part in self._parts(path):
            *lines, rest = (rest + part).split(b"\n")
            yield from lines

    def rss_mb(self) -> float:
        """Return the memory that the process has in hand, MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _parts(self, path: str) -> Iterator[bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", path, headers=self.headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{path[:200]}: {answer.status} {answer.read()[:300]!r}")
        while part := answer.read1(65_536):
            yield part
        connection.close()


class Ours(Web):
    """`thumbapp up --no-worker` beside the server at *redis_port*, asked with an operator's token."""

    def __init__(self, folder: Path, redis_port: int) -> None:
        environ = os.environ | {
            "THUMBAPP_DATA_DIR": str(folder),
            "THUMBAPP_REDIS_URL": f"redis://127.0.0.1:{redis_port}/15",
        }
        command = [sys.executable, "-m", "thumbapp"]
        self.process = subprocess.Popen(
            [*command, "up", "--port", "0", "--no-worker", "--json", "--until-eof"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        assert self.process.stdout
        for text in self.process.stdout:
            said = json.loads(text)
            if said["part"] == "open":
                break
        self.port, self.pid = int(re.findall(r":(\d+)", said["text"])[0]), self.process.pid
        self.link = said["text"]
        made = subprocess.check_output(
            [*command, "tokens", "create", "benchmark", "--role", "operator"], env=environ, encoding="utf-8"
        )
        self.headers = {"Authorization": f"Bearer {made.split()[-1]}"}

    def search(self, match: str, *, limit: int = 100_000) -> Iterator[dict[str, object]]:
        """Yield the portions of a search through the whole database."""
        cursor: object = ""
        while cursor is not None:
            query = urlencode({"db": 0, "match": match, "limit": limit, "cursor": cursor})
            for line in self.lines(f"/redis/scan?{query}"):
                portion = json.loads(line)
                cursor = portion["cursor"]
                yield portion

    def key_path(self, name: str) -> str:
        """Return the path of the open key *name*."""
        key = base64.urlsafe_b64encode(name.encode()).rstrip(b"=").decode()
        return f"/redis/panel?db=0&key={key}"

    def stop(self) -> None:
        """End it."""
        self.process.communicate(timeout=30)


class Commander(Web):
    """redis-commander from the npm folder *modules*."""

    def __init__(self, modules: Path, redis_port: int) -> None:
        self.port, self.headers = free_port(), {}
        script = modules / "redis-commander" / "bin" / "redis-commander.js"
        options = ["--redis-host", "127.0.0.1", "--redis-port", str(redis_port), "--port", str(self.port)]
        self.process = subprocess.Popen(
            ["node", str(script), *options, "--nosave", "--no-log-data"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self.process.pid
        self.connection = f"R:127.0.0.1:{redis_port}:0"
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise SystemExit("redis-commander did not start")

    def tree_path(self) -> str:
        """Return the path of the first list of keys."""
        return f"/apiv2/keystree/{quote(self.connection, safe='')}/?absolute=false"

    def search_path(self, match: str) -> str:
        """Return the path of a search."""
        return f"/apiv2/keys/{quote(self.connection, safe='')}/{quote(match)}?limit=100000"

    def key_path(self, name: str) -> str:
        """Return the path of an open key."""
        return f"/apiv2/key/{quote(self.connection, safe='')}/{quote(name)}"

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(10)


def bare_scan(port: int, match: str) -> int:
    """Go through all keys by SCAN COUNT 500, as fast as Python can, and return how many match."""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        reader, cursor, found = hiredis.Reader(), b"0", 0
        while True:
            command = ("SCAN", cursor, "MATCH", match, "COUNT", 500)
            wire.sendall(hiredis.pack_command(command))
            while (reply := reader.gets()) is False:
                reader.feed(wire.recv(65_536))
            cursor, names = reply
            found += len(names)
            if cursor == b"0":
                return found

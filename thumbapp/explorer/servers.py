"""The servers that may be looked at: the app's own and those that the settings name, no other.

Knows which of them holds the app's keys, which may only be read, and what is protected there.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import redis

from thumbapp.config import PREFIX, NamedServer, Settings
from thumbapp.errors import BadSetting, ThumbAppError, UnknownServer
from thumbapp.explorer.command_table import CommandTable
from thumbapp.explorer.connections import ANY_DB, Connection, ConnectionPool
from thumbapp.runtime.connection import connect, connect_to, server_address, without_password

OWN: Final = "app"
_COMMAND_TABLE_TTL_S: Final = 600.0
_RUN_ID: Final = re.compile(rb"^run_id:(\w+)", re.MULTILINE)


@dataclass(slots=True)
class Server:
    """One server: the way to it, what it is called, and what must not be done there."""

    name: str
    label: str
    pool: ConnectionPool
    first_db: int = 0
    is_read_only: bool = False
    is_embedded: bool = False
    protected: tuple[bytes, ...] = ()
    home_db: Callable[[], int | None] = lambda: None
    _command_table: tuple[float, CommandTable] | None = field(default=None, repr=False)

    def command_table(self, connection: Connection) -> CommandTable:
        """Return what the server says of its commands, asked over *connection* once in ten minutes."""
        if self._command_table is None or time.monotonic() - self._command_table[0] > _COMMAND_TABLE_TTL_S:
            self._command_table = (time.monotonic(), CommandTable.ask(connection))
        return self._command_table[1]

    def knows(self, connection: Connection, command: str) -> bool:
        """Whether the server has *command*, such as ``COPY`` or ``XGROUP CREATECONSUMER``."""
        return command in self.command_table(connection)

    def is_home(self) -> bool:
        """Whether the app's own keys live on this server."""
        return self.home_db() is not None

    def is_home_db(self, db: int) -> bool:
        """Whether the app's own keys live in database *db* of this server."""
        return self.home_db() in (db, ANY_DB)

    def protecting(self, name: bytes) -> bytes | None:
        """Return the prefix that protects the key *name*, None when nobody minds."""
        return next((prefix for prefix in self.protected if name.startswith(prefix)), None)


class Servers:
    """All servers of the settings, connected to when they are first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers: dict[str, Server] = {}
        self._lock = threading.Lock()
        self._named = {item.name: item for item in settings.servers}
        if OWN in self._named:
            raise BadSetting(f"{PREFIX}SERVERS", OWN, "names other than the app's own server's")

    def names(self) -> list[str]:
        """Return the names to choose from, the app's own server first."""
        return [OWN, *self._named]

    def all(self) -> list[tuple[str, bool]]:
        """Return each name with whether the settings allow only reading there, the app's own first."""
        return [(OWN, False), *((item.name, item.is_read_only) for item in self._named.values())]

    def find(self, name: str = "") -> Server:
        """Return the server called *name*, the app's own for ""; raises UnknownServer."""
        name = name or OWN
        if name not in self.names():
            raise UnknownServer(name)
        with self._lock:
            if name not in self._servers:
                self._servers[name] = self._own() if name == OWN else self._other(self._named[name])
            return self._servers[name]

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for server in self._servers.values():
                server.pool.close()
            self._servers.clear()

    def _own(self) -> Server:
        client = connect(self._settings, read_timeout_s=5, name="thumbapp-explorer")
        label = server_address(self._settings).url
        is_embedded = not self._settings.redis_url
        return Server(
            name=OWN,
            label=_host_and_port(label),
            pool=ConnectionPool(client, name=_host_and_port(label)),
            first_db=0 if is_embedded else _db_of(client),
            is_embedded=is_embedded,
            protected=self._protected(),
            home_db=self._home_db,
        )

    def _other(self, named: NamedServer) -> Server:
        client = connect_to(named.url, read_timeout_s=5, name="thumbapp-explorer", setting="SERVERS")
        pool = ConnectionPool(client, name=named.name)
        return Server(
            name=named.name,
            label=_host_and_port(without_password(named.url)),
            pool=pool,
            first_db=_db_of(client),
            is_read_only=named.is_read_only,
            protected=self._protected(),
            home_db=_Once(lambda: self._home_db() if _run_id(pool) == _run_id(self.find(OWN).pool) else None),
        )

    def _home_db(self) -> int:
        """Return the database with the app's keys: what the address ends with."""
        tail = server_address(self._settings).url.rpartition("/")[2]
        return int(tail) if tail.isdecimal() else 0

    def _protected(self) -> tuple[bytes, ...]:
        prefixes = (self._settings.key_prefix, *self._settings.protected_prefixes)
        return tuple(prefix.encode() for prefix in prefixes if prefix)


class _Once:
    """Asks where the app's keys are on a server until there was an answer; until then: anywhere."""

    def __init__(self, ask: Callable[[], int | None]) -> None:
        self._ask = ask
        self._answers: list[int | None] = []

    def __call__(self) -> int | None:
        if not self._answers:
            try:
                self._answers.append(self._ask())
            except ThumbAppError:
                return ANY_DB
        return self._answers[0]


def databases(connection: Connection) -> dict[int, int]:
    """Return how many keys each database has that has any, by its number."""
    text = connection.ask("INFO", "keyspace")
    found = re.findall(rb"^db(\d+):keys=(\d+)", text if isinstance(text, bytes) else b"", re.MULTILINE)
    return {int(db): int(keys) for db, keys in found}


def facts(connection: Connection, sections: Iterable[str]) -> dict[str, str]:
    """Return what INFO says in *sections*, name by name."""
    replies = connection.exchange(*[("INFO", section) for section in sections])
    text = b"\n".join(reply for reply in replies if isinstance(reply, bytes)).decode("utf-8", "replace")
    pairs = (row.strip().partition(":") for row in text.splitlines() if ":" in row and row[:1] != "#")
    return {name: value for name, _, value in pairs}


def _run_id(pool: ConnectionPool) -> bytes:
    with pool.connection(0) as connection:
        text = connection.ask("INFO", "server")
    found = _RUN_ID.search(text) if isinstance(text, bytes) else None
    return found[1] if found else b""


def _db_of(client: redis.Redis) -> int:
    return int(client.get_connection_kwargs().get("db") or 0)


def _host_and_port(url: str) -> str:
    return re.sub(r"^\w[\w+]*://", "", url).partition("/")[0] if "//" in url else url

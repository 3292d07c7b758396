"""The one way to Redis: which server, with which timeouts and how many tries.

The server is looked for at every connect, so a client can be made before its server runs, and a
client that outlives an ``up`` finds the next one's port and password. Knows nothing of the web or
of what is kept in Redis.
"""

import json
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.connection import Connection, ConnectionPool, parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel

from thumbapp.config import PREFIX, Settings
from thumbapp.errors import BadSetting

SERVER_FILE = "server.json"
DEFAULT_URL = "redis://localhost:6379/0"
CONNECT_TIMEOUT_S = 1.0
HEALTH_CHECK_S = 30
SENTINEL_PORT = 26379
_SENTINEL_SCHEME = "redis+sentinel://"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the server is, without its password, and what said so; ``str()`` is for a log line."""

    url: str
    source: str

    def __str__(self) -> str:
        return f"{self.url} ({self.source})"


def connect(settings: Settings, *, read_timeout_s: float = 2.0, name: str = "") -> redis.Redis:
    """Return a client of the server that *settings* lead to; nothing is connected yet.

    A command that gets no answer within *read_timeout_s* fails and is not sent again; a lost or
    refused connection is tried three times within a tenth of a second. *name* is what CLIENT LIST shows.

    Raises:
        BadSetting: THUMBAPP_REDIS_URL cannot be read. What happens later is a `redis.RedisError`.
    """
    options = _options(read_timeout_s=read_timeout_s, name=name)
    if not settings.redis_url:
        finder = _Finder(settings.data_dir / SERVER_FILE)
        return _client(ConnectionPool(_FoundConnection, finder=finder, **_tcp(), **options))
    return _addressed(settings.redis_url, options, setting="REDIS_URL")


def connect_to(url: str, *, read_timeout_s: float, name: str, setting: str) -> redis.Redis:
    """Return a client of the server at *url*, which the variable *setting* holds; as `connect` otherwise."""
    return _addressed(url, _options(read_timeout_s=read_timeout_s, name=name), setting=setting)


def server_address(settings: Settings) -> ServerAddress:
    """Return the server that a client made now would try first, and where that is written."""
    if settings.redis_url:
        return ServerAddress(without_password(settings.redis_url), f"{PREFIX}REDIS_URL")
    file = settings.data_dir / SERVER_FILE
    if url := written_url(file):
        return ServerAddress(without_password(url), f"from {file}")
    return ServerAddress(DEFAULT_URL, f"the default: no {PREFIX}REDIS_URL, no {file}")


def found_address(settings: Settings) -> ServerAddress:
    """Return the server that a client made now would use: the default where the embedded one is gone."""
    address = server_address(settings)
    if settings.redis_url or address.url == DEFAULT_URL or _takes_connections(address.url):
        return address
    return ServerAddress(
        DEFAULT_URL, f"the default: {settings.data_dir / SERVER_FILE} names a server that is gone"
    )


def _takes_connections(url: str) -> bool:
    target = parse_url(url)
    where = (target.get("host", "localhost"), target.get("port", 6379))
    try:
        socket.create_connection(where, timeout=CONNECT_TIMEOUT_S).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True  # it is there, and says no more
    return True


def without_password(url: str) -> str:
    """Return *url* without name, password and query; any text is taken, readable as a URL or not."""
    return re.sub("//.*@", "//", url.partition("?")[0])


def written_url(file: Path) -> str | None:
    """Return the address that the embedded server's *file* holds; None without a readable one."""
    try:
        url = json.loads(file.read_text(encoding="utf-8"))["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) and url.startswith("redis://") else None


class _Finder:
    """The addresses to try now: the embedded server's, else the default.

    Once the embedded server has answered, the default is never tried again: while ``up`` restarts,
    a foreign server on port 6379 must not take our writes.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._is_settled = False

    def __repr__(self) -> str:
        return f"<finder of {self._file}>"

    def urls(self) -> list[str]:
        """Return what to try, in order; nothing while a server that was there is away."""
        written = written_url(self._file)
        urls = [written] if written else []
        return urls if self._is_settled else [*urls, DEFAULT_URL]

    def settle(self, url: str) -> None:
        """Remember that *url* answered."""
        self._is_settled = self._is_settled or url != DEFAULT_URL


class _FoundConnection(Connection):
    """A connection that asks a `_Finder` where to go each time it connects."""

    def __init__(self, *, finder: _Finder, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        self._finder = finder

    def _connect(self) -> socket.socket:
        failure = ConnectionRefusedError("the embedded server is not running; start it with: thumbapp up")
        for url in self._finder.urls():
            self._aim(url)
            try:
                opened: socket.socket = super()._connect()  # type: ignore[no-untyped-call]  # as above
            except ConnectionRefusedError as error:
                failure = error
            else:
                self._finder.settle(url)
                return opened
        raise failure

    def _aim(self, url: str) -> None:
        """Take address, database and credentials from *url*; they are used by the handshake."""
        target = parse_url(url)
        self.host, self.port = target.get("host", "localhost"), target.get("port", 6379)
        self.db = target.get("db", 0)
        self.username, self.password = target.get("username"), target.get("password")


def _options(*, read_timeout_s: float, name: str) -> dict[str, Any]:
    """Return what every connection gets, whatever it runs over."""
    return {
        "protocol": 2,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": read_timeout_s,
        "health_check_interval": HEALTH_CHECK_S,
        "client_name": name or None,
        # Two trips saved at each connect, and Redis before 7.2 does not know the command.
        "driver_info": None,
        # Not after a timeout: a second wait would double the time a request hangs.
        "retry": Retry(ExponentialBackoff(cap=0.1, base=0.02), 2, supported_errors=(redis.ConnectionError,)),
    }


def _addressed(url: str, options: dict[str, Any], *, setting: str) -> redis.Redis:
    """Return a client of *url*; raises BadSetting, without the password, when it cannot be read."""
    try:
        if url.startswith(_SENTINEL_SCHEME):
            return _sentinel_client(url, options)
        return _url_client(url, options)
    except ValueError as error:
        raise BadSetting(
            f"{PREFIX}{setting}",
            without_password(url),
            "redis://, rediss:// or unix:// and an address, or redis+sentinel://host:port,host:port/master/0",
        ) from error


def _tcp() -> dict[str, Any]:
    """Return what only TCP takes; keepalive fails with WinError 10042 on some Windows set-ups."""
    return {"socket_keepalive": sys.platform != "win32", "socket_keepalive_options": None}


def _client(pool: ConnectionPool) -> redis.Redis:
    return redis.Redis.from_pool(pool)


def _url_client(url: str, options: dict[str, Any]) -> redis.Redis:
    """Return a client of redis://, rediss:// or unix://; raises ValueError for what is neither."""
    if url.startswith("unix://"):
        return _client(ConnectionPool.from_url(url, **options))
    int(urlsplit(url).path.strip("/") or 0)  # redis-py would quietly take database 0
    return _client(ConnectionPool.from_url(url, **_tcp(), **options))


def _sentinel_client(url: str, options: dict[str, Any]) -> redis.Redis:
    """Return a client of the master that redis+sentinel://user:password@h:p,h:p/master/db names."""
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    master, _, db = parts.path.strip("/").partition("/")
    if not hosts or not master:
        raise ValueError("no sentinel or no name of a master")
    sentinel = Sentinel(
        [_host_and_port(host) for host in hosts.split(",")],
        sentinel_kwargs={**_tcp(), **options, "socket_timeout": CONNECT_TIMEOUT_S},
        **_tcp(),
        **options,
    )
    client: redis.Redis = sentinel.master_for(
        master, db=int(db or 0), username=unquote(username) or None, password=unquote(password) or None
    )
    return client


def _host_and_port(text: str) -> tuple[str, int]:
    """Return the two halves of ``host:port`` (``[::1]:26379`` too); the port may be left out."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(f"no host in {text!r}")
    return parts.hostname, parts.port or SENTINEL_PORT

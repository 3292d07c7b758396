"""The settings: one frozen value, read once from ``THUMBAPP_*`` variables.

Each field's metadata holds the sentence that ``docs/settings.md`` shows. Knows nothing of Flask,
Redis or the other parts.
"""

import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tzlocal

from thumbapp import resources
from thumbapp.errors import BadSetting, DataFolderUnusable

PREFIX = "THUMBAPP_"
SCHEMA = "v1"
MEGA = 10**6


def _setting(default: Any, says: str) -> Any:
    """Return a dataclass field with its default and the sentence that documents it."""
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, slots=True)
class NamedServer:
    """A Redis server that the explorer may look at, besides the app's own."""

    name: str
    url: str
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; units are in the names or the sentences."""

    redis_url: str = _setting("", "the Redis or Valkey to use; unset: the embedded server")
    data_dir: Path = _setting(Path(), "folder of pictures, keys and the embedded server")
    secret_key: str = _setting("", "signs cookies and queue messages; made and kept when unset")
    key_prefix: str = _setting("thumbapp:", "what every Redis key of ThumbApp begins with")
    timezone: str = _setting("", "IANA zone for times shown; unset: the system's")
    max_upload_mb: int = _setting(50, "largest picture, MB")
    max_request_mb: int = _setting(500, "largest request, MB")
    max_pixels: int = _setting(250_000_000, "most pixels a picture may have")
    max_decode_mb: int = _setting(512, "memory that one worker process may decode into, MB")
    job_timeout: int = _setting(60, "longest time one job may render, seconds")
    lease: int = _setting(30, "time after which a silent worker's tasks go to another, seconds")
    max_files: int = _setting(100, "most files in one upload")
    retention_hours: int = _setting(72, "how long jobs and results are kept, hours")
    workers: int = _setting(0, "worker threads; unset: cores + 1")
    allowed_hosts: tuple[str, ...] = _setting((), "host names served besides loopback, by comma")
    trusted_proxies: int = _setting(0, "how many proxies in front are believed about X-Forwarded-*")
    uploads_per_minute: int = _setting(
        300, "uploads a minute from one address, a batch being one; 0: no limit"
    )
    jobs_in_flight: int = _setting(500, "jobs of one visitor that wait or run; 0: no limit")
    store_mb: int = _setting(5_000, "MB that one visitor's jobs may take; 0: no limit")
    request_timeout: int = _setting(60, "seconds a request may take to come in, large ones more; 0: no limit")
    public_upload: int = _setting(1, "1: everybody may upload; 0: only who is signed in")
    queue_limit: int = _setting(10_000, "waiting jobs beyond which uploads are refused; 0: no limit")
    min_free_mb: int = _setting(500, "MB that stay free on the disk; 0: no limit")
    sse_streams: int = _setting(0, "live streams at once; unset: the server's threads - 16")
    protected_prefixes: tuple[str, ...] = _setting(
        (), "beginnings of keys that the explorer never changes, by comma, besides ThumbApp's own"
    )
    servers: tuple["NamedServer", ...] = _setting(
        (), "other servers for the explorer: name=url by space, name:ro=url for reading only"
    )
    log_format: str = _setting("text", "text or json")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Return the settings of *environ* (the process's when None), with every default filled in.

        Raises:
            BadSetting: a variable cannot be read as what it should be.
        """
        environ = os.environ if environ is None else environ
        given = {
            item.name: _read(item.name, item.default, environ[PREFIX + item.name.upper()])
            for item in fields(cls)
            if environ.get(PREFIX + item.name.upper(), "").strip()
        }
        return cls(**given).completed()

    def completed(self) -> "Settings":
        """Return these settings with folder, zone and worker count filled in where they were unset."""
        return replace(
            self,
            data_dir=(self.data_dir if self.data_dir != Path() else default_data_dir()).absolute(),
            timezone=self.timezone or _local_zone(),
            workers=self.workers or enough_for_all_cores(),
        )

    @property
    def namespace(self) -> str:
        """Prefix and schema version: what every key begins with, such as ``thumbapp:v1:``."""
        return f"{self.key_prefix}{SCHEMA}:"

    @property
    def max_upload_bytes(self) -> int:
        """Largest picture in bytes."""
        return self.max_upload_mb * MEGA

    @property
    def max_request_bytes(self) -> int:
        """Largest request body in bytes."""
        return self.max_request_mb * MEGA

    @property
    def retention_s(self) -> int:
        """How long jobs and results are kept, seconds."""
        return self.retention_hours * 3600

    @property
    def media_dir(self) -> Path:
        """The folder that holds one folder a job."""
        return self.data_dir / "media"

    def secret(self) -> bytes:
        """Return the key that signs cookies and messages; made and kept in `data_dir` when unset."""
        return self.secret_key.encode() if self.secret_key else _kept_secret(self.data_dir / "secret.key")


def enough_for_all_cores() -> int:
    """Return how many threads or children keep every core at work: one more, for some wait for the disk."""
    return (os.cpu_count() or 1) + 1


def default_data_dir() -> Path:
    """Return Flask's instance folder: beside a checkout, under ``sys.prefix`` when installed."""
    beside = resources.folder("templates").parent
    if (beside / "wsgi.py").is_file():
        return beside / "instance"
    return Path(sys.prefix) / "var" / "thumbapp-instance"


def _kept_secret(path: Path) -> bytes:
    """Return the secret in *path*, making it when missing; two processes that race get the same one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        return _settled(path)
    except OSError as error:
        raise DataFolderUnusable(path.parent, error.strerror or str(error)) from error


def _make_secret(path: Path) -> None:
    """Write a new secret to *path*, unless another process has."""
    with suppress(FileExistsError):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_hex(32))


def _settled(path: Path) -> bytes:
    """Return the content of *path*, waiting up to a second for its maker to have written it."""
    for _ in range(100):
        if content := path.read_bytes():
            return content
        time.sleep(0.01)
    raise BadSetting(PREFIX + "DATA_DIR", str(path), "a secret.key that is not empty")


def _local_zone() -> str:
    """Return the system's IANA zone name, UTC where it cannot be told."""
    name = tzlocal.get_localzone_name()
    return name or "UTC"


def _whole(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 0:
        raise ValueError("a whole number, 0 or more")
    return number


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _prefixes(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _servers(text: str) -> tuple[NamedServer, ...]:
    """Return the servers in *text*; one name stands for one server."""
    servers = tuple(map(_server, text.split()))
    if len({server.name for server in servers}) < len(servers):
        raise ValueError("a name stands twice")
    return servers


def _server(text: str) -> NamedServer:
    found = _NAMED_SERVER.fullmatch(text)
    if not found:
        raise ValueError("not name=url")
    return NamedServer(found["name"], found["url"], is_read_only=bool(found["ro"]))


def _zone(text: str) -> str:
    return ZoneInfo(text).key


def _log_format(text: str) -> str:
    if text not in {"text", "json"}:
        raise ValueError("text or json")
    return text


_NAMED_SERVER = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]{0,39})(?P<ro>:ro)?=(?P<url>(rediss?|unix|redis\+sentinel)://\S+)", re.ASCII
)
_PASSWORD = re.compile(r"//[^\s/]*@")
_BY_NAME: dict[str, tuple[Callable[[str], Any], str]] = {
    "timezone": (_zone, "an IANA zone such as Europe/Warsaw"),
    "log_format": (_log_format, "text or json"),
    "protected_prefixes": (_prefixes, "beginnings of keys by comma"),
    "servers": (
        _servers,
        "name=url or name:ro=url by space, each name once, each url redis://, rediss:// and so on",
    ),
}
_BY_TYPE: dict[type, tuple[Callable[[str], Any], str]] = {
    int: (_whole, "a whole number, 0 or more"),
    tuple: (_names, "names by comma"),
    str: (str, "text"),
}


def _read(name: str, default: Any, text: str) -> Any:
    """Return *text* as the type of the field *name*."""
    if isinstance(default, Path):
        return Path(text).expanduser()
    reader, expected = _BY_NAME.get(name) or _BY_TYPE[type(default)]
    try:
        return reader(text.strip())
    except (ValueError, KeyError, OSError) as error:
        raise BadSetting(PREFIX + name.upper(), _PASSWORD.sub("//", text), expected) from error

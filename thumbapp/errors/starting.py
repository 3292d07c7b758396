"""Settings that cannot be used, tasks that clash, and parts that cannot start."""

from collections.abc import Iterable
from pathlib import Path

from thumbapp.errors.base import ThumbAppError


class BadSetting(ThumbAppError):
    """An environment variable holds something that cannot be used."""

    code = "bad-setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: {expected}.")


class DuplicateTaskName(ThumbAppError):
    """Two tasks were registered under one name."""

    code = "duplicate-task-name"

    def __init__(self, name: str) -> None:
        super().__init__(f"Two tasks are called {name!r}; give each its own name.")


class UnknownTask(ThumbAppError):
    """No task of that name is registered."""

    code = "unknown-task"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"No task is called {name!r}. There are: {', '.join(sorted(known))}.")


class CannotStart(ThumbAppError):
    """`up` or a part of it cannot run; the sentence says what to do."""

    code = "cannot-start"


class PortTaken(CannotStart):
    """Another program listens on the address."""

    code = "port-taken"

    def __init__(self, host: str, port: int, *, airplay: bool = False) -> None:
        hint = " (on macOS port 5000 is AirPlay's)" if airplay else ""
        super().__init__(
            f"Port {port} on {host} is in use by another program{hint}. Choose another with --port."
        )


class AlreadyRunning(CannotStart):
    """Another `up` uses the data folder."""

    code = "already-running"

    def __init__(self, pid: int, address: str, folder: Path) -> None:
        super().__init__(f"ThumbApp runs already (pid {pid}) at {address} with the data folder {folder}.")


class CannotListen(CannotStart):
    """The address cannot be listened on, and no other program is the reason."""

    code = "cannot-listen"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host} port {port} ({reason}). Choose another with --host and --port."
        )


class DataFolderUnusable(CannotStart):
    """The data folder cannot be made or written."""

    code = "data-folder"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The data folder {folder} cannot be used ({reason}). Set THUMBAPP_DATA_DIR.")


class ServerFailed(CannotStart):
    """The embedded server ended while it was starting."""

    code = "server-failed"

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(f"The embedded server did not start ({reason}). More is in {log}.")


class NoServer(CannotStart):
    """There is no Redis to talk to, and no server of our own for this system."""

    code = "no-server"

    def __init__(self) -> None:
        super().__init__(
            "ThumbApp needs a Redis or Valkey server, and brings none for this system. There are three ways "
            "to get one: Memurai (winget install Memurai.MemuraiDeveloper) runs as a Windows service; "
            "WSL (wsl --install, then in it: sudo apt install redis-server) is reached at localhost; "
            "Docker (docker run -d -p 127.0.0.1:6379:6379 valkey/valkey) does the same. "
            "Then set THUMBAPP_REDIS_URL=redis://localhost:6379/0 and start again."
        )

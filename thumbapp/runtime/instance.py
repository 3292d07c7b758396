"""One `up` a data folder: a lock that the system frees when its holder dies, and who holds it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from thumbapp.errors import AlreadyRunning, DataFolderUnusable
from thumbapp.runtime.files import write_private

LOCK_FILE = "up.lock"
HOLDER_FILE = "up.json"
_HOLDER_TRIES = 20


class Instance:
    """The one that holds a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / HOLDER_FILE

    def announce(self, address: str) -> None:
        """Write down our process id and *address*, for a second `up` to name."""
        write_private(self._file, json.dumps({"pid": os.getpid(), "address": address}))

    def withdraw(self) -> None:
        """Remove what was announced."""
        self._file.unlink(missing_ok=True)


@contextmanager
def hold(data_dir: Path) -> Iterator[Instance]:
    """Hold *data_dir*, made when missing, for the time of the ``with`` block.

    Raises:
        AlreadyRunning: another process holds it.
        DataFolderUnusable: it cannot be made or written.
    """
    lock = FileLock(data_dir / LOCK_FILE, mode=0o600)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise _already_running(data_dir) from error
    except OSError as error:
        raise DataFolderUnusable(data_dir, error.strerror or str(error)) from error
    instance = Instance(data_dir)
    try:
        yield instance
    finally:
        instance.withdraw()
        lock.release()


def running_address(data_dir: Path) -> str:
    """Return the address of the `up` that holds *data_dir*, "" when none says one."""
    try:
        return str(json.loads((data_dir / HOLDER_FILE).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _already_running(data_dir: Path) -> AlreadyRunning:
    """Return the error that names the holder, waiting a second for it to have written who it is."""
    for _ in range(_HOLDER_TRIES):
        try:
            holder = json.loads((data_dir / HOLDER_FILE).read_text(encoding="utf-8"))
            return AlreadyRunning(int(holder["pid"]), str(holder["address"]), data_dir)
        except (OSError, ValueError, KeyError, TypeError):
            time.sleep(0.05)
    return AlreadyRunning(0, "an address that it has not said yet", data_dir)

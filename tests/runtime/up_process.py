"""A real ``thumbapp up`` in a process of its own, for the tests of starting and stopping."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


class Up:
    """One ``up`` over *data_dir* on a free port; what it prints is read as it comes."""

    def __init__(
        self, data_dir: Path, *options: str, command: Iterable[str] = (), **environment: str
    ) -> None:
        self.data_dir = data_dir
        self.lines: list[dict[str, str]] = []
        self._queue: queue.Queue[dict[str, str] | None] = queue.Queue()
        self.process = subprocess.Popen(
            [*(command or (sys.executable, "-m", "thumbapp", "up")), *options, "--json"],
            env=clean_environment() | {"THUMBAPP_DATA_DIR": str(data_dir)} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.log = ""
        self._readers = [
            threading.Thread(target=reads, daemon=True) for reads in (self._read, self._read_log)
        ]
        for reader in self._readers:
            reader.start()

    def until(self, part: str, words: str = "") -> str:
        """Return the next sentence of *part* that holds *words*."""
        deadline = time.monotonic() + PATIENCE_S
        while (line := self._queue.get(timeout=max(0.1, deadline - time.monotonic()))) is not None:
            if line["part"] == part and words in line["text"]:
                return line["text"]
        raise AssertionError(f"up ended before {part!r} said {words!r}: {self.lines} {self.log}")

    def url(self) -> str:
        """Return the address, once everything has started."""
        return self.until("open")

    def pid(self, part: str) -> int:
        """Return the process id that *part* has said last."""
        said = [line["text"] for line in self.lines if line["part"] == part and "pid" in line["text"]]
        found = re.search(r"pid (\d+)", said[-1])
        assert found
        return int(found[1])

    def end(self, number: int) -> int:
        """Send the signal *number* and return the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code, after the output has been read."""
        code = self.process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        return code

    def close(self) -> None:
        """Kill what is left of it; its children end by themselves."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for text in stream:
                self.lines.append(json.loads(text))
                self._queue.put(self.lines[-1])
        self._queue.put(None)

    def _read_log(self) -> None:
        assert self.process.stderr
        with self.process.stderr as stream:
            for text in stream:
                self.log += text


def clean_environment() -> dict[str, str]:
    """Return our environment without settings of ours, and with this checkout to be found anywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THUMBAPP_")}
    return kept | {"PYTHONPATH": str(ROOT)}


def get(url: str) -> tuple[int, bytes]:
    """Return status and body of *url*."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
        return response.status, response.read()


def get_json(url: str) -> Any:
    """Return the JSON that *url* answers with."""
    return json.loads(get(url)[1])


def is_running(pid: int) -> bool:
    """Return whether there is a process *pid* that has not ended."""
    if sys.platform == "linux":
        return _state(pid) not in ("", "Z")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children(pid: int) -> list[int]:
    """Return the children of *pid*; Linux only."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [each for each in pids if _stat(each)[1:2] == [str(pid)]]


def _state(pid: int) -> str:
    return (_stat(pid) or [""])[0]


def _stat(pid: int) -> list[str]:
    """Return state, parent and so on of *pid*, nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def kill(pid: int) -> None:
    """Kill *pid* as hard as the system can."""
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

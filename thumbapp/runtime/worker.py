"""The worker's process, a child of ours that stops when its lifeline, its standard input, ends."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent


class WorkerProcess:
    """One ``thumbapp worker`` with so many threads."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 before the start."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the process; it reads its settings from our environment."""
        command = [sys.executable, "-P", "-m", "thumbapp", "worker"]
        self._process = subprocess.Popen(  # noqa: S603  # ourselves, no shell
            [*command, "--workers", str(self.threads), "--until-eof"],
            stdin=subprocess.PIPE,
            env=_environment(),
            **_own_group(),
        )

    def exit_code(self) -> int | None:
        """Return how the process ended, None while it runs; negative is the signal that killed it."""
        return self._process.poll() if self._process else 0

    def release(self) -> None:
        """Let go of the lifeline: the worker finishes its tasks or hands them back, and ends."""
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def hurry(self) -> None:
        """Ask the released worker to hand its tasks back now; where there is no asking, kill it."""
        if self._process:
            self._process.terminate()

    def kill(self) -> None:
        """End the process at once."""
        if self._process:
            self._process.kill()
            self._process.wait()


def _own_group() -> dict[str, Any]:
    """Return what keeps Ctrl-C in the terminal from the child: we say when it stops, once."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}


def _environment() -> dict[str, str]:
    """Return our environment; a checkout that is not installed must be found without the folder we are in."""
    if (PACKAGE / "templates").is_dir():
        return dict(os.environ)
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

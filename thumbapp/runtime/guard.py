"""Run a program that must not outlive us. Run as a file, by `EmbeddedServer`; stdlib only.

``guard.py die-with PARENT PROGRAM ARGS...`` asks Linux to end the program when PARENT ends, and
becomes it. ``guard.py watch PROGRAM ARGS...``, for other systems, stays: it hands the program what
comes on its standard input up to an empty line, and ends it when that input ends.

The program is asked with SIGTERM: while a disk is slow to sync, a server answers up to two seconds
before it writes, and a kill would lose what it has acknowledged.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

PR_SET_PDEATHSIG = 1
END_OF_CONFIGURATION = b"\n\n"
GRACE_S = 5.0


def become(parent: int, command: list[str]) -> None:
    """Turn this process into *command*, which ends when *parent* does; returns if it has ended."""
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    # The parent may have gone before the request: nobody would send the signal then.
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606  # the embedded server, no shell


def watch(command: list[str]) -> int:
    """Return the exit code of *command*, which is killed when standard input ends."""
    configuration = _configuration()
    program = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  # the embedded server

    def forward(_signal: int, _frame: FrameType | None) -> None:
        program.terminate()

    signal.signal(signal.SIGTERM, forward)
    threading.Thread(target=_end_with_input, args=(program,), daemon=True).start()
    program.communicate(configuration)
    return program.returncode


def _configuration() -> bytes:
    """Return standard input up to an empty line."""
    text = b""
    while not text.endswith(END_OF_CONFIGURATION):
        if not (more := os.read(0, 1)):
            sys.exit(1)
        text += more
    return text


def _end_with_input(program: "subprocess.Popen[bytes]") -> None:
    """End *program* when standard input ends, by force if it does not within `GRACE_S`."""
    while os.read(0, 1024):
        pass
    program.terminate()
    try:
        program.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        code = watch(sys.argv[2:])
        sys.exit(code if code >= 0 else 128 - code)
    become(int(sys.argv[2]), sys.argv[3:])

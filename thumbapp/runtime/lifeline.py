"""What makes a child end when its parent does: the end of an inherited pipe.

The parent keeps the writing end open and never writes; when it closes it, or dies however it may,
the child reads the end of the file.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

_PEEK_S = 0.2


def watch(stream: BinaryIO, on_eof: Callable[[], None]) -> threading.Thread:
    """Return a running daemon thread that calls *on_eof* once when *stream* ends.

    Only this thread may read the stream from now on, and it keeps it open.
    """
    thread = threading.Thread(target=_watch, args=(stream, on_eof), name="lifeline", daemon=True)
    thread.start()
    return thread


def _watch(stream: BinaryIO, on_eof: Callable[[], None]) -> None:
    while _is_open(stream.fileno()):
        pass
    on_eof()


if sys.platform == "win32":
    import _winapi
    import msvcrt

    def _is_open(descriptor: int) -> bool:
        """Wait a little; return whether the pipe is still held open.

        A read that waits in one thread would block every child that is started meanwhile, so the
        pipe is only looked into.
        """
        try:
            waiting, _ = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(descriptor), 0)
            if waiting:  # what is not taken out would hide the end
                os.read(descriptor, waiting)
        except OSError:
            return False
        time.sleep(_PEEK_S)
        return True

else:

    def _is_open(descriptor: int) -> bool:
        """Wait for a piece of the stream; return whether there was one."""
        try:
            return bool(os.read(descriptor, 1024))
        except OSError:
            return False

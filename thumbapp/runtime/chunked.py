"""A body that comes in chunks, read for waitress as strictly as RFC 9112 has it.

waitress's own reader waits for the end of a line however long it grows, looking through all of it again
with each packet, and passes over empty ones.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from waitress.rfc7230 import CHUNK_EXT_RE
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

LONGEST_LINE: Final = 1_024
MOST_TRAILER_BYTES: Final = 8_192
_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,15})(;.*)?", re.DOTALL)


class ChunkedReceiver:
    """What waitress calls a receiver: takes bytes in, and says when it is ``completed`` or in ``error``."""

    def __init__(self, buffer: Any, *, most_bytes: int) -> None:
        self.completed = False
        self.error: Error | None = None
        self._buffer = buffer
        self._most_bytes = most_bytes
        self._line = b""
        self._left = 0
        self._trailer_bytes = 0
        self._take: Callable[[bytes], bytes] = self._take_size

    def __len__(self) -> int:
        return len(self._buffer)

    def received(self, data: bytes) -> int:
        """Take in *data*; returns how much of it belongs to the body."""
        rest = data
        while rest and not self.completed and not self.error:
            rest = self._take(rest)
        return len(data) - len(rest)

    def getfile(self) -> Any:
        """Return the body as a file."""
        return self._buffer.getfile()

    def getbuf(self) -> Any:
        """Return what holds the body."""
        return self._buffer

    def _take_size(self, data: bytes) -> bytes:
        line, rest = self._take_line(data, longest=LONGEST_LINE)
        if line is None:
            return rest
        size = _SIZE.fullmatch(line)
        if not size or not CHUNK_EXT_RE.match(size[2] or b""):
            return self._refuse("Invalid chunk size")
        self._left = int(size[1], 16)
        if self._left + len(self) >= self._most_bytes:
            self.error = RequestEntityTooLarge(f"exceeds max_body of {self._most_bytes}")
        self._take = self._take_data if self._left else self._take_trailer
        return rest

    def _take_data(self, data: bytes) -> bytes:
        piece = data[: self._left]
        self._buffer.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._take = self._take_end
        return data[len(piece) :]

    def _take_end(self, data: bytes) -> bytes:
        line, rest = self._take_line(data, longest=0)
        if line is not None:
            self._take = self._take_size
        return rest

    def _take_trailer(self, data: bytes) -> bytes:
        line, rest = self._take_line(data, longest=MOST_TRAILER_BYTES - self._trailer_bytes)
        if line is not None:
            self._trailer_bytes += len(line)
            self.completed = not line
        return rest

    def _take_line(self, data: bytes, *, longest: int) -> tuple[bytes | None, bytes]:
        """Return the line that *data* ends and what is behind it; None while the line goes on."""
        line, found, rest = data.partition(b"\n")
        line = self._line + line
        ends_badly = bool(found) and not line.endswith(b"\r")
        if ends_badly or b"\r" in line[:-1] or len(line.removesuffix(b"\r")) > longest:
            return None, self._refuse("Invalid line in a chunked body")
        self._line = b"" if found else line
        return (line[:-1] if found else None), rest

    def _refuse(self, sentence: str) -> bytes:
        self.error = BadRequest(sentence)
        return b""

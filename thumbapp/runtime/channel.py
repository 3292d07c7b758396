"""A connection of waitress: refuses in our own words, and gives up who sends or reads too slowly."""

import re
import time
from http import HTTPStatus
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from thumbapp.errors import DiskFull, RequestTooLarge, TooSlow
from thumbapp.runtime.chunked import ChunkedReceiver
from thumbapp.runtime.deadline import RequestDeadline
from thumbapp.runtime.disk_space import DiskSpace
from thumbapp.runtime.refusal import Refusal

MOST_AHEAD: Final = 4
_VERSIONS: Final = {"1.0", "1.1"}
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_FOLD: Final = re.compile(rb"\n[ \t]")
_CODING: Final = re.compile(rb"^transfer-encoding:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class _Answer(Error):  # type: ignore[misc]  # waitress ships no types
    """A refusal as waitress sends it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.code, self.reason = refusal.status, refusal.reason
        self._refusal = refusal

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and body."""
        return f"{self.code} {self.reason}", self._refusal.headers, self._refusal.body


def _refusal_of_version(path: str) -> Refusal:
    reason = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    return Refusal(
        reason, "http-version-not-supported", f"{reason.phrase}: only HTTP/1.0 and HTTP/1.1.", path
    )


def _refusal_of_full_disk(error: DiskFull, path: str) -> Refusal:
    return Refusal(503, error.code, str(error), path, error.retry_after_s)


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress ships no types
    """waitress's parser; what it refuses, it refuses as the application would.

    *disk_space* is set by the server: what must stay free on the disk that bodies are put on.
    """

    error: Any
    body_rcv: Any
    body_bytes_received: int
    path = ""
    disk_space = DiskSpace()

    def received(self, data: bytes) -> int:
        """Return how much of *data* belongs to this request."""
        if self._has_bare_line_feed(data):  # waitress would wait for the end of the header
            self.error, self.completed = BadRequest("Bare LF found in HTTP message"), True
            return self._refused(len(data))
        before = self.body_bytes_received
        try:
            taken: int = super().received(data)
            self.disk_space.check(before, self.body_bytes_received)
        except ValueError:  # a number of thousands of digits
            self.error, self.completed, taken = BadRequest("Invalid header"), True, len(data)
        except DiskFull as error:
            self.error, self.completed, taken = (
                _Answer(_refusal_of_full_disk(error, self.path)),
                True,
                len(data),
            )
        if self.headers_finished and self.version not in _VERSIONS and not self.error:
            self.error, self.completed = _Answer(_refusal_of_version(self.path)), True
        return self._refused(taken)

    def _refused(self, taken: int) -> int:
        """Return *taken*, after what waitress refuses was put in our words."""
        if self.error and not isinstance(self.error, _Answer):
            self.error = _Answer(self._refusal())
            self.expect_continue = False  # the client shall not send what is refused
        return taken

    def _has_bare_line_feed(self, data: bytes) -> bool:
        """Whether a line of the header that *data* goes on with ends in LF alone."""
        if self.headers_finished or self.completed:
            return False
        head = (self.header_plus[-4:] + data).partition(b"\r\n\r\n")[0]
        return _BARE_LF.search(head, 1) is not None

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header, or raise ParsingError for what two servers could read differently.

        waitress lets a coding win over a length, and reads on behind the body: where a proxy has gone by
        the length, that is somebody else's request.
        """
        if _FOLD.search(header_plus):
            raise ParsingError("Header line is folded")
        super().parse_header(header_plus)
        if not self.chunked:
            return
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length beside Transfer-Encoding")
        if [coding.lower() for coding in _CODING.findall(header_plus)] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding is invalid")
        self.body_rcv = ChunkedReceiver(self.body_rcv.getbuf(), most_bytes=self.adj.max_request_body_size)

    def _refusal(self) -> Refusal:
        if isinstance(self.error, RequestEntityTooLarge):
            limit = self.adj.max_request_body_size - 1
            return Refusal(413, RequestTooLarge.code, str(RequestTooLarge(limit)), self.path)
        word = str(self.error.reason).lower().replace(" ", "-")
        return Refusal(self.error.code, word, f"{self.error.reason}: {self.error.body}.", self.path)


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """waitress's connection with our parser; *limit_s* is set by the server that it belongs to."""

    parser_class = Parser
    request: Any
    limit_s = 0
    _deadline: RequestDeadline | None = None

    def received(self, data: bytes) -> bool:
        """Take *data* in, and the time with it."""
        if self._deadline is None or self.request is None:
            self._deadline = RequestDeadline(self.limit_s)
        self._deadline.received(len(data))
        is_taken = bool(super().received(data))
        self._forget_most_of_a_pile()
        return is_taken

    def _forget_most_of_a_pile(self) -> None:
        """Close behind the first few of requests that were sent without awaiting an answer.

        One packet holds a hundred, and each answer that nobody reads may hold a file open.
        """
        with self.requests_lock:
            if len(self.requests) <= MOST_AHEAD:
                return
            for request in self.requests[MOST_AHEAD:]:
                request.close()
            del self.requests[MOST_AHEAD:]
            self.requests[-1].headers["CONNECTION"] = "close"

    def check_deadline(self) -> None:
        """Give up a request that comes in, or an answer that is read, too slowly; in the server's thread."""
        if self.request is not None and self._deadline and self._deadline.left_s() == 0:
            self._refuse(_Answer(Refusal(408, TooSlow.code, str(TooSlow(self.limit_s)), self.request.path)))
        elif self.limit_s and self.total_outbufs_len and self._is_stalled():
            self.handle_close()

    def _is_stalled(self) -> bool:
        """Whether nothing could be sent for as long as a request has to come in."""
        return time.time() - float(self.last_activity) > self.limit_s

    def _refuse(self, error: _Answer) -> None:
        """Answer the half request with *error*, after those before it on the same connection."""
        with self.requests_lock:
            request, self.request = self.request, None
            request.error, request.completed = error, True
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)

"""gunicorn's worker of threads, with a time for each request and refusals in our own words.

`gunicorn.conf.py` names it. Time holds for one connection; that slow clients do not use up all threads
is the work of the proxy in front.
"""

import logging
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from gunicorn import util
from gunicorn.http import errors, message
from gunicorn.http.body import ChunkedReader
from gunicorn.workers.gthread import ThreadWorker

from thumbapp.config import Settings
from thumbapp.runtime.deadline import RequestDeadline, SlowClient
from thumbapp.runtime.refusal import Refusal

_log = logging.getLogger(__name__)
_STATUS: Final[dict[type[Exception], int]] = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
    errors.ForbiddenProxyRequest: 403,
    errors.ParseException: 400,
}
# What the application or the configuration did wrong, not the client.
_OURS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)

_BELIEVED: Final[dict[str, Any]] = {
    "forwarded_allow_ips": "",
    "secure_scheme_headers": {},
    "forwarder_headers": "",
}


class DeadlineSocket(socket.socket):
    """A connection whose reads end when its request has had its time, and whose writes cannot hang."""

    deadline: RequestDeadline | None = None
    limit_s = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return up to *size* bytes, or raise SlowClient."""
        left_s = self.deadline.left_s() if self.deadline and self.gettimeout() != 0 else None
        if left_s is None:
            return super().recv(size, flags)
        self.settimeout(max(left_s, 0.001))
        try:
            taken = super().recv(size, flags)
        except TimeoutError as error:
            raise SlowClient(self.limit_s) from error
        finally:
            self.settimeout(self.limit_s)
        if self.deadline:
            self.deadline.received(len(taken))
        return taken


class StrictChunkedReader(ChunkedReader):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's reader of chunks, which waits for CRLF where a line has ended in LF alone."""

    def read_into(self, unreader: Any, buf: bytearray) -> None:
        """Append one more read to *buf*, or raise InvalidChunkSize."""
        if b"\n" in buf and b"\r\n" not in buf:
            raise errors.InvalidChunkSize(b"bare LF")
        super().read_into(unreader, buf)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gthread; `THUMBAPP_REQUEST_TIMEOUT` is how long a request may take to come in."""

    def init_process(self) -> None:
        """Read the settings and go to work.

        gunicorn believes X-Forwarded-Proto and SCRIPT_NAME of whoever connects from this machine;
        `THUMBAPP_TRUSTED_PROXIES` alone shall say who is believed.
        """
        for name, nothing in _BELIEVED.items():
            self.cfg.set(name, nothing)
        message.ChunkedReader = StrictChunkedReader
        self._limit_s = Settings.from_environ().request_timeout
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Handle one request of *conn*, in a thread."""
        if self._limit_s and not (self.cfg.is_ssl or conn.is_http2):
            if not isinstance(conn.sock, DeadlineSocket):
                conn.sock = DeadlineSocket(fileno=conn.sock.detach())
                conn.sock.limit_s = self._limit_s
            conn.sock.deadline = RequestDeadline(self._limit_s)
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what is no HTTP; what is our own fault, gunicorn answers and logs."""
        status = next((status for kind, status in _STATUS.items() if isinstance(exc, kind)), 0)
        if not status or isinstance(exc, _OURS):
            super().handle_error(req, client, addr, exc)
            return
        _log.info("refused a request from %s: %s", addr[0] if addr else "", exc)
        with suppress(OSError):
            util.write_nonblock(client, _refusal(status, exc, getattr(req, "path", "")).as_http())

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """Stop; live streams end at once, for they would use up the graceful time."""
        for end_streams in getattr(self.wsgi, "extensions", {}).get("thumbapp.shutdown", ()):
            threading.Thread(target=end_streams, daemon=True).start()
        super().handle_exit(sig, frame)


def _refusal(status: int, error: Exception, path: str | None) -> Refusal:
    reason = HTTPStatus(status).phrase
    word = reason.lower().replace(" ", "-")
    return Refusal(status, word, f"{reason}: {type(error).__name__}.", path or "")

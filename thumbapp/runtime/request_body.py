"""The body of a request, as it comes from any server: what is wrong with it is the client's doing.

A server that meets a broken chunk, or a client that has gone, while the application reads, raises an
error of its own there, which would look like a fault of the application.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from thumbapp.errors import BrokenRequest, ThumbAppError, TooSlow
from thumbapp.runtime.deadline import SlowClient
from thumbapp.runtime.disk_space import DiskSpace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class RequestBodyMiddleware:
    """A WSGI application around another, whose reads of a request's body raise our errors only."""

    def __init__(self, app: "WSGIApplication", disk_space: DiskSpace | None = None) -> None:
        self._app = app
        self._disk_space = disk_space or DiskSpace()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer the request."""
        is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        announced = "" if is_chunked else environ.get("CONTENT_LENGTH") or ""
        promised = int(announced) if announced.isdecimal() else 0
        environ["wsgi.input"] = _Input(environ["wsgi.input"], promised, self._disk_space)
        return self._app(environ, start_response)


class _Input:
    """What stands in for ``wsgi.input``; *announced* is how many bytes its header promised."""

    def __init__(self, stream: Any, announced: int, disk_space: DiskSpace) -> None:
        self._stream = stream
        self._missing = announced
        self._disk_space = disk_space
        self._taken = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes, or raise BrokenRequest, TooSlow, DiskFull."""
        return self._checked(self._stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        """Return a line, or raise BrokenRequest, TooSlow, DiskFull."""
        return self._checked(self._stream.readline, size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _checked(self, read: Any, size: int) -> bytes:
        try:
            taken: bytes = read() if size < 0 else read(size)
        except ThumbAppError:
            raise
        except SlowClient as error:
            raise TooSlow(error.limit_s) from error
        except Exception as error:
            raise BrokenRequest from error
        self._missing -= len(taken)
        self._taken += len(taken)
        self._disk_space.check(self._taken - len(taken), self._taken)
        if self._missing > 0 and (size < 0 or (size and not taken)):
            raise BrokenRequest
        return taken

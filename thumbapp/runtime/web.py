"""The web server of `up`: waitress in a thread of its own, on sockets that were bound beforehand.

Knows no application but the WSGI callable that it is given.
"""

import errno
import ipaddress
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server

from thumbapp.errors import CannotListen, PortTaken
from thumbapp.runtime.channel import Channel, Parser
from thumbapp.runtime.disk_space import DiskSpace
from thumbapp.runtime.event_loop import EventLoop
from thumbapp.runtime.files import allow_open_files

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 64
CONNECTIONS = 2_000
# On Windows select() takes 512 sockets, and Python has nothing else there: one more would end the loop.
_WINDOWS_CONNECTIONS = 500
# A connection may hold itself and the files of its unsent answers.
_FILES_A_CONNECTION = 5
_OTHER_FILES = 150
MAX_HEADER_BYTES = 65_536
_AIRPLAY_PORT = 5000
_CHECK_EVERY_S = 1.0
_TAKEN = {errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)}


def listen(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of *host*, all on *port* (0: any free one).

    Raises:
        PortTaken: another program listens there.
        CannotListen: the address is not ours, not allowed, or no address.
    """
    opened: list[socket.socket] = []
    try:
        for family, _, _, _, address in _addresses(host, port):
            port = opened[0].getsockname()[1] if opened else port
            opened.append(_listening(family, (address[0], port, *address[2:])))
    except OSError as error:
        for each in opened:
            each.close()
        raise _why(host, port, error) from error
    return opened


def address_of(sockets: Iterable[socket.socket]) -> str:
    """Return the address that a browser on this machine opens to reach the first of *sockets*."""
    host, port = next(iter(sockets)).getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(sockets: Iterable[socket.socket]) -> bool:
    """Return whether only programs of this machine reach *sockets*."""
    return all(ipaddress.ip_address(each.getsockname()[0]).is_loopback for each in sockets)


def _addresses(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)


def _listening(family: int, address: tuple[Any, ...]) -> socket.socket:
    """Return a socket that listens on *address*, which nobody else may use."""
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR would let two programs share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        opened.listen(1024)
    except OSError:
        opened.close()
        raise
    return opened


def _why(host: str, port: int, error: OSError) -> PortTaken | CannotListen:
    """Return the error that says why *host* and *port* cannot be had."""
    if error.errno in _TAKEN:
        return PortTaken(host, port, airplay=sys.platform == "darwin" and port == _AIRPLAY_PORT)
    return CannotListen(host, port, (error.strerror or str(error)).lower())


def _connections() -> int:
    """Return how many connections may be open at once: one that cannot be accepted would stop all."""
    if sys.platform == "win32":
        return _WINDOWS_CONNECTIONS
    files = allow_open_files(_OTHER_FILES + CONNECTIONS * _FILES_A_CONNECTION)
    return max(_OTHER_FILES, min(CONNECTIONS, files - _OTHER_FILES))


class WebServer:
    """waitress over one application; `start` it, and `stop` it before its time is up.

    It takes half-open connections by the thousand, refuses a body by its announced length, gives up
    a request that does not come in within *request_timeout_s* (0: never) or for which *disk_space* has no
    room, and notices a closed tab while the answer is being made (``waitress.client_disconnected``).
    """

    def __init__(
        self,
        app: "WSGIApplication",
        sockets: Iterable[socket.socket],
        *,
        max_body_bytes: int,
        request_timeout_s: int = 0,
        disk_space: DiskSpace | None = None,
        threads: int = THREADS,
    ) -> None:
        # One line a request beyond the threads would fill the log just when the server is busy.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=list(sockets),
            threads=threads,
            connection_limit=_connections(),
            clear_untrusted_proxy_headers=False,  # the application decides by THUMBAPP_TRUSTED_PROXIES
            channel_request_lookahead=1,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=max_body_bytes + 1,  # waitress refuses what is as large
            ident=None,
        )
        parser = type("SpaceCheckingParser", (Parser,), {"disk_space": disk_space or DiskSpace()})
        for listener in self._listeners():
            ours = {"limit_s": request_timeout_s, "parser_class": parser}
            listener.channel_class = type("DeadlineChannel", (Channel,), ours)
        self._loop = EventLoop(self._map)
        self._closing = threading.Event()
        self._deadline = self._next_check = 0.0
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether requests are being served."""
        return self._thread.is_alive()

    def stop(self, *, timeout_s: float) -> None:
        """Take no more connections and let requests that run finish; returns at once."""
        self._deadline = time.monotonic() + timeout_s
        self._closing.set()
        for listener in self._listeners():
            with suppress(OSError):  # its thread may have woken by itself and closed the trigger
                listener.pull_trigger()

    def _listeners(self) -> list[Any]:
        return [each for each in list(self._map.values()) if isinstance(each, BaseWSGIServer)]

    def _run(self) -> None:
        while not self._closing.is_set():
            self._run_once(1.0)
        for listener in self._listeners():
            wasyncore.dispatcher.close(listener)
        while self._is_busy() and time.monotonic() < self._deadline:
            self._loop.recheck_all()
            self._run_once(0.02)
        self._server.task_dispatcher.shutdown(timeout=max(0.0, self._deadline - time.monotonic()))
        wasyncore.close_all(self._map)
        self._loop.close()

    def _run_once(self, timeout_s: float) -> None:
        self._loop.run_once(timeout_s)
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + _CHECK_EVERY_S
            for channel in self._channels():
                channel.check_deadline()
            self._loop.recheck_all()

    def _channels(self) -> list[Channel]:
        return [each for each in list(self._map.values()) if isinstance(each, Channel)]

    def _is_busy(self) -> bool:
        """Return whether a request is worked on, or an answer is not yet sent."""
        return any(channel.requests or channel.total_outbufs_len for channel in self._channels())

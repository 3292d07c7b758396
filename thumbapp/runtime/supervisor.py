"""`up`: one process that serves the web and watches over its children, the worker and the server.

The order of starting is lock, port, server, worker, web; whatever fails, what was started before
is stopped again. Stopping takes less than five seconds, and children never outlive us: the worker
ends with its lifeline, the server with our main thread.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis

from thumbapp import __version__
from thumbapp.config import MEGA, Settings
from thumbapp.runtime.connection import connect, server_address
from thumbapp.runtime.disk_space import DiskSpace
from thumbapp.runtime.embedded import EmbeddedServer
from thumbapp.runtime.instance import hold
from thumbapp.runtime.restarter import Restarter
from thumbapp.runtime.stopping import Stopped, StopRequest
from thumbapp.runtime.web import THREADS, WebServer, address_of, is_loopback, listen
from thumbapp.runtime.worker import WorkerProcess

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication

logger = logging.getLogger(__name__)

SHUTDOWN = "thumbapp.shutdown"
WATCH_EVERY_S = 0.25
WEB_GRACE_S = 2.0
WORKER_GRACE_S = 4.5
ALL_GRACE_S = 4.85
HAND_BACK_S = 1.0
_POLL_S = 0.02
Say = Callable[[str, str], None]
Invite = Callable[[Settings], str]


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """What to start: where the web listens, and how many worker threads (0: no worker)."""

    host: str
    port: int
    workers: int


class Supervisor:
    """Runs the parts of *options* until *stop* is asked for; *say* gets a part's name and a sentence.

    *make_app* builds the web application once the server is there. The application may offer, in
    ``extensions["thumbapp.shutdown"]``, callables that end its live streams. *invite* returns the path
    that signs the administrator in once.
    """

    def __init__(
        self,
        settings: Settings,
        options: LaunchOptions,
        *,
        make_app: "Callable[[Settings], WSGIApplication]",
        invite: Invite,
        say: Say,
        stop: StopRequest,
    ) -> None:
        self._settings, self._options = settings, options
        self._make_app, self._invite, self._say, self._stop = make_app, invite, say, stop
        self._server: EmbeddedServer | None = None
        self._worker: WorkerProcess | None = None
        self._web: WebServer | None = None
        self._end_streams: Iterable[Callable[[], None]] = ()
        self._restarters: list[Restarter] = []

    def run(self) -> int:
        """Return the exit code, after everything has stopped: 0, or 1 when the web server failed.

        Raises:
            CannotStart: something is missing or taken; nothing is left running.
        """
        with hold(self._settings.data_dir) as instance:
            sockets = listen(self._options.host, self._options.port)
            instance.announce(address_of(sockets))
            try:
                return self._watch(self._start(sockets))
            except Stopped:
                return 0
            finally:
                self._end()
                for each in sockets:
                    each.close()

    def _start(self, sockets: "list[socket.socket]") -> WebServer:
        self._say("ThumbApp", f"{__version__}, data in {self._settings.data_dir}")
        self._start_server()
        self._start_worker()
        web = self._start_web(sockets)
        self._say_sign_in(address_of(sockets))
        if not self._settings.allowed_hosts and not is_loopback(sockets):
            self._say("hosts", "only loopback names are served; name others in THUMBAPP_ALLOWED_HOSTS")
        self._say("open", address_of(sockets))
        return web

    def _say_sign_in(self, address: str) -> None:
        """Print the link that signs the administrator in, once; without a server there is none."""
        try:
            self._say("sign in", f"{address}{self._invite(self._settings)} (once, within ten minutes)")
        except redis.RedisError:
            self._say("sign in", "no link while the server does not answer; later: thumbapp users link admin")

    def _start_server(self) -> None:
        if self._settings.redis_url:
            self._say("server", f"{server_address(self._settings)}{self._doubt()}")
            return
        self._server = EmbeddedServer(self._settings.data_dir, pause=self._stop.pause)
        self._server.start(on_loading=lambda: self._say("server", "is reading its file"))
        self._restarters.append(Restarter("server", self._server, say=self._say))
        server = self._server
        self._say("server", f"Valkey {server.version}, embedded, on port {server.port} (pid {server.pid})")

    def _doubt(self) -> str:
        """Return what is wrong with the server that the settings name, or nothing."""
        client = connect(self._settings, read_timeout_s=1.0)
        try:
            client.ping()
        except redis.RedisError as error:
            return f", which does not answer yet: {error}"
        finally:
            client.close()
        return ""

    def _start_worker(self) -> None:
        if not self._options.workers:
            self._say("worker", "none here; start one with: thumbapp worker")
            return
        self._worker = WorkerProcess(self._options.workers)
        self._worker.start()
        self._restarters.append(Restarter("worker", self._worker, say=self._say))
        self._say("worker", f"{self._options.workers} threads (pid {self._worker.pid})")

    def _start_web(self, sockets: "list[socket.socket]") -> WebServer:
        with self._stop.interrupting():  # the first time all of it is compiled, which may take half a minute
            app = self._make_app(self._settings)
            self._end_streams = getattr(app, "extensions", {}).get(SHUTDOWN, ())
        web = WebServer(
            app,
            sockets,
            max_body_bytes=self._settings.max_request_bytes,
            request_timeout_s=self._settings.request_timeout,
            disk_space=DiskSpace(self._settings.min_free_mb * MEGA),
        )
        web.start()
        self._web = web
        self._say("web", f"{THREADS} threads (pid {os.getpid()})")
        return web

    def _watch(self, web: WebServer) -> int:
        """Return when somebody asks to stop (0), or the web server has failed (1)."""
        while not self._stop.wait(WATCH_EVERY_S):
            for restarter in self._restarters:
                restarter.check()
            if not web.is_alive:
                self._say("web", "ended by itself; everything stops")
                return 1
        return 0

    def _end(self) -> None:
        """Stop web and worker side by side, then the server, which both of them still need."""
        began = time.monotonic()
        if self._stop.is_set:
            self._say("stopping", "running tasks get 4 s; Ctrl-C again stops at once")
        for end_streams in self._end_streams:
            end_streams()
        if self._web:
            self._web.stop(timeout_s=WEB_GRACE_S)
        if self._worker:
            self._worker.release()
        self._until(self._is_quiet, began + WORKER_GRACE_S)
        if self._worker:
            self._end_worker(self._worker)
        if self._server:
            self._server.stop(timeout_s=max(0.1, began + ALL_GRACE_S - time.monotonic()))

    def _end_worker(self, worker: WorkerProcess) -> None:
        """End the worker; when somebody hurries us, it gets the moment that handing back takes."""
        if self._stop.is_urgent and worker.exit_code() is None:
            worker.hurry()
            deadline = time.monotonic() + HAND_BACK_S
            while worker.exit_code() is None and time.monotonic() < deadline:
                time.sleep(_POLL_S)
        worker.kill()

    def _is_quiet(self) -> bool:
        """Return whether web and worker have ended."""
        has_worker = self._worker is not None and self._worker.exit_code() is None
        has_web = self._web is not None and self._web.is_alive
        return not has_worker and not has_web

    def _until(self, is_done: Callable[[], bool], deadline: float) -> None:
        """Wait until *is_done*, the *deadline*, or somebody hurries us."""
        while not is_done() and not self._stop.is_urgent and time.monotonic() < deadline:
            time.sleep(_POLL_S)

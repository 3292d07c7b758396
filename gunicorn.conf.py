"""How ``gunicorn wsgi:app`` serves ThumbApp; put a buffering proxy, such as nginx, in front of it.

A live stream holds a thread, so there are as many as the application counts with; the number of
processes is WEB_CONCURRENCY, 1 when unset.
"""

import signal
import threading
from types import FrameType
from typing import Any

worker_class = "gthread"
threads = 64
graceful_timeout = 3
keepalive = 5
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """End the live streams when the worker is told to stop: they would use up its graceful time."""

    def stop(number: int, frame: FrameType | None) -> None:
        for end_streams in worker.wsgi.extensions["thumbapp.shutdown"]:
            threading.Thread(target=end_streams, daemon=True).start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, stop)

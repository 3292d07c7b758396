"""The queues that `benchmarks/queue.py` compares: plain Huey and ours, each with a task that does nothing.

``huey_consumer`` is pointed at ``benchmarks.queue_apps.huey``, which is made from the environment.
"""

import os
import time
from typing import Any

import redis
from huey import RedisHuey
from huey.serializer import Serializer

from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.serializer import SignedJsonSerializer

KEY = b"benchmark"
WORK_S = float(os.environ.get("BENCH_WORK_MS", "0")) / 1000


def make(kind: str, url: str) -> Any:
    """Return the queue *kind* on the server at *url*, with its tasks ``no_op`` and ``nap``."""
    client = redis.Redis.from_url(url, protocol=2, socket_timeout=5)
    app, serializer, *_ = kind.split("-")
    if app == "huey":
        options: dict[str, Any] = {"serializer": SignedJsonSerializer(KEY)} if serializer == "json" else {}
        options["notify_result"] = kind.endswith("notify")
        huey: Any = RedisHuey("bench", connection_pool=client.connection_pool, **options)
    else:
        huey = StreamHuey("bench", client=client, namespace="bench:", key=KEY)
        huey.serializer = Serializer() if serializer == "pickle" else huey.serializer
        if kind.endswith("bare"):
            huey.recorder = None
    huey.no_op = huey.task(name="no_op")(no_op)
    huey.nap = huey.task(name="nap")(lambda: nap(client))
    return huey


def no_op(number: int) -> int:
    """Return *number*, after as much CPU time as the environment asks for: none."""
    until = time.thread_time() + WORK_S if WORK_S else 0.0
    while WORK_S and time.thread_time() < until:
        pass
    return number


def nap(client: redis.Redis) -> None:
    """Say that it began, and take a minute the first time."""
    if client.rpush("begun", 1) == 1:
        time.sleep(60)


def __getattr__(name: str) -> Any:
    if name != "huey":
        raise AttributeError(name)
    globals()[name] = made = make(os.environ["BENCH_KIND"], os.environ["BENCH_URL"])
    return made

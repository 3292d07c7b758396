"""The queues that `benchmarks/queue.py` compares: plain Huey and ours, each with a task that does nothing.

``huey_consumer`` is pointed at ``queue_apps.huey``, which is made from the environment.
"""

import os
from typing import Any

import redis
from huey import RedisHuey
from huey.serializer import Serializer

from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.serializer import SignedJsonSerializer

KEY = b"benchmark"


def make(kind: str, url: str) -> Any:
    """Return the queue *kind* on the server at *url*, with its one task as ``no_op``."""
    client = redis.Redis.from_url(url, protocol=2, socket_timeout=5)
    app, _, serializer = kind.partition("-")
    if app == "huey":
        options = {"serializer": SignedJsonSerializer(KEY)} if serializer == "json" else {}
        huey: Any = RedisHuey("bench", connection_pool=client.connection_pool, **options)
    else:
        huey = StreamHuey("bench", client=client, namespace="bench:", key=KEY)
        huey.serializer = Serializer() if serializer == "pickle" else huey.serializer
    huey.no_op = huey.task(name="no_op")(_no_op)
    return huey


def _no_op(number: int) -> int:
    return number


def __getattr__(name: str) -> Any:
    if name != "huey":
        raise AttributeError(name)
    globals()[name] = made = make(os.environ["BENCH_KIND"], os.environ["BENCH_URL"])
    return made

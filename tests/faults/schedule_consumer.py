"""A consumer whose one task notes each run: which message it was, and when it began by the server's clock.

``python -m tests.faults.schedule_consumer`` runs it; the environment says where the server is.
"""

import sys
from typing import Any

import redis
from huey.bin.huey_consumer import consumer_main

from thumbapp.config import Settings
from thumbapp.taskqueue.queue import StreamHuey

RUNS = "test:runs"


def build(settings: Settings) -> StreamHuey:
    """Return a queue with the task ``ring``."""
    huey = StreamHuey.from_settings(settings, not_done=(redis.RedisError,))

    @huey.task(name="ring", context=True)
    def ring(task: Any) -> None:
        entry = huey.storage.streams.held.id.decode()
        seconds, micros = huey.client.time()
        huey.client.rpush(RUNS, f"{task.id} {entry} {seconds * 1000 + micros // 1000}")

    return huey


def __getattr__(name: str) -> StreamHuey:
    if name != "huey":
        raise AttributeError(name)
    globals()[name] = made = build(Settings.from_environ())
    return made


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "tests.faults.schedule_consumer.huey", *sys.argv[1:]]
    consumer_main()

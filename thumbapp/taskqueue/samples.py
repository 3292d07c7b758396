"""How deep the queues are, looked up twice a minute by every consumer and kept beside the counters.

All write under the server's clock, so that a sample is one however many consumers take it. Read by
`thumbapp.taskqueue.statistics`.
"""

import time
from typing import Any, Final

import redis

from thumbapp.taskqueue.queues import Queues
from thumbapp.taskqueue.run_counters import SPAN_KEPT_S, span_key

EVERY_S: Final = 30


class Sampler:
    """Takes samples of the queues under *namespace*."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._prefix = f"{namespace}tasks"
        self._queues = Queues(client, namespace=namespace)
        self._due_at = 0.0

    def look(self) -> None:
        """Take a sample, if the last one of this process is old enough."""
        if time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + EVERY_S
            self.take()

    def take(self) -> None:
        """Write down how much waits now, in all queues together, and for how long the oldest has."""
        states = self._queues.states()
        seconds, _ = self._redis.time()
        key, number = span_key(self._prefix, seconds), seconds // EVERY_S
        sample = {
            f"depth:{number}": sum(state.waiting for state in states),
            f"oldest:{number}": max(state.oldest_s or 0.0 for state in states),
        }
        with self._redis.pipeline() as pipe:
            pipe.hset(key, mapping=sample)
            pipe.expire(key, SPAN_KEPT_S)
            pipe.execute()

"""Where tasks wait and results are kept: Huey's storage on Redis, under our key names.

Knows bytes and keys, nothing of what a task is.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import redis
from huey.storage import RedisExpireStorage

REFUSED_KEPT = 1_000
_WAIT_SLICE_S = 1.0
_NOTIFY_TTL_S = 60


class QueueStorage(RedisExpireStorage):  # type: ignore[misc]  # huey ships no types
    """Huey's expiring storage over a client of ours; every key begins with *namespace*."""

    result_key: Callable[[str | bytes], bytes]
    counter_key: Callable[[str | bytes], bytes]

    def __init__(self, name: str, *, client: redis.Redis, namespace: str, expire_time: int) -> None:
        super().__init__(
            name, expire_time, connection_pool=client.connection_pool, clean_name=False, read_timeout=1
        )
        self.conn = client
        self.namespace = namespace
        self.queue_key = f"{namespace}queue"
        self.schedule_key = f"{namespace}schedule"
        self.refused_key = f"{namespace}refused"
        self.result_prefix = f"{namespace}result:".encode()
        self.counter_prefix = f"{namespace}counter:".encode()
        self.notify_prefix = f"{namespace}notify:"
        self.notify_ttl = _NOTIFY_TTL_S
        self.result_key = lambda key: self.result_prefix + _bytes(key)
        self.counter_key = lambda key: self.counter_prefix + _bytes(key)

    def convert_ts(self, ts: datetime) -> float:
        """Return the seconds since the epoch of *ts*, which is naive and UTC."""
        return ts.replace(tzinfo=UTC).timestamp()

    def hand_back(self, data: bytes, priority: float | None = None) -> None:
        """Put *data*, taken and not finished, back where the next worker takes it first."""
        self.conn.rpush(self.queue_key, data)

    def set_aside(self, data: bytes, reason: str) -> None:
        """Keep *data*, which nobody can run, with *reason* where it can be looked at."""
        self.conn.xadd(
            self.refused_key, {"data": data, "reason": reason}, maxlen=REFUSED_KEPT, approximate=True
        )

    def put_data(self, key: str, value: bytes, is_result: bool = False) -> None:
        """Keep *value* under *key*; a result expires and wakes those who wait for it."""
        if not is_result:
            self.conn.set(self.result_key(key), value)
            return
        bell = self.notify_prefix + key
        with self.conn.pipeline() as pipe:
            pipe.set(self.result_key(key), value, ex=self._expire_time)
            pipe.lpush(bell, 1)
            pipe.expire(bell, self.notify_ttl)
            pipe.execute()

    def wait_result(
        self, key: str, timeout: float | None = None, backoff: float = 1.15, max_delay: float = 1.0
    ) -> bool:
        """Return whether there is a result for *key*, waiting up to *timeout* seconds for it."""
        deadline = None if timeout is None else time.monotonic() + timeout
        bell = self.notify_prefix + key
        while not self.has_data_for_key(key):
            left = _WAIT_SLICE_S if deadline is None else min(deadline - time.monotonic(), _WAIT_SLICE_S)
            if left <= 0:
                return False
            # Turned in its own list, the bell stays for the others who wait.
            self.conn.brpoplpush(bell, bell, timeout=max(left, 0.01))
        return True

    def claim_slot(self, name: str, slot: str, *, ttl_s: int) -> bool:
        """Return whether the caller is the first of all consumers to ask for *slot* of *name*."""
        key = f"{self.namespace}slot:{name}:{slot}"
        return bool(self.conn.set(key, 1, nx=True, ex=ttl_s))

    def server_time(self) -> datetime:
        """Return the server's clock, aware and UTC."""
        seconds, micros = self.conn.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)

    def close(self) -> None:
        """Close the connections."""
        self.conn.close()


def _bytes(key: str | bytes) -> bytes:
    return key if isinstance(key, bytes) else key.encode()

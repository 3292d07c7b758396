"""Huey's storage over `TaskStreams`: the queue, the schedule, results, flags and chords.

What a task writes at its end goes out with its acknowledgement; see `thumbapp.taskqueue.streams`.
Knows bytes and keys, nothing of what a task is.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import redis
from huey.constants import EmptyData
from huey.storage import RedisExpireStorage

from thumbapp.taskqueue import scripts
from thumbapp.taskqueue.delivery import NORMAL, Arg, rank_of
from thumbapp.taskqueue.groups import GROUP, NOBODY, first_fresh, in_hand, next_id
from thumbapp.taskqueue.streams import TaskStreams

DEAD_KEPT = 10_000
_DEAD_BYTES_KEPT = 1_000_000
_WAIT_SLICE_S = 1.0
_WAIT_FLAG_S = 5
_MOVED_AT_ONCE = 200
_GIVEN_SHOWN = 100
_SCANNED_AT_ONCE = 500


class StreamStorage(RedisExpireStorage):  # type: ignore[misc]  # huey ships no types
    """Huey's expiring storage with streams for queues; every key begins with *namespace*.

    *expire_time* is how long results are kept and *lease_s* after which time without a sign of life
    a task in hand goes to another worker, both in seconds.
    """

    priority = True
    conn: Any  # replies as they come; redis-py's types leave every one of them open
    result_key: Callable[[str | bytes], bytes]
    counter_key: Callable[[str | bytes], bytes]

    def __init__(
        self, name: str, *, client: redis.Redis, namespace: str, expire_time: int, lease_s: float
    ) -> None:
        super().__init__(name, expire_time, connection_pool=client.connection_pool, clean_name=False)
        self.conn = client
        self.namespace = namespace
        self.streams = TaskStreams(client, namespace=namespace, lease_s=lease_s)
        self.queue_key = self.streams.keys[NORMAL]
        self.schedule_key = f"{namespace}schedule"
        self.dead_key = f"{namespace}dead"
        self.result_prefix = f"{namespace}result:".encode()
        self.counter_prefix = f"{namespace}counter:".encode()
        self.result_key = lambda key: self.result_prefix + _bytes(key)
        self.counter_key = lambda key: self.counter_prefix + _bytes(key)
        self._wait_prefix, self._bell_prefix = f"{namespace}wait:".encode(), f"{namespace}bell:".encode()
        self._move_due = client.register_script(scripts.MOVE_DUE)
        self._swap = client.register_script(scripts.SWAP)

    # --- Huey's contract: the queue -----------------------------------------------------------------

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Add the message *data* to the stream of its priority: above, at or below 0."""
        stream = self.streams.keys[rank_of(priority)]
        if (outbox := self.streams.outbox) is not None:
            outbox.add("XADD", stream, "*", "m", data)
        else:
            self.conn.xadd(stream, {"m": data})

    def dequeue(self) -> bytes | None:
        """Return the next message; the one this thread took before is finished by that."""
        delivery = self.streams.take()
        return None if delivery is None else delivery.data

    def queue_size(self) -> int:
        """Return how many messages wait for a worker; those handed back are among them."""
        with self.conn.pipeline(transaction=False) as pipe:
            for stream in self.streams.keys:
                pipe.xlen(stream)
                pipe.xpending(stream, GROUP)
            replies = pipe.execute(raise_on_error=False)
        return sum(
            length - in_hand(pending) for length, pending in zip(replies[::2], replies[1::2], strict=True)
        )

    def enqueued_items(self, limit: int | None = None) -> list[bytes]:
        """Return up to *limit* messages that no worker holds, the next one first."""
        found: list[bytes] = []
        for stream in self.streams.keys:
            found.extend(self._handed_back(stream))
            left = None if limit is None else limit - len(found)
            if left is not None and left <= 0:
                break
            entries = self.conn.xrange(stream, min=self._after(stream), count=left)
            found.extend(fields.get(b"m", b"") for _, fields in entries)
        return found[:limit]

    def _handed_back(self, stream: bytes) -> Iterator[bytes]:
        """Yield the messages of *stream* that a worker gave back and none has taken over."""
        try:
            pending = self.conn.xpending_range(stream, GROUP, "-", "+", _GIVEN_SHOWN, consumername=NOBODY)
        except redis.ResponseError:
            return
        for entry in (each["message_id"] for each in pending):
            yield from (fields.get(b"m", b"") for _, fields in self.conn.xrange(stream, entry, entry))

    def _after(self, stream: bytes) -> str:
        """Return the first id that workers have not been given."""
        try:
            return first_fresh(self.conn.xinfo_groups(stream))
        except redis.ResponseError:
            return "-"

    def unfinished_items(self) -> Iterator[bytes]:
        """Yield every message, waiting, in hand or scheduled; one that moves meanwhile may come twice."""
        for member, _ in self.conn.zscan_iter(self.schedule_key, count=_SCANNED_AT_ONCE):
            yield member[1:]
        for stream in self.streams.keys:
            after = "-"
            while entries := self.conn.xrange(stream, min=after, count=_SCANNED_AT_ONCE):
                yield from (fields.get(b"m", b"") for _, fields in entries)
                after = next_id(entries[-1][0])

    def flush_queue(self) -> None:
        """Delete all messages, waiting or in hand."""
        self.conn.delete(*self.streams.keys)
        self.streams.buffer.clear()

    # --- Huey's contract: the schedule --------------------------------------------------------------

    def convert_ts(self, ts: datetime) -> float:
        """Return the seconds since the epoch of *ts*, which is naive and UTC."""
        return ts.replace(tzinfo=UTC).timestamp()

    def add_to_schedule(self, data: bytes, ts: datetime, priority: float | None = None) -> None:
        """Keep the message *data* until *ts*, then for the stream of its priority."""
        member = b"%d%b" % (rank_of(priority), data)
        self.streams.write(("ZADD", self.schedule_key, self.convert_ts(ts), member))

    def read_schedule(self, ts: datetime) -> list[bytes]:
        """Return the messages due at *ts*, taken off the schedule; workers use `move_due`."""
        return [member[1:] for member in super().read_schedule(ts)]

    def scheduled_items(self, limit: int | None = None) -> list[bytes]:
        """Return up to *limit* messages of the schedule, the soonest first."""
        return [member[1:] for member in super().scheduled_items(limit)]

    def move_due(self, ts: datetime) -> list[bytes]:
        """Move the messages due at *ts* to their streams, and return them."""
        keys = [self.schedule_key.encode(), *self.streams.keys]
        moved: list[bytes] = []
        while batch := self._move_due(keys, [self.convert_ts(ts), _MOVED_AT_ONCE]):
            moved.extend(batch)
        return moved

    def server_time(self) -> datetime:
        """Return the server's clock, aware and UTC."""
        seconds, micros = self.conn.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)

    # --- Huey's contract: results and flags -----------------------------------------------------------

    def put_data(self, key: str | bytes, value: bytes, is_result: bool = False) -> None:
        """Keep *value* under *key*; a result expires and wakes those who wait for it."""
        at = self.result_key(key)
        if (outbox := self.streams.outbox) is not None:
            outbox.note(at, value)
        if is_result:
            flag, bell = self._wait_keys(key)
            self.streams.write(("SET", at, value, "EX", self._expire_time), ("BELL", flag, bell))
        elif _is_flag(key):
            self.streams.write(("SET", at, value), ("SADD", self.streams.flags_key, at))
        else:
            self.streams.write(("SET", at, value))

    def delete_data(self, key: str | bytes) -> bool:
        """Delete what is kept under *key*; return whether there was anything, as far as is known."""
        at = self.result_key(key)
        if (outbox := self.streams.outbox) is not None:
            outbox.note(at, None)
            outbox.add(*(("CLEAR", at, self.streams.flags_key) if _is_flag(key) else ("DEL", at)))
            return True
        with self.conn.pipeline() as pipe:
            pipe.delete(at)
            pipe.srem(self.streams.flags_key, at)
            return bool(pipe.execute()[0])

    def swap_data(self, key: str, old: Any, new: bytes | None, *, ttl_s: int | None = None) -> bool:
        """Replace *old* under *key* by *new* (None: nothing), at once; False when it holds another value."""
        if old is EmptyData:
            return False
        limit = "" if ttl_s is None else ttl_s
        return bool(self._swap([self.result_key(key)], [old, new or b"", limit]))

    def peek_data(self, key: str | bytes) -> Any:
        """Return what is kept under *key*, or Huey's ``EmptyData``."""
        at, outbox = self.result_key(key), self.streams.outbox
        value = outbox.value(at) if outbox and outbox.knows(at) else self.conn.get(at)
        return EmptyData if value is None else value

    pop_data = peek_data

    def peek_many(self, keys: list[str]) -> dict[str, bytes]:
        """Return what is kept under each of *keys*; Huey asks so for revocations."""
        found = self.conn.mget([self.result_key(key) for key in keys])
        return {key: value for key, value in zip(keys, found, strict=True) if value is not None}

    def count(self, key: str, *, by: int = 1, ttl_s: float) -> int:
        """Add to the counter *key*, which goes *ttl_s* seconds later, and return where it stands."""
        with self.conn.pipeline() as pipe:
            pipe.incr(self.counter_key(key), by)
            pipe.expire(self.counter_key(key), max(1, int(ttl_s)))
            return int(pipe.execute()[0])

    def wait_result(
        self, key: str, timeout: float | None = None, backoff: float = 1.15, max_delay: float = 1.0
    ) -> bool:
        """Return whether there is a result for *key*, waiting up to *timeout* seconds for it."""
        deadline = None if timeout is None else time.monotonic() + timeout
        flag, bell = self._wait_keys(key)
        while True:
            self.conn.set(flag, 1, ex=_WAIT_FLAG_S)
            if self.has_data_for_key(key):
                return True
            left = _WAIT_SLICE_S if deadline is None else min(deadline - time.monotonic(), _WAIT_SLICE_S)
            if left <= 0:
                return False
            # A stream, for a list would take whole seconds before Redis 6 and wake one of many.
            self.conn.xread({bell: "0"}, count=1, block=max(int(left * 1000), 1))

    def flush_results(self) -> None:
        """Delete all results and flags."""
        super().flush_results()
        self.conn.delete(self.streams.flags_key)

    def _wait_keys(self, key: str | bytes) -> tuple[bytes, bytes]:
        return self._wait_prefix + _bytes(key), self._bell_prefix + _bytes(key)

    def _result_keys(self) -> Iterator[bytes]:
        yield from self.conn.scan_iter(match=self.result_prefix + b"*", count=_SCANNED_AT_ONCE)

    # --- chords, and what nobody can run ----------------------------------------------------------------

    def add_chord_part(
        self, chord: str, index: int, value: bytes, *, size: int, callback: bytes, priority: float | None
    ) -> None:
        """Keep *value* as part *index* of *chord*; the last of *size* parts enqueues *callback*."""
        stream = self.streams.keys[rank_of(priority)]
        parts = self._chord_key(chord)
        self.streams.write(("CHORD", parts, index, value, self._expire_time, size, stream, callback))

    def chord_parts(self, chord: str, size: int) -> list[bytes | None]:
        """Return the *size* parts of *chord* in order; None for one that has expired."""
        return list(self.conn.hmget(self._chord_key(chord), [str(index) for index in range(size)]))

    def drop_chord(self, chord: str) -> None:
        """Forget the parts of *chord*."""
        self.streams.write(("DEL", self._chord_key(chord)))

    def bury(self, data: bytes, reason: str, *, attempts: int = 0) -> None:
        """Keep the message *data*, which is given up after *attempts*, with *reason* in the dead letters.

        Of a message too large to be one of ours only the beginning is kept.
        """
        head = ("XADD", self.dead_key, "MAXLEN", "~", DEAD_KEPT, "*")
        facts: tuple[Arg, ...] = ("reason", reason, "attempts", attempts, "bytes", len(data))
        self.streams.write((*head, "data", data[:_DEAD_BYTES_KEPT], *facts))

    def _chord_key(self, chord: str) -> str:
        return f"{self.namespace}chord:{chord}"

    def close(self) -> None:
        """Close the connections."""
        self.streams.leave_thread()
        self.conn.close()


def _bytes(key: str | bytes) -> bytes:
    return key if isinstance(key, bytes) else key.encode()


def _is_flag(key: str | bytes) -> bool:
    """Whether *key* is that of a revocation: Huey looks for those before each task."""
    return _bytes(key).startswith((b"r:", b"rt:"))

"""The queue proper: three streams, leased messages, and an end that is written whole or not at all.

A queue is a stream with one consumer group for each of three ranks. Taking an entry leases it; what
its task writes at the end waits in the thread's `Outbox` and goes out with the acknowledgement as
one script, in the same packet as the next take, and only while the entry is still ours.
docs/taskqueue.md tells the whole story. Knows bytes and keys, nothing of what a task is.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import redis

from thumbapp.taskqueue import scripts
from thumbapp.taskqueue.delivery import NORMAL, RANKS, Arg, Delivery, DeliveryBuffer, Outbox
from thumbapp.taskqueue.groups import GROUP
from thumbapp.taskqueue.leases import Leases, message
from thumbapp.taskqueue.thread_connection import ThreadConnection

logger = logging.getLogger("huey.streams")

BLOCK_MS = 1_000
_PAUSED_S = 0.25
_PASSING = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
)
# A script's error names the one that it met, at least on Redis 5.
_MAY_PASS = ("READONLY", "OOM ", "MISCONF", "BUSY", "NOREPLICAS", "MASTERDOWN", "LOADING")


class _ThreadState(threading.local):
    """What one thread is in the middle of."""

    connection: ThreadConnection | None = None
    held: Delivery | None = None
    outbox: Outbox | None = None
    is_acting: bool = True
    is_busy: bool = False
    has_flags: bool = True


class _Mode:
    """Puts a thread into a mode meanwhile; every task does so six times, so it is no generator."""

    __slots__ = ("_before", "_meanwhile", "_state")

    def __init__(self, state: _ThreadState, *, is_acting: bool, is_busy: bool) -> None:
        self._state = state
        self._meanwhile = is_acting, is_busy

    def __enter__(self) -> None:
        state = self._state
        self._before = state.is_acting, state.is_busy
        state.is_acting, state.is_busy = self._meanwhile

    def __exit__(self, *raised: object) -> None:
        self._state.is_acting, self._state.is_busy = self._before


class TaskStreams:
    """The streams under *namespace* and what this process and its threads hold of them.

    After *lease_s* seconds without a renewal a message in hand goes to another worker. Those in
    ``on_empty`` are called when the server turns out to have lost, or never had, these streams.
    """

    def __init__(self, client: redis.Redis, *, namespace: str, lease_s: float) -> None:
        self._client = client
        self.keys = tuple(f"{namespace}queue:{rank}".encode() for rank in RANKS)
        self.flags_key = f"{namespace}flags".encode()
        self.paused_key = f"{namespace}paused".encode()
        self.buffer = DeliveryBuffer(lease_s=lease_s)
        self.leases = Leases(
            client, streams=self.keys, paused_key=self.paused_key, buffer=self.buffer, lease_s=lease_s
        )
        self._paused: frozenset[int] = frozenset()
        self.on_empty: list[Callable[[], None]] = []
        self._state = _ThreadState()
        self._finish = client.register_script(scripts.FINISH)

    @property
    def held(self) -> Delivery | None:
        """What the calling thread has in hand."""
        return self._state.held

    @property
    def has_flags(self) -> bool:
        """Whether any task was revoked when the calling thread took its message."""
        return self._state.has_flags

    @property
    def is_busy(self) -> bool:
        """Whether the calling thread is within `finishing`, a task's own code included."""
        return self._state.is_busy

    @property
    def outbox(self) -> Outbox | None:
        """Where the calling thread's writes wait for the end of its task; None when it writes at once."""
        return None if self._state.is_acting else self._state.outbox

    # --- taking and finishing -----------------------------------------------------------------------

    def take(self, *, block_ms: int = BLOCK_MS) -> Delivery | None:
        """Return the next message, once what this thread finished before is written and acknowledged.

        A message that waits in this process is preferred to reading, unless the server has one of a
        higher rank. None when there is nothing within *block_ms*. Nothing is taken of a rank that is paused.

        Raises:
            redis.RedisError: the server is away; what was finished is kept for the next call.
        """
        self.leases.sweep()
        best = self.buffer.best_rank()
        self._state.has_flags = True
        self._read_more(best, block_ms=block_ms if best is None else 0)
        self._state.held = self.buffer.take()
        return self._state.held

    def settle(self) -> None:
        """Write and acknowledge what this thread has finished, without taking anything."""
        ending = self._ending()
        if ending and (trouble := self._settled(self._connection.exchange([ending])[0])):
            raise trouble

    def take_back(self, *, begun: bool = False) -> None:
        """Undo the taking of this thread's message: it waits for another try, its next one if *begun*."""
        held = self._let_go()
        if held is not None:
            held.attempt += begun
            self.buffer.put_back(held)

    def forget(self) -> None:
        """Leave this thread's message, which was begun and not done: a later sweep takes it up again.

        That sweep is this process's own, after some seconds, and counts no delivery.
        """
        held = self._let_go()
        if held is not None:
            self.buffer.drop(held)

    def leave_thread(self) -> None:
        """Give back the connection of the calling thread, which ends."""
        if self._state.connection is not None:
            self._state.connection.close()

    def _let_go(self) -> Delivery | None:
        held, self._state.held, self._state.outbox = self._state.held, None, None
        return held

    def _read_more(self, best: int | None, *, block_ms: int) -> None:
        """Send the end of this thread's message and a read of what ranks above *best* as one packet.

        The same packet asks, after the read, whether anything is revoked (1) or paused (2, by its name
        given twice): what was read of a paused rank goes back unbegun.
        """
        streams = tuple(key for rank, key in enumerate(self.keys[:best]) if rank not in self._paused)
        ending, asked_at, trouble, reply = self._ending(), time.monotonic(), None, None
        packet = [ending] if ending else []
        if streams:
            packet.append(self._read_command(streams, block_ms=block_ms))
        self._connection.send([*packet, [b"EXISTS", self.flags_key, self.paused_key, self.paused_key]])
        if ending:
            trouble = self._settled(self._connection.receive())
        if streams:
            reply = self._connection.receive()
        self._paused = paused = self._paused_by(self._connection.receive())
        self._receive(reply, asked_at, paused)
        if trouble:
            raise trouble
        if not streams and block_ms:
            time.sleep(_PAUSED_S)

    def _paused_by(self, marks: Any) -> frozenset[int]:
        """Note whether anything is revoked, and return what is paused, by the reply to EXISTS."""
        self._state.has_flags = not isinstance(marks, int) or bool(marks & 1)
        if isinstance(marks, int) and not marks & 2:
            return frozenset()
        [ranks] = self._connection.exchange([[b"HKEYS", self.paused_key]])
        if not isinstance(ranks, list):
            return self._paused
        paused = frozenset(map(int, ranks))
        self.leases.give_away(self.buffer.give_up_ranks(paused))
        return paused

    def _ending(self) -> list[Arg]:
        """Return the command that ends what this thread has in hand; empty when there is none to send."""
        held, outbox = self._state.held, self._state.outbox
        if held is None and not (outbox and outbox.commands):
            return []
        stream, entry = self.keys[NORMAL], b""
        if held is not None:
            stream, entry = self.keys[held.rank], held.id
            held.ended += 1
        words = outbox.words() if outbox else []
        return [b"EVALSHA", self._finish.sha, 1, stream, GROUP, self.leases.consumer, entry, *words]

    def _settled(self, reply: Any) -> redis.RedisError | None:
        """Let go of what this thread finished; return what is in the way if it may pass by itself."""
        if isinstance(reply, redis.exceptions.NoScriptError):
            # What else was in the packet has still to be read from this thread's connection.
            reply = self._finish_apart()
        if isinstance(reply, redis.RedisError) and may_pass(reply):
            return reply
        outbox, held = self._state.outbox, self._let_go()
        if held is not None:
            _report(held, reply)
            # One that can never be finished stays leased: this process would only run it again and again.
            if not isinstance(reply, redis.ResponseError):
                self.buffer.drop(held)
        if reply == 2 and outbox is not None and outbox.on_chord is not None:
            outbox.on_chord()
        return None

    def _finish_apart(self) -> Any:
        _, _, *words = self._ending()
        connection = ThreadConnection(self._client, first=[b"PING"])
        try:
            return connection.exchange([[b"EVAL", scripts.FINISH, *words]])[0]
        except redis.RedisError as error:
            return error
        finally:
            connection.close()

    def _read_command(self, streams: tuple[bytes, ...], *, block_ms: int) -> list[Arg]:
        block: list[Arg] = [b"BLOCK", block_ms] if block_ms else []
        last: list[Arg] = [b">"] * len(streams)
        head: list[Arg] = [b"XREADGROUP", b"GROUP", GROUP, self.leases.consumer, b"COUNT", 1]
        return [*head, *block, b"STREAMS", *streams, *last]

    def _receive(self, reply: Any, asked_at: float, paused: frozenset[int]) -> None:
        """Take what was read into this process's hands, unless it came too late to be ours.

        What is of a *paused* rank is given back unbegun.
        """
        if isinstance(reply, redis.ResponseError) and "NOGROUP" in str(reply):
            self._make_groups()
            [reply] = self._connection.exchange([self._read_command(self.keys, block_ms=0)])
        if isinstance(reply, redis.ResponseError):
            raise reply
        if reply and not self.leases.is_too_late(asked_at):
            found = [
                Delivery(self.keys.index(stream), entry, message(fields), leased_at=asked_at)
                for stream, entries in reply
                for entry, fields in entries
            ]
            self.buffer.offer(delivery for delivery in found if delivery.rank not in paused)
            self.leases.give_away([delivery for delivery in found if delivery.rank in paused])

    def _make_groups(self) -> None:
        """Make the consumer groups that are not there: the server is new, or lost what it had."""
        made = [self._make_group(stream) for stream in self.keys]
        for hook in self.on_empty if any(made) else ():
            hook()

    def _make_group(self, stream: bytes) -> bool:
        try:
            self._client.xgroup_create(stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
            return False
        return True

    @property
    def _connection(self) -> ThreadConnection:
        if self._state.connection is None:
            first: tuple[Arg, ...] = (b"SCRIPT", b"LOAD", scripts.FINISH)
            self._state.connection = ThreadConnection(self._client, first=first)
        return self._state.connection

    # --- writing with the end of a task -------------------------------------------------------------

    def finishing(self) -> AbstractContextManager[None]:
        """Keep what this thread writes until `settle` or the next `take`, as part of its message's end."""
        self._state.outbox = self._state.outbox or Outbox()
        return _Mode(self._state, is_acting=False, is_busy=True)

    def acting(self) -> AbstractContextManager[None]:
        """Within `finishing`: write at once, because a task's own code runs."""
        return _Mode(self._state, is_acting=True, is_busy=self._state.is_busy)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send what this thread writes meanwhile as one script, which happens whole or not at all."""
        before = self._state.outbox, self._state.is_acting
        self._state.outbox, self._state.is_acting = gathered, _ = Outbox(), False
        try:
            yield
        finally:
            self._state.outbox, self._state.is_acting = before
        if gathered.commands:
            self.write(*gathered.commands)

    def write(self, *commands: tuple[Arg, ...]) -> None:
        """Send *commands* with the end of the task in hand, or at once as one script outside of any."""
        outbox = self.outbox
        if outbox is not None:
            outbox.commands.extend(commands)
            return
        alone = Outbox()
        alone.commands.extend(commands)
        args: Any = [
            GROUP,
            self.leases.consumer,
            b"",
            *alone.words(),
        ]  # redis-py names fewer types than it takes
        self._finish([self.keys[NORMAL]], args)

    def has_field(self, key: str, field: str) -> bool:
        """Return whether the hash *key* has *field*, asked at once."""
        return bool(self._client.hexists(key, field))


def may_pass(error: Exception) -> bool:
    """Return whether *error* is Redis's, and the same command may work later.

    So it is with a server that is away, read-only, out of memory or disk, or busy with a script.
    """
    return isinstance(error, _PASSING) or any(word in str(error) for word in _MAY_PASS)


def _report(held: Delivery, reply: Any) -> None:
    """Say what became of the end of *held*, where that was not what should be."""
    if isinstance(reply, redis.RedisError | bytes | str):
        logger.error("Entry %s was not written whole: %s", held.id.decode(), _text(reply))
    elif reply == 0 and held.ended > 1:
        logger.info("Entry %s was finished by a try that got no answer, or is another's.", held.id.decode())
    elif reply == 0:
        logger.warning("Entry %s was finished too late: another worker has it.", held.id.decode())


def _text(reply: Any) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)

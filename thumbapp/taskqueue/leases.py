"""Who may work on which message: leases renewed, taken over, and given back.

A message is leased by being an entry of the consumer group that names this process and was renewed
less than a lease ago. docs/taskqueue.md tells the whole story.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import redis

from thumbapp.taskqueue import scripts
from thumbapp.taskqueue.delivery import MAX_ATTEMPTS, Arg, Delivery, DeliveryBuffer, EntryKey
from thumbapp.taskqueue.groups import GROUP, NOBODY

logger = logging.getLogger("huey.leases")

_RENEW_AT_MOST_EVERY_S = 3.0
_SWEEP_EVERY_S = 1.0
# What the server sent and this process never saw: no reply is on its way for longer.
_LOST_MS = 5_000
_LONG_AGO_MS = 86_400_000
_IDLE_CONSUMER_MS = 3_600_000
_WAITS_IN_VAIN_S = 1.0
_CLOCK_AHEAD_MS = 2_000


class Leases:
    """The leases of this process on entries of *streams*; what it holds is in *buffer*.

    Nothing is taken over of a stream whose rank is a field of the hash *paused_key*.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        streams: Iterable[bytes],
        paused_key: bytes,
        buffer: DeliveryBuffer,
        lease_s: float,
    ) -> None:
        self._streams = tuple(streams)
        self._paused_key = paused_key
        self._buffer = buffer
        self._lease_ms = int(lease_s * 1000)
        self._lost_ms = min(_LOST_MS, self._lease_ms)
        self.renew_every_s = min(_RENEW_AT_MOST_EVERY_S, lease_s / 4)
        self._sweeping = threading.Lock()
        self._sweep_at = 0.0
        self._clock: tuple[int, float] | None = None
        script = client.register_script
        self._renew, self._release = script(scripts.RENEW), script(scripts.RELEASE)
        self._sweep, self._tidy = script(scripts.SWEEP), script(scripts.TIDY)

    @cached_property
    def consumer(self) -> bytes:
        """The name of this process in the consumer groups; no other process ever has the same."""
        return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}".encode()

    def is_too_late(self, asked_at: float) -> bool:
        """Whether what was asked for at *asked_at* and comes only now may have been swept as lost."""
        return time.monotonic() - asked_at >= self._lost_ms / 1000

    def renew(self) -> None:
        """Renew the leases of all this process holds, and give away what no thread has taken up.

        What was taken from it meanwhile is not begun any more.
        """
        self.give_away(self._buffer.give_up_waiting(longer_than_s=_WAITS_IN_VAIN_S))
        deliveries = self._buffer.all()
        if not deliveries:
            return
        started = time.monotonic()
        keys = [word for delivery in deliveries for word in delivery.key]
        lost = {_entry_key(found) for found in self._renew(self._streams, [GROUP, self.consumer, *keys])}
        self._buffer.renewed(deliveries, at=started, lost=lost)

    def sweep(self) -> None:
        """Take over one message whose worker has been silent for a lease, if a second has passed.

        Where one was found, the next thread that is free looks again at once.
        """
        if time.monotonic() < self._sweep_at or not self._sweeping.acquire(blocking=False):
            return
        try:
            self._sweep_at = time.monotonic() + _SWEEP_EVERY_S
            found = self._overdue()
            if found:
                self._sweep_at = 0.0
                logger.warning("Took over %d task(s) of a worker that stopped or fell silent.", len(found))
                self._buffer.offer(found)
        finally:
            self._sweeping.release()

    def hold_off(self) -> None:
        """Let every worker renew its leases before the next sweep: none could while the server was away."""
        self._sweep_at = time.monotonic() + 2 * self.renew_every_s + _SWEEP_EVERY_S

    def hand_back(self) -> set[EntryKey]:
        """Give all of this process's messages to the next sweep of any worker, as if not delivered.

        Return which; from now on nothing that is finished here counts.
        """
        self._sweep_at = float("inf")
        given = self._release(self._streams, [GROUP, self.consumer, NOBODY, _LONG_AGO_MS])
        self._buffer.clear()
        return {_entry_key(found) for found in given}

    def tidy(self, *, leaving: bool = False) -> None:
        """Remove consumers that are gone from the groups; *leaving*, this process's own as well."""
        names = [self.consumer] if leaving else []
        self._tidy(self._streams, [GROUP, _IDLE_CONSUMER_MS, *names])

    def give_away(self, deliveries: list[Delivery]) -> None:
        """Give *deliveries*, which no thread has begun, to the next sweep of any worker."""
        if deliveries:
            words = _words(deliveries)
            self._release(self._streams, [GROUP, self.consumer, NOBODY, _LONG_AGO_MS, *words])

    def _overdue(self) -> list[Delivery]:
        """Return what was claimed; nothing, and later, when the server's clock tells nothing now."""
        held = self._buffer.all()
        limits: list[Arg] = [self._lease_ms, self._lost_ms, 1, MAX_ATTEMPTS]
        may_be_last = int(not any(delivery.is_last_try for delivery in held))
        expected = self._expected_ms()
        words = [GROUP, self.consumer, *limits, may_be_last, expected, _CLOCK_AHEAD_MS, self._paused_key]
        now_ms, *found = self._sweep(self._streams, [*words, *_words(held)])
        self._clock = now_ms, time.monotonic()
        if expected and now_ms - int(expected) > _CLOCK_AHEAD_MS:
            logger.warning("The clock went ahead, or this machine slept; leases count anew.")
            self.hold_off()
        return [Delivery(rank, entry, message(fields), attempt) for rank, entry, fields, attempt in found]

    def now_ms(self) -> int:
        """Return the time in ms: the server's, once this process swept; before, this machine's."""
        if self._clock is None:
            return time.time_ns() // 1_000_000
        read_ms, at = self._clock
        return read_ms + int((time.monotonic() - at) * 1000)

    def _expected_ms(self) -> str:
        """Return what the server's clock should read now; "" before it was asked."""
        return "" if self._clock is None else str(self.now_ms())


def message(fields: Iterable[bytes] | None) -> bytes:
    """Return the message in the flat *fields* of an entry; nothing for an entry that is not ours."""
    words = list(fields or ())
    return words[1] if words[:1] == [b"m"] else b""


def _words(deliveries: Iterable[Delivery]) -> list[bytes]:
    return [b"%d:%b" % delivery.key for delivery in deliveries]


def _entry_key(found: Iterable[Any]) -> EntryKey:
    rank, entry = found
    return rank, entry

"""The hub: one listener a process, many streams, a hard cap, resume from the id seen last."""

import threading
import weakref
from collections.abc import Callable, Iterable
from contextlib import closing

import redis

from thumbapp.errors import RedisUnavailable, TooManyStreams
from thumbapp.live.events import order, stream_key
from thumbapp.live.listener import Listener
from thumbapp.live.reader import Batch, Reader
from thumbapp.live.subscription import Subscription

MOST_MISSED = 500
ROOM = 1_000
READY_S = 2.0


class Hub:
    """Hands out what the listener reads to at most *capacity* streams, *per_session* a session.

    *connect* returns a new client that answers bytes and waits longer than `listener.BLOCK_MS` for a
    reply. Nothing is connected and no thread runs until somebody subscribes, nor after the last one
    left, so a hub may be made before a fork. Streams live through an outage of Redis; an id that is
    no longer kept gives one event of kind ``reset``.
    """

    def __init__(
        self, connect: Callable[[], redis.Redis], *, namespace: str, capacity: int, per_session: int = 6
    ) -> None:
        self._connect = connect
        self._key = stream_key(namespace)
        self._capacity = capacity
        self._per_session = per_session
        self._lock = threading.Lock()
        self._subscriptions: list[weakref.ref[Subscription]] = []
        self._listener: Listener | None = None
        self._position = ""
        self._is_closed = False

    @property
    def streams(self) -> int:
        """How many subscriptions there are now."""
        with self._lock:
            return len(self._alive())

    def subscribe(
        self, topics: Iterable[str], *, last_event_id: str | None = None, session: str = ""
    ) -> Subscription:
        """Return a subscription to *topics*: all events after *last_event_id*, else all from now on.

        The cap on a session is not applied to an empty *session*.

        Raises:
            TooManyStreams: a cap is reached, or the hub is closed; the answer to that is polling.
            RedisUnavailable: Redis does not say where the stream ends.
        """
        subscription = Subscription(topics, session=session, room=ROOM)
        listener = self._admit(subscription)
        try:
            self._catch_up(subscription, listener, last_event_id)
        except BaseException:
            subscription.close()
            raise
        return subscription

    def close(self) -> None:
        """End every stream at once and take no more; the listener's thread follows by itself."""
        with self._lock:
            self._is_closed = True
            listener = self._listener
            self._end_all()
        if listener:
            listener.stop()

    def wants(self, listener: Listener) -> bool:
        """Return whether *listener* shall go on; the first subscriber after that starts a new one."""
        with self._lock:
            if self._alive() and listener is self._listener:
                return True
            self._listener = None
            return False

    def deliver(self, batch: Batch) -> None:
        """Offer *batch* to every subscription."""
        with self._lock:
            self._position = batch.end
            for subscription in self._alive():
                subscription.offer(batch)

    def lost(self, listener: Listener) -> None:
        """End the streams of a listener that ended unasked; their browsers come back to a new one."""
        with self._lock:
            if listener is self._listener:
                self._listener = None
                self._end_all()

    def _admit(self, subscription: Subscription) -> Listener:
        """Add *subscription* within the caps and return the listener, started when there is none."""
        with self._lock:
            alive = self._alive()
            of_session = sum(other.session == subscription.session for other in alive)
            if self._is_closed or len(alive) >= self._capacity:
                raise TooManyStreams(self._capacity)
            if subscription.session and of_session >= self._per_session:
                raise TooManyStreams(self._per_session)
            self._subscriptions.append(weakref.ref(subscription))
            self._listener = self._listener or self._started()
            return self._listener

    def _started(self) -> Listener:
        listener = Listener(self._connect, key=self._key, audience=self)
        listener.start()
        return listener

    def _catch_up(self, subscription: Subscription, listener: Listener, last_event_id: str | None) -> None:
        """Give *subscription* what came after *last_event_id* and let the live events follow that.

        It was admitted before, and the stream is read after the listener knows its place: what is not
        in the one is in the other.
        """
        if not listener.is_ready(timeout_s=READY_S):
            raise RedisUnavailable
        missed = self._missed(last_event_id) if last_event_id else None
        with self._lock:
            if last_event_id and missed:
                subscription.settle(missed, after=last_event_id)
            elif last_event_id:
                subscription.settle(Batch.reset(self._position), after="")
            else:
                subscription.settle(Batch([], self._position), after=self._position)

    def _missed(self, last_event_id: str) -> Batch | None:
        """Return what came after *last_event_id*, None when that cannot be told."""
        try:
            order(last_event_id)
        except ValueError:
            return None
        try:
            with closing(self._connect()) as client:
                return Reader(client, key=self._key).since(last_event_id, most=MOST_MISSED)
        except redis.RedisError as error:
            raise RedisUnavailable from error

    def _alive(self) -> list[Subscription]:
        """Return the subscriptions that go on, forgetting the closed and the dropped ones."""
        found = [reference() for reference in self._subscriptions]
        alive = [subscription for subscription in found if subscription and not subscription.is_over]
        self._subscriptions = [weakref.ref(subscription) for subscription in alive]
        return alive

    def _end_all(self) -> None:
        for subscription in self._alive():
            subscription.close()
        self._subscriptions = []

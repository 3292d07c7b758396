"""What a worker holds between taking a message and finishing it. Knows no Redis command but by name."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

RANKS = ("high", "normal", "low")
NORMAL = 1
MAX_ATTEMPTS = 3

Arg = bytes | str | int | float  # of a Redis command
EntryKey = tuple[int, bytes]


def rank_of(priority: float | None) -> int:
    """Return which of the `RANKS` (0 is the first) Huey's *priority* falls into; none given is normal."""
    if not priority:
        return NORMAL
    return 0 if priority > 0 else 2


@dataclass(slots=True)
class Delivery:
    """One message in the hands of this process: where it came from and how often it was delivered.

    ``leased_at`` is this process's monotonic clock when the server last counted the lease anew,
    ``ended`` how often its end was sent without an answer.
    """

    rank: int
    id: bytes
    data: bytes
    attempt: int = 1
    leased_at: float = field(default_factory=time.monotonic)
    ended: int = 0

    @property
    def key(self) -> EntryKey:
        """Rank and entry: what is unique over all streams."""
        return self.rank, self.id

    @property
    def is_last_try(self) -> bool:
        """Whether the message is given up when its worker dies once more."""
        return self.attempt >= MAX_ATTEMPTS

    @property
    def order(self) -> tuple[int, int, int]:
        """What sorts deliveries by rank, then by age."""
        return self.rank, self.since_ms, int(self.id.partition(b"-")[2])

    @property
    def since_ms(self) -> int:
        """When the message was put into its stream, in ms since 1970 by the server's clock."""
        return int(self.id.partition(b"-")[0])


class Outbox:
    """Commands that go out together with the end of the task that caused them; reads see them at once.

    ``on_chord`` is called when they were carried out and made a chord complete.
    """

    def __init__(self) -> None:
        self.commands: list[tuple[Arg, ...]] = []
        self.on_chord: Callable[[], None] | None = None
        self._values: dict[bytes, bytes | None] = {}

    def add(self, *words: Arg) -> None:
        """Add one command."""
        self.commands.append(words)

    def note(self, key: bytes, value: bytes | None) -> None:
        """Remember that *key* holds *value* (None: nothing) from now on."""
        self._values[key] = value

    def knows(self, key: bytes) -> bool:
        """Whether a command here decides what *key* holds."""
        return key in self._values

    def value(self, key: bytes) -> bytes | None:
        """Return what *key* will hold; only for a key that `knows` says yes to."""
        return self._values[key]

    def words(self) -> list[Arg]:
        """Return all commands, each behind its number of words."""
        return [word for command in self.commands for word in (len(command), *command)]


class DeliveryBuffer:
    """The deliveries of this process: those in the hands of threads, and those that wait for one.

    A read brings an entry of each stream; what it brings too much waits here, leased, and goes to
    whichever thread is free first.
    """

    def __init__(self, *, lease_s: float) -> None:
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self._waiting: list[Delivery] = []
        self._held: dict[EntryKey, Delivery] = {}

    def offer(self, deliveries: Iterable[Delivery]) -> None:
        """Let *deliveries* wait for a thread, but for those that are here already."""
        with self._lock:
            here = {*self._held, *(delivery.key for delivery in self._waiting)}
            self._waiting += [delivery for delivery in deliveries if delivery.key not in here]
            if len(self._waiting) > 1:
                self._waiting.sort(key=lambda delivery: delivery.order)

    def best_rank(self) -> int | None:
        """Return the rank of the first that waits; None when none does."""
        with self._lock:
            return self._waiting[0].rank if self._waiting else None

    def take(self) -> Delivery | None:
        """Return the first that waits; it is held until it is dropped.

        One whose lease has run out meanwhile is somebody else's by now.
        """
        with self._lock:
            while self._waiting:
                delivery = self._waiting.pop(0)
                if time.monotonic() - delivery.leased_at < self._lease_s:
                    self._held[delivery.key] = delivery
                    return delivery
        return None

    def drop(self, delivery: Delivery) -> None:
        """Hold *delivery* no more."""
        with self._lock:
            self._held.pop(delivery.key, None)

    def put_back(self, delivery: Delivery) -> None:
        """Let *delivery*, which is held, wait for another try."""
        self.drop(delivery)
        self.offer([delivery])

    def give_up_waiting(self, *, longer_than_s: float) -> list[Delivery]:
        """Return, and forget, those that have found no free thread for *longer_than_s*."""
        before = time.monotonic() - longer_than_s
        with self._lock:
            given = [delivery for delivery in self._waiting if delivery.leased_at < before]
            self._waiting = [delivery for delivery in self._waiting if delivery not in given]
        return given

    def give_up_ranks(self, ranks: Collection[int]) -> list[Delivery]:
        """Return, and forget, those of *ranks* that wait for a thread."""
        with self._lock:
            given = [delivery for delivery in self._waiting if delivery.rank in ranks]
            self._waiting = [delivery for delivery in self._waiting if delivery.rank not in ranks]
        return given

    def all(self) -> list[Delivery]:
        """Return every delivery of this process."""
        with self._lock:
            return [*self._held.values(), *self._waiting]

    def clear(self) -> None:
        """Forget all: they were given back."""
        with self._lock:
            self._waiting.clear()
            self._held.clear()

    def renewed(self, deliveries: Iterable[Delivery], *, at: float, lost: set[EntryKey]) -> None:
        """Note that the leases of *deliveries* were renewed *at* that time, but for those *lost*."""
        with self._lock:
            for delivery in deliveries:
                if delivery.key not in lost:
                    delivery.leased_at = at
            self._waiting = [delivery for delivery in self._waiting if delivery.key not in lost]

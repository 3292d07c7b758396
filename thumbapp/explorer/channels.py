"""How many listen on a server's channels: a count, not the messages, which `feeds` has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from thumbapp.explorer.connections import unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.resp import Reply

MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Channels:
    """Who listens where: subscribers by channel, the most first; *patterns* are listened to by name pattern.

    *total* is how many channels have a subscriber, of which at most `MOST_LISTED` are named.
    """

    by_name: tuple[tuple[bytes, int], ...]
    total: int
    patterns: int


def count_channels(gate: Gate, names: Sequence[bytes], *, caller: Caller) -> Channels:
    """Return the subscribers of *names* and of the channels that have any."""
    active = _names(gate.read(("PUBSUB", "CHANNELS"), caller=caller, db=0))
    asked = [*dict.fromkeys([*names, *sorted(active)[:MOST_LISTED]])]
    counted: Reply = []
    if asked:
        counted = unfailed(gate.read(("PUBSUB", "NUMSUB", *asked), caller=caller, db=0))
    patterns = gate.read(("PUBSUB", "NUMPAT"), caller=caller, db=0)
    rows = counted if isinstance(counted, list) else []
    found = [
        (name, count)
        for name, count in zip(rows[::2], rows[1::2], strict=False)
        if isinstance(name, bytes) and isinstance(count, int)
    ]
    by_count = sorted(found, key=lambda pair: (-pair[1], pair[0]))
    return Channels(tuple(by_count), len(active), patterns if isinstance(patterns, int) else 0)


def _names(reply: Reply) -> list[bytes]:
    rows = unfailed(reply)
    return [name for name in rows if isinstance(name, bytes)] if isinstance(rows, list) else []

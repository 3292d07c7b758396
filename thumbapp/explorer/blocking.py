"""A command that waits: what comes, as it comes, on a connection of its own that can be ended any time.

For ``BLPOP`` and its like, ``XREAD BLOCK``, and subscriptions. Knows no web and no threads: whoever
iterates over the arrivals does the waiting.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from thumbapp.errors import NothingToWaitFor, TooManyChannels
from thumbapp.explorer.connections import Connection, ReplyStream
from thumbapp.explorer.feeds import MOST_SUBSCRIBED
from thumbapp.explorer.gate import Caller, Gate, command_name
from thumbapp.explorer.replies import as_text
from thumbapp.explorer.reply_types import data, pairs
from thumbapp.explorer.resp import Argument, Argv, Failure, Reply, as_bytes, word
from thumbapp.explorer.rules import Kind, rule_for

CUT_AT: Final = 65_536
SLICE_S: Final = 0.25
_LAST_WORD_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that came: the reply, as text too, and how long it was waited for."""

    reply: Reply
    text: str
    waited_s: float


class BlockingCommand:
    """One command that waits, let through by the gate; `arrivals` sends it.

    With *follows* the command is sent again after each reply: a reading of streams from the last id it
    saw, so that nothing between two replies is lost, a pop for the next element.

    Raises:
        Refused: the gate does not let it through, or it does not wait at all.
        TooManyChannels: it subscribes to more than `MOST_SUBSCRIBED`.
    """

    def __init__(self, gate: Gate, argv: Argv, *, caller: Caller, db: int, follows: bool = False) -> None:
        self._name = command_name(argv)
        if rule_for(argv, self._name, [Kind.WAITS]) is None:
            raise NothingToWaitFor(self._name)
        if self.is_subscription and len(argv) > MOST_SUBSCRIBED + 1:
            raise TooManyChannels(MOST_SUBSCRIBED)
        self._gate, self._caller, self._db, self._follows = gate, caller, db, follows
        self._is_blocked = False
        self._changes = gate.admit(argv, caller=caller, db=db)
        self.argv = argv

    @property
    def is_subscription(self) -> bool:
        """Whether it goes on by itself, until it is stopped."""
        return "SUBSCRIBE" in self._name

    def arrivals(self, is_over: Callable[[], bool]) -> Iterator[Arrival | None]:
        """Yield what comes; None four times a second while nothing does, to look round.

        It ends when *is_over*, after an error, and after one reply when it is neither a subscription
        nor followed. What the server hands over while it is being ended is still yielded.
        """
        pool = self._gate.server.pool
        with pool.connection(self._db) as connection:
            identity = int(str(connection.ask("CLIENT", "ID")))
            argv = self._with_real_ids(connection)
            with connection.streaming(cut_at=CUT_AT) as stream:
                for reply, waited_s in self._replies(stream, argv, is_over):
                    yield None if waited_s is None else self._arrival(reply, waited_s)
                if self._is_blocked and not self.is_subscription:
                    pool.exchange(self._db, ("CLIENT", "UNBLOCK", identity))
                    if stream.has_reply(timeout_s=_LAST_WORD_S) and (last := stream.reply()) is not None:
                        yield self._arrival(last, 0.0)

    def _replies(
        self, stream: ReplyStream, argv: Argv, is_over: Callable[[], bool]
    ) -> Iterator[tuple[Reply, float | None]]:
        """Yield replies with the time they took, and (None, None) while there are none."""
        stream.send(argv)
        began, self._is_blocked = time.monotonic(), True
        while not is_over():
            if not stream.has_reply(timeout_s=SLICE_S):
                yield None, None
                continue
            reply = stream.reply()
            self._is_blocked = False
            yield reply, time.monotonic() - began
            if self.is_subscription and not isinstance(reply, Failure):
                continue
            if not self._follows or isinstance(reply, Failure):
                return
            argv = following(argv, reply)
            stream.send(argv)
            began, self._is_blocked = time.monotonic(), True

    def _arrival(self, reply: Reply, waited_s: float) -> Arrival:
        if self._changes and reply is not None:
            self._gate.note_run(self.argv, reply, caller=self._caller, db=self._db)
        return Arrival(reply, as_text(reply, self.argv), waited_s)

    def _with_real_ids(self, connection: Connection) -> Argv:
        """Return the command with each ``$`` replaced by the id it stands for now.

        Otherwise a stream that another one's entry woke us from would lose what came meanwhile.
        """
        if self._name != "XREAD":
            return self.argv
        head, keys, ids = _streams(self.argv)
        asked = zip(keys, ids, strict=False)
        real = [_newest(connection, key) if as_bytes(at) == b"$" else at for key, at in asked]
        return (*head, *keys, *real) if len(keys) == len(ids) else self.argv


def following(argv: Argv, reply: Reply) -> Argv:
    """Return what to send after *reply* came to *argv*: a reading goes on from the last ids it saw."""
    if word(argv, 0) != "XREAD" or not isinstance(reply, list):
        return argv  # a pop asks the same again, and a group knows its place
    head, keys, ids = _streams(argv)
    seen = dict(_last_ids(reply))
    return (*head, *keys, *(seen.get(as_bytes(key), at) for key, at in zip(keys, ids, strict=False)))


def _last_ids(rows: list[Reply]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each stream of a reading's reply with the last id it holds."""
    for row in rows:
        match row:
            case [bytes() as key, [*_, [bytes() as last, *_]]]:
                yield key, last


def _streams(argv: Argv) -> tuple[Argv, list[Argument], list[Argument]]:
    """Return what stands before the keys of a reading, the keys, and their ids."""
    start = next((at + 1 for at in range(len(argv)) if word(argv, at) == "STREAMS"), len(argv))
    half = start + (len(argv) - start) // 2
    return argv[:start], list(argv[start:half]), list(argv[half:])


def _newest(connection: Connection, key: Argument) -> Argument:
    """Return the last id that the stream *key* ever had; ``0`` when there is no such stream."""
    reply = connection.exchange(("XINFO", "STREAM", key), cut_at=CUT_AT)[0]
    return data(pairs(reply).get("last-generated-id")) or "0"

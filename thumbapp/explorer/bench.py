"""The benchmark of pipelining: the same command many times, sent in different ways, side by side.

Everything sent is counted in advance and bounded; the one key it uses is its own and is removed. Knows
no web: `Benchmark.run` yields what it has measured so far.
"""

import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import hiredis

from thumbapp.errors import BadParameter, server_said
from thumbapp.explorer.connections import Connection
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.resp import Argv, pack

MOST_COMMANDS: Final = 100_000
MOST_ROUNDS: Final = 10
LONGEST_S: Final = 60.0
BATCHES: Final = (10, 100, 1_000, 10_000)
_IN_LUA: Final = 1_000

Ask = Callable[[bytes, int], list[Any]]


class Command(StrEnum):
    """What is measured; each is sent to one key of the benchmark's own."""

    INCR = "INCR"
    SET = "SET"
    GET = "GET"
    LPUSH = "LPUSH"
    HSET = "HSET"
    SADD = "SADD"
    PING = "PING"

    def argv(self, key: str) -> Argv:
        """Return the command as it is sent."""
        arguments: dict[Command, Argv] = {
            Command.SET: (key, "x"),
            Command.LPUSH: (key, "x"),
            Command.HSET: (key, "field", "x"),
            Command.SADD: (key, "member"),
            Command.PING: (),
        }
        return (str(self), *arguments.get(self, (key,)))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to send many commands: *batch* of them at a time, as a transaction or inside a script.

    *short* is its name where there is little room.
    """

    name: str
    short: str
    batch: int
    is_transaction: bool = False
    is_script: bool = False


WAYS: Final = (
    Way("one by one", "1", 1),
    *(Way(f"pipelined by {batch:,}", f"{batch:,}", batch) for batch in BATCHES),
    Way("MULTI by 1,000", "MULTI", 1_000, is_transaction=True),
    Way(f"in Lua by {_IN_LUA:,}", "Lua", _IN_LUA, is_script=True),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: *count* times *command*, each way in each of *rounds*."""

    count: int = 10_001
    command: Command = Command.INCR
    rounds: int = 3

    @classmethod
    def parse(cls, count: str, command: str, rounds: str) -> "Plan":
        """Return what somebody asked for, or raise BadParameter."""
        known = [str(one) for one in Command]
        if command.upper() not in known:
            raise BadParameter("command", command, f"one of {', '.join(known)}")
        return cls(
            _number("count", count, most=MOST_COMMANDS),
            Command(command.upper()),
            _number("rounds", rounds, most=MOST_ROUNDS),
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one way took in each round so far, in seconds."""

    way: Way
    seconds: tuple[float, ...]
    count: int

    @property
    def median_s(self) -> float:
        """The time of the middle round."""
        return statistics.median(self.seconds) if self.seconds else 0.0

    @property
    def per_second(self) -> float:
        """How many commands a second that is."""
        return self.count / self.median_s if self.median_s else 0.0

    def ratios(self, base: "Timing") -> tuple[float, ...]:
        """Return how many times faster than *base* it was, round by round, smallest first."""
        pairs = zip(base.seconds, self.seconds, strict=False)
        return tuple(sorted(slow / fast for slow, fast in pairs if fast))


@dataclass(frozen=True, slots=True)
class Progress:
    """What is measured so far, and how much of all of it that is, from 0 to 1."""

    timings: tuple[Timing, ...]
    part: float
    is_cut_short: bool = False


class Benchmark:
    """One run of *plan* on one server, on behalf of a caller in edit mode."""

    def __init__(self, gate: Gate, plan: Plan, *, caller: Caller, db: int) -> None:
        self._gate, self._plan, self._caller, self._db = gate, plan, caller, db
        self._key = f"thumbapp-bench-{secrets.token_hex(8)}"
        gate.admit(plan.command.argv(self._key), caller=caller, db=db)
        gate.admit(("UNLINK", self._key), caller=caller, db=db)

    def run(self, is_over: Callable[[], bool] = lambda: False) -> Iterator[Progress]:
        """Yield after each measurement; ways take turns, so that a busy moment hits all alike.

        It ends early when *is_over*, or after `LONGEST_S` seconds; raises what the server refuses.
        """
        seconds: dict[Way, list[float]] = {way: [] for way in WAYS}
        end, done = time.monotonic() + LONGEST_S, 0
        with self._gate.server.pool.connection(self._db) as connection:
            try:
                for way in WAYS * self._plan.rounds:
                    if is_over() or time.monotonic() > end:
                        yield self._progress(seconds, done, is_cut_short=True)
                        return
                    seconds[way].append(self._measure(connection, way))
                    done += 1
                    yield self._progress(seconds, done)
            finally:
                connection.exchange(("UNLINK", self._key))
        self._gate.note(f"BENCH {self._plan.count} {self._plan.command}", caller=self._caller, db=self._db)

    def _progress(
        self, seconds: dict[Way, list[float]], done: int, *, is_cut_short: bool = False
    ) -> Progress:
        timings = (Timing(way, tuple(taken), self._plan.count) for way, taken in seconds.items() if taken)
        return Progress(tuple(timings), done / (len(WAYS) * self._plan.rounds), is_cut_short)

    def _measure(self, connection: Connection, way: Way) -> float:
        connection.ask("UNLINK", self._key)
        with connection.pipelining() as ask:
            began = time.perf_counter()
            last = self._send(ask, way)
            taken_s = time.perf_counter() - began
        if isinstance(last, hiredis.ReplyError):
            raise server_said(str(last))
        return taken_s

    def _send(self, ask: Ask, way: Way) -> Any:
        """Run the command as often as planned and return the last answer."""
        replies: list[Any] = []
        whole, rest = divmod(self._plan.count, way.batch)
        packet, answers = self._packet(way, way.batch)
        for _ in range(whole):
            replies = ask(packet, answers)
        if rest:
            replies = ask(*self._packet(way, rest))
        return replies[-1]

    def _packet(self, way: Way, size: int) -> tuple[bytes, int]:
        """Return the bytes of one trip that runs the command *size* times, and how many answers come."""
        argv = self._plan.command.argv(self._key)
        if way.is_script:
            return pack([("EVAL", _LOOP, int(len(argv) > 1), *argv[1:2], size, argv[0], *argv[2:])]), 1
        if way.is_transaction:
            return pack([("MULTI",), *[argv] * size, ("EXEC",)]), size + 2
        return pack([argv]) * size, size


_LOOP: Final = """\
local call = {ARGV[2], KEYS[1]}
for i = 3, #ARGV do call[#call + 1] = ARGV[i] end
for i = 1, tonumber(ARGV[1]) do redis.call(unpack(call)) end
return 1
"""


def _number(name: str, text: str, *, most: int) -> int:
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= most:
        raise BadParameter(name, text, f"a number from 1 to {most:,}")
    return int(text)

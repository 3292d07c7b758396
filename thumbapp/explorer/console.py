"""One console: a connection of its own, on which lines run as redis-cli runs them, all through the gate.

Keeps what the connection remembers, the database and a transaction that is open. Knows no web.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, NamedTuple

from thumbapp.errors import MustWait, ThumbAppError, TooManyQueued, TransactionLost
from thumbapp.explorer.connections import Connection
from thumbapp.explorer.gate import Caller, Gate, command_name
from thumbapp.explorer.quoting import command_line, parse
from thumbapp.explorer.replies import as_text
from thumbapp.explorer.resp import Argv, Failure, Reply, as_bytes, word
from thumbapp.explorer.rules import Kind, Mode, rule_for
from thumbapp.explorer.watchdog import KILLS, is_script, run_watched

MOST_QUEUED: Final = 1_000
MOST_REPEATS: Final = 1_000
_ENDS: Final = frozenset({"EXEC", "DISCARD"})


@dataclass(frozen=True, slots=True)
class ConsoleResult:
    """What one line brought: the reply, as text too, the time it took, and how the console stands now.

    *queued* are the commands of the transaction that is open, None when none is.
    """

    argv: Argv
    reply: Reply
    text: str
    ms: float
    db: int
    queued: tuple[str, ...] | None = None

    @property
    def is_error(self) -> bool:
        """Whether the server answered with an error."""
        return isinstance(self.reply, Failure)


class _Sent(NamedTuple):
    """A command, and whether it is to be noted once it has run."""

    argv: Argv
    changes: bool


class Console:
    """Runs lines for one person on one server, one at a time; `close` gives the connection back.

    Connects at the first line. *clock* returns seconds and tells `idle_s`.
    """

    def __init__(self, gate: Gate, *, db: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.gate = gate
        self.db = db
        self._clock = clock
        self._lock = threading.Lock()
        self._held = ExitStack()
        self._connection: Connection | None = None
        self._queued: list[_Sent] | None = None
        self._watches = False
        self._used_at = clock()

    @property
    def idle_s(self) -> float:
        """How long nothing has been run, in seconds; 0 while something runs."""
        return 0.0 if self._lock.locked() else self._clock() - self._used_at

    @property
    def prompt(self) -> str:
        """What stands before the next line."""
        return prompt(self.gate.server.label, db=self.db, is_queuing=self._queued is not None)

    @property
    def queued(self) -> tuple[str, ...] | None:
        """The commands of the open transaction as lines, None when none is open."""
        if self._queued is None:
            return None
        return tuple(command_line(map(as_bytes, argv)) for argv, _ in self._queued)

    def run(self, line: str, *, caller: Caller, confirm: str = "") -> list[ConsoleResult]:
        """Run *line*, a number in front repeating it, and return what each run brought.

        Raises:
            Refused: the line cannot be read, or the gate refuses it. ConfirmationNeeded: it asks first.
            MustWait: the command waits, which needs a pane of its own.
            ServerAway: there was no answer; an open transaction is lost.
        """
        times, argv = _repeated(tuple(parse(line)))
        with self._lock:
            try:
                return [self._run(argv, caller=caller, confirm=confirm) for _ in range(times)]
            finally:
                self._used_at = self._clock()

    def close(self) -> None:
        """Give the connection back, cut off when a transaction is open on it; `run` opens another."""
        with self._lock:
            self._drop()

    def _run(self, argv: Argv, *, caller: Caller, confirm: str) -> ConsoleResult:
        if command_name(argv) in KILLS and self._queued is None:
            ran = self.gate.run(argv, caller=caller, db=self.db)
            return ConsoleResult(argv, ran.reply, as_text(ran.reply, argv), ran.ms, self.db)
        changes = self._admitted(argv, caller=caller, confirm=confirm)
        try:
            began = time.perf_counter()
            reply = self._reply(argv, caller)
            ms = (time.perf_counter() - began) * 1000
        except ThumbAppError:
            self._drop()
            raise
        for command, answer in self._remember(_Sent(argv, changes), reply):
            if command.changes:
                self.gate.note_run(command.argv, answer, caller=caller, db=self.db)
        return ConsoleResult(argv, reply, as_text(reply, argv), ms, self.db, self.queued)

    def _reply(self, argv: Argv, caller: Caller) -> Reply:
        """Return what the server answers; a script is watched, alone or in a transaction."""
        connection, name = self._connected(), command_name(argv)
        sent = [argv] if self._queued is None else [one.argv for one in self._queued] * (name == "EXEC")
        if script := next(filter(is_script, sent), None):
            may_kill = caller.mode.covers(Mode.ADMIN)
            return run_watched(self.gate.server, connection, argv, may_kill=may_kill, script=script)[0]
        return connection.exchange(argv)[0]

    def _admitted(self, argv: Argv, *, caller: Caller, confirm: str) -> bool:
        """Ask the gate over another connection: on this one its questions would join a transaction."""
        name = command_name(argv)
        if rule_for(argv, name, [Kind.WAITS]) and (self._queued is None or "SUBSCRIBE" in name):
            raise MustWait(name)
        if len(self._queued or ()) >= MOST_QUEUED and name not in _ENDS:
            raise TooManyQueued(MOST_QUEUED)
        return self.gate.admit(argv, caller=caller, db=self.db, confirm=confirm)

    def _connected(self) -> Connection:
        """Return the connection, made anew when it is lost; a transaction that is lost with it is told of."""
        if self._connection is not None and self._connection.is_lost():
            was_open = self._queued is not None or self._watches
            self._drop()
            if was_open:
                raise TransactionLost(self.gate.server.label)
        if self._connection is None:
            self._connection = self._held.enter_context(self.gate.server.pool.connection(self.db))
        return self._connection

    def _remember(self, sent: _Sent, reply: Reply) -> list[tuple[_Sent, Reply]]:
        """Follow what *sent* did to the connection; return what has really run, each with its reply."""
        name, was_queued = command_name(sent.argv), self._queued
        if name in _ENDS:
            self._queued, self._watches = None, False
        elif was_queued is None or isinstance(reply, Failure):
            self._watches = (self._watches or name == "WATCH") and name != "UNWATCH"
            self._queued = [] if name == "MULTI" and was_queued is None else was_queued
        else:
            was_queued.append(sent)
            return []
        ran = [(sent, reply)]
        if name == "EXEC" and was_queued and isinstance(reply, list):
            ran = list(zip(was_queued, reply, strict=False))
        for command, answer in ran:
            if word(command.argv, 0) == "SELECT" and not isinstance(answer, Failure):
                self.db = int(word(command.argv, 1))
                self._connected().moved_to(self.db)
        return ran

    def _drop(self) -> None:
        if self._connection is not None and (self._queued is not None or self._watches):
            self._connection.is_clean = False
        self._queued, self._watches, self._connection = None, False, None
        self._held.close()


def prompt(label: str, *, db: int, is_queuing: bool = False) -> str:
    """Return what stands before a line: ``host:port[db]>``, with redis-cli's ``(TX)`` in a transaction."""
    return f"{label}[{db}]{'(TX)' if is_queuing else ''}>"


def _repeated(argv: Argv) -> tuple[int, Argv]:
    """Return how often *argv* is to run, and what: redis-cli runs ``5 INCR x`` five times."""
    first = word(argv, 0)
    if len(argv) > 1 and first.isdecimal() and 1 <= len(first) <= 4 and 0 < int(first) <= MOST_REPEATS:
        return int(first), argv[1:]
    return 1, argv

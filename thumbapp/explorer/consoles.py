"""Every open console of this process: found again by its id, by nobody but who opened it.

A console that nobody used for a while is closed. What a person typed is kept in the app's own Redis.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import redis

from thumbapp.errors import ConsoleNotFound, ThumbAppError, TooManyConsoles
from thumbapp.explorer.console import Console, ConsoleResult
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.quoting import parse
from thumbapp.explorer.resp import word

IDLE_S: Final = 600.0
MOST_OPEN: Final = 48
MOST_OF_ONE: Final = 6
MOST_SHOWN: Final = 50
MOST_CHARACTERS: Final = 4_000_000
MOST_REMEMBERED: Final = 500
_LONGEST_REMEMBERED: Final = 2_000
_SECRET: Final = frozenset({"AUTH", "ACL", "CONFIG", "HELLO", "MIGRATE"})


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One line of a transcript: what was typed, and what came of it or why nothing did."""

    number: int
    prompt: str
    line: str
    said: tuple[ConsoleResult, ...] = ()
    error: ThumbAppError | None = None

    @property
    def size(self) -> int:
        """How many characters it holds."""
        return len(self.line) + sum(len(said.text) for said in self.said)


@dataclass(slots=True)
class OpenConsole:
    """A console with its transcript: the newest `MOST_SHOWN` lines, fewer where what they brought is long.

    Together they hold `MOST_CHARACTERS`; the newest is there whatever its length.
    """

    console: Console
    owner: str
    entries: deque[TranscriptEntry] = field(default_factory=lambda: deque(maxlen=MOST_SHOWN))
    count: int = 0

    def add(
        self, prompt: str, line: str, said: list[ConsoleResult], error: ThumbAppError | None
    ) -> TranscriptEntry:
        """Write down what came of *line* and return it."""
        self.count += 1
        self.entries.append(TranscriptEntry(self.count, prompt, line, tuple(said), error))
        held = sum(entry.size for entry in self.entries)
        while held > MOST_CHARACTERS and len(self.entries) > 1:
            held -= self.entries.popleft().size
        return self.entries[-1]

    def find(self, number: int) -> TranscriptEntry | None:
        """Return the line with that number, None when it is kept no more."""
        return next((entry for entry in self.entries if entry.number == number), None)


class Consoles:
    """The open consoles, at most `MOST_OPEN`, `MOST_OF_ONE` an owner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[str, OpenConsole] = OrderedDict()

    def open(self, console_id: str, *, owner: str, gate: Gate, db: int) -> OpenConsole:
        """Return the console *console_id* of *owner* on that server, a new one on *db* when there is none.

        Raises:
            ConsoleNotFound: it is somebody else's.
            TooManyConsoles: somebody else's must be closed first; one's own oldest is closed unasked.
        """
        with ExitStack() as leaving, self._lock:
            self._take_off(lambda opened: opened.console.idle_s > IDLE_S, leaving)
            opened = self._open.get(console_id)
            if opened is None or opened.owner != owner or opened.console.gate is not gate:
                opened = self._opened(console_id, leaving, owner=owner, gate=gate, db=db)
            self._open.move_to_end(console_id)
            return opened

    def find(self, console_id: str, *, owner: str) -> OpenConsole | None:
        """Return the console *console_id* when *owner* has it open."""
        with self._lock:
            opened = self._open.get(console_id)
            return opened if opened and opened.owner == owner else None

    def close(self, console_id: str = "", *, owner: str = "") -> None:
        """Close the console *console_id* of *owner*; all consoles without an id."""
        with ExitStack() as leaving, self._lock:
            if not console_id:
                self._take_off(lambda _: True, leaving)
            elif (opened := self._open.get(console_id)) and opened.owner == owner:
                self._take_off(lambda other: other is opened, leaving)

    def _opened(self, console_id: str, leaving: ExitStack, *, owner: str, gate: Gate, db: int) -> OpenConsole:
        if console_id in self._open and self._open[console_id].owner != owner:
            raise ConsoleNotFound  # somebody guessed an id of 128 bits, or sent it on
        self._take_off(lambda opened: opened is self._open.get(console_id), leaving)
        own = [opened for opened in self._open.values() if opened.owner == owner]
        if len(own) >= MOST_OF_ONE:
            self._take_off(lambda opened: opened is own[0], leaving)
        if len(self._open) >= MOST_OPEN:
            raise TooManyConsoles(MOST_OPEN)
        opened = self._open[console_id] = OpenConsole(Console(gate, db=db), owner)
        return opened

    def _take_off(self, is_meant: Callable[[OpenConsole], bool], leaving: ExitStack) -> None:
        """Forget the consoles that are meant; *leaving* closes them, which waits for what runs there."""
        for console_id, opened in [*self._open.items()]:
            if is_meant(opened):
                del self._open[console_id]
                leaving.callback(opened.console.close)


class History:
    """What each person typed, newest last, in the app's own Redis; lines that hold secrets are left out."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._prefix = f"{namespace}explorer:history:"

    def of(self, who: str) -> list[str]:
        """Return the lines of *who*, oldest first."""
        lines = self._redis.lrange(self._prefix + who, -MOST_REMEMBERED, -1)
        return [line.decode("utf-8", "replace") for line in lines]

    def add(self, who: str, line: str) -> None:
        """Remember *line*, unless it may hold a secret, is long, or is the one before."""
        if not line.strip() or len(line) > _LONGEST_REMEMBERED or _may_hold_a_secret(line):
            return
        key = self._prefix + who
        if self._redis.lindex(key, -1) == line.encode():
            return
        with self._redis.pipeline() as pipe:
            pipe.rpush(key, line.encode())
            pipe.ltrim(key, -MOST_REMEMBERED, -1)
            pipe.execute()

    def forget(self, who: str) -> None:
        """Forget every line of *who*."""
        self._redis.delete(self._prefix + who)


def _may_hold_a_secret(line: str) -> bool:
    try:
        return word(tuple(parse(line)), 0) in _SECRET
    except ThumbAppError:
        return True

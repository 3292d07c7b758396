"""Whole packets to one server and whole answers back, over connections borrowed from a redis-py client.

redis-py connects, signs in, speaks TLS and finds masters; what is sent and read goes past its
commands, because it knows neither packed batches nor raw answers. Knows no command but SELECT.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import hiredis
import redis

from thumbapp.errors import ServerAway, ThumbAppError, server_said
from thumbapp.explorer.quoting import command_line
from thumbapp.explorer.resp import Argv, Failure, Reply, ReplyReader, as_bytes, pack

TIMEOUT_S: Final = 5.0
ANY_DB: Final = -1
MOST_REPLY_BYTES: Final = 16_000_000
_CHUNK: Final = 65_536
_LONGEST_LOGGED: Final = 300
_WORDS: Final[dict[type[redis.RedisError], str]] = {
    redis.exceptions.BusyLoadingError: "LOADING",
    redis.exceptions.MasterDownError: "MASTERDOWN",
    redis.exceptions.NoPermissionError: "NOPERM",
    redis.exceptions.OutOfMemoryError: "OOM",
    redis.exceptions.ReadOnlyError: "READONLY",
    redis.exceptions.AuthenticationWrongNumberOfArgsError: "WRONGPASS",
    redis.AuthenticationError: "NOAUTH",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What went to the server in one packet, and how long its answers took."""

    commands: tuple[str, ...]
    count: int
    ms: float


@dataclass(slots=True)
class Journal:
    """Every packet sent on behalf of one page, for its log of commands."""

    sent: list[Sent] = field(default_factory=list)

    def add(self, commands: Sequence[str], count: int, began: float) -> None:
        """Note that *count* commands, of which *commands* are the first, were answered just now."""
        self.sent.append(Sent(tuple(commands), count, (time.perf_counter() - began) * 1000))


class Connection:
    """One connection, held for as long as its commands belong together; *raw* is redis-py's."""

    def __init__(self, raw: Any, *, db: int, server: str, journal: Journal | None) -> None:
        self._raw = raw
        self._db = db
        self._server = server
        self._journal = journal
        self.is_clean = True

    def exchange(
        self,
        *commands: Argv,
        cut_at: int | None = None,
        limit: int = MOST_REPLY_BYTES,
        timeout_s: float = TIMEOUT_S,
    ) -> list[Reply]:
        """Send *commands* as one packet and return a reply for each, errors in their place.

        Strings longer than *cut_at* bytes come as their beginning; more than *limit* bytes in all
        raise ReplyTooLarge.
        """
        began = time.perf_counter()
        with self._talking(timeout_s) as wire:
            wire.sendall(pack(commands))
            reader = ReplyReader(wire.recv, cut_at=cut_at, limit=limit)
            replies = [reader.read() for _ in commands]
        if self._journal is not None:
            self.note([logged(argv) for argv in commands[:4]], len(commands), began)
        return replies

    def ask(self, *argv: Any, cut_at: int | None = None) -> Reply:
        """Return the reply to one command; an error of the server is raised."""
        return unfailed(self.exchange(argv, cut_at=cut_at)[0])

    def exchange_packed(self, packet: bytes, count: int, *, logged_as: Sequence[str] = ()) -> list[Any]:
        """Send *count* packed commands and return their replies as hiredis reads them.

        This is the fast way, for long lists of short answers: nothing is cut, and an error is a
        `hiredis.ReplyError` in its place.
        """
        began = time.perf_counter()
        with self.pipelining() as ask:
            replies = ask(packet, count)
        self.note(logged_as, count, began)
        return replies

    def is_lost(self) -> bool:
        """Whether the server has closed the connection meanwhile; no reply may be awaited."""
        wire: socket.socket | None = self._raw._sock
        return wire is None or _is_readable(wire, 0)

    def moved_to(self, db: int) -> None:
        """Take note that the connection is on database *db* now."""
        self._db = self._raw.db = db

    @contextmanager
    def pipelining(self) -> Iterator[Callable[[bytes, int], list[Any]]]:
        """Lend what sends packed commands and returns that many replies, for loops of thousands."""
        with self._talking(TIMEOUT_S) as wire:
            reader = hiredis.Reader(notEnoughData=wire)

            def ask(packet: bytes, count: int) -> list[Any]:
                wire.sendall(packet)
                replies: list[Any] = []
                while len(replies) < count:
                    reader.feed(_received(wire))
                    while (reply := reader.gets()) is not wire:
                        replies.append(reply)
                return replies

            yield ask

    @contextmanager
    def streaming(self, *, cut_at: int | None, is_kept: bool = False) -> Iterator["ReplyStream"]:
        """Lend the connection for replies that come when they come.

        It is closed afterwards, unless *is_kept*: then every reply has been taken. Of longer strings the
        first *cut_at* bytes are kept.
        """
        with self._talking(TIMEOUT_S) as wire:
            yield ReplyStream(wire, ReplyReader(wire.recv, cut_at=cut_at, limit=MOST_REPLY_BYTES))
        self.is_clean = is_kept

    def note(self, commands: Sequence[str], count: int, began: float) -> None:
        """Write into the journal what was sent in a `pipelining` that began at *began*."""
        if self._journal is not None:
            self._journal.add(commands, count, began)

    @contextmanager
    def _talking(self, timeout_s: float) -> Iterator[socket.socket]:
        """Lend the socket, on the right database; whatever breaks off in between makes it unusable."""
        self.is_clean = False
        wire: socket.socket = self._raw._sock
        try:
            wire.settimeout(timeout_s)
            self._select(wire)
            yield wire
        except TimeoutError as error:
            raise ServerAway(self._server, f"no answer within {timeout_s:g} s") from error
        except OSError as error:
            raise ServerAway(self._server, str(error)) from error
        self.is_clean = True

    def _select(self, wire: socket.socket) -> None:
        if self._db in (self._raw.db, ANY_DB):
            return
        wire.sendall(pack([("SELECT", self._db)]))
        reply = ReplyReader(wire.recv, cut_at=None, limit=_CHUNK).read()
        if isinstance(reply, Failure):
            raise server_said(reply.text)
        self._raw.db = self._db  # where redis-py goes back to when it connects anew


class ReplyStream:
    """A connection on which commands are sent and replies come later, if at all."""

    def __init__(self, wire: socket.socket, reader: ReplyReader) -> None:
        self._wire = wire
        self._reader = reader

    def send(self, *commands: Argv) -> None:
        """Send *commands* and wait for nothing."""
        self._wire.sendall(pack(commands))

    def has_reply(self, *, timeout_s: float) -> bool:
        """Return whether a reply has begun to come, waiting for it for *timeout_s* at most."""
        return self._reader.has_more or _is_readable(self._wire, timeout_s)

    def reply(self) -> Reply:
        """Return the next reply, an error of the server being one; it must have begun to come."""
        return self._reader.read_anew()


class ConnectionPool:
    """The connections to one server, those of *client*, which nobody else may use.

    They change their database: whoever shares them would read another one.
    """

    def __init__(self, client: redis.Redis, *, name: str) -> None:
        self._pool: Any = client.connection_pool
        # A server that cannot save refuses PING, too, and can be read all the same.
        self._pool.connection_kwargs["health_check_interval"] = 0
        self.name = name

    @contextmanager
    def connection(self, db: int, *, journal: Journal | None = None) -> Iterator[Connection]:
        """Lend a connection that is on database *db*, on whichever for `ANY_DB`.

        Raises:
            ServerAway: the server cannot be reached, or stops answering.
            ServerRefused: it does not let us in, or has no such database.
        """
        raw = self._open()
        connection = Connection(raw, db=db, server=self.name, journal=journal)
        try:
            yield connection
        finally:
            if connection.is_clean and raw._sock is not None:
                raw._sock.settimeout(raw.socket_timeout)
            else:
                raw.disconnect()
            self._pool.release(raw)

    @contextmanager
    def fresh_connection(self) -> Iterator[Connection]:
        """Lend a new connection that has only signed in: a server busy with a script takes no more than that.

        Raises ServerAway and ServerRefused as `connection` does.
        """
        options = self._pool.connection_kwargs | {"client_name": None, "db": 0}
        raw = self._pool.connection_class(**options)
        try:
            raw.connect()
            yield Connection(raw, db=ANY_DB, server=self.name, journal=None)
        except redis.RedisError as error:
            raise self._explained(error) from error
        finally:
            raw.disconnect()

    def exchange(self, db: int, *commands: Argv, cut_at: int | None = None) -> list[Reply]:
        """Send *commands* as one packet to database *db* and return a reply for each."""
        with self.connection(db) as connection:
            return connection.exchange(*commands, cut_at=cut_at)

    def close(self) -> None:
        """Close every connection."""
        self._pool.disconnect()

    def _open(self) -> Any:
        try:
            return self._pool.get_connection()
        except redis.RedisError as error:
            raise self._explained(error) from error

    def _explained(self, error: redis.RedisError) -> ThumbAppError:
        """Return what it means that no connection could be made."""
        text = str(error)
        for kind, word in _WORDS.items():  # redis-py leaves the server's word for it out
            if isinstance(error, kind):
                word = "WRONGPASS" if word == "NOAUTH" and "invalid" in text.lower() else word
                return server_said(text if text.startswith(word) else f"{word} {text}")
        return server_said(text) if isinstance(error, redis.ResponseError) else ServerAway(self.name, text)


def unfailed(reply: Reply) -> Reply:
    """Return *reply*; raise what the server answered when that is an error."""
    if isinstance(reply, Failure):
        raise server_said(reply.text)
    return reply


def executed(replies: Sequence[Reply]) -> list[Reply] | None:
    """Return the replies that EXEC, the last of *replies*, came with; None when a watched key was changed.

    What the server would not queue is raised as what it said of that, not as the EXECABORT it leads to.
    """
    for reply in replies:
        unfailed(reply)
    results = replies[-1]
    return results if isinstance(results, list) else None


def logged(argv: Argv) -> str:
    """Return *argv* as a line for a log, long arguments cut."""
    words = list(map(as_bytes, argv))
    line = command_line(word[:_LONGEST_LOGGED] for word in words[:8])
    rest = f" ... ({len(words) - 8} more)" if len(words) > 8 else ""
    return line[:_LONGEST_LOGGED] + rest


def _is_readable(wire: socket.socket, timeout_s: float) -> bool:
    pending = getattr(wire, "pending", None)  # TLS may have read ahead
    if pending is not None and pending():
        return True
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(wire, selectors.EVENT_READ)
        except ValueError as error:  # closed by us meanwhile, as at the end of the app
            raise ConnectionAbortedError("the connection was closed") from error
        return bool(selector.select(timeout_s))


def _received(wire: socket.socket) -> bytes:
    data = wire.recv(_CHUNK)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    return data

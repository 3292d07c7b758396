"""One connection that stays with one thread: several commands in a packet, raw replies.

A pool's checkout and a client's reply callbacks cost more than a small task does; this is the path
that every task takes.
"""

from collections.abc import Sequence
from typing import Any

import redis
from hiredis import pack_command

from thumbapp.taskqueue.delivery import Arg

Packet = Sequence[Sequence[Arg]]


class ThreadConnection:
    """A connection of *client*'s pool, taken at the first packet and kept until `close`.

    Each new connection begins with the command *first*: a server that was restarted knows no script.
    """

    def __init__(self, client: redis.Redis, *, first: Sequence[Arg]) -> None:
        self._first = first
        self._pool = client.connection_pool
        self._connection: Any = None
        self._owed = 0
        self._again: Packet = ()

    def send(self, packet: Packet) -> None:
        """Send *packet*; each of its commands is owed one reply.

        Raises:
            redis.RedisError: the server cannot be reached.
        """
        if self._owed:
            self.drop()  # somebody stopped reading half-way
        is_old = self._connection is not None
        try:
            self._write(packet)
        except redis.ConnectionError:
            if not is_old:
                raise
            self._write(packet)
        else:
            self._again = packet if is_old else ()

    def receive(self) -> Any:
        """Return the next reply that is owed; an error reply as the exception.

        A kept connection that turns out to have died is replaced once, and the packet sent again.

        Raises:
            redis.RedisError: the server went away, or does not answer in time.
        """
        try:
            return self._read()
        except redis.ConnectionError:
            if not self._again:
                raise
        self._write(self._again)
        return self._read()

    def exchange(self, packet: Packet) -> list[Any]:
        """Return the reply to each command of *packet*; an error reply as the exception."""
        self.send(packet)
        return [self.receive() for _ in packet]

    def drop(self) -> None:
        """End the connection; the next packet makes another."""
        if self._connection is not None:
            self._connection.disconnect()
            self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._pool.release(self._connection)
        self._connection, self._owed = None, 0

    def _write(self, packet: Packet) -> None:
        """Send *packet* over the connection, which is made when there is none."""
        is_new = self._connection is None
        self._again = ()
        self._connection = self._connection or self._pool.get_connection()
        whole = [self._first, *packet] if is_new else packet
        try:
            self._connection.send_packed_command([b"".join(map(_packed, whole))])
        except BaseException:
            self.drop()
            raise
        self._owed = len(whole)
        if is_new:
            self._read()

    def _read(self) -> Any:
        try:
            reply = self._connection.read_response()
        except redis.ResponseError as error:
            reply = error
        except BaseException:
            self.drop()
            raise
        self._owed -= 1
        self._again = ()
        return reply


def _packed(words: Sequence[Arg]) -> bytes:
    """Return one command as it is sent; redis-py's own packing takes four times as long."""
    packed: bytes = pack_command(tuple(words))  # type: ignore[arg-type]  # its stub knows one word only
    return packed

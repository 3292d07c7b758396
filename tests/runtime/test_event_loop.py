"""The loop asks only connections that have something to do, and forgets none."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from waitress import wasyncore

from thumbapp.runtime.event_loop import EventLoop

Connect = Callable[[], tuple[socket.socket, "Owner"]]


class Owner(wasyncore.dispatcher):  # type: ignore[misc]  # waitress ships no types
    """A connection that counts how often it is asked, and sends back what it reads."""

    def __init__(self, sock: socket.socket, sockets: dict[int, Any]) -> None:
        super().__init__(sock, map=sockets)
        self.requests: list[str] = []
        self.asked, self.pending = 0, b""

    def readable(self) -> bool:
        """Whether it reads now."""
        self.asked += 1
        return not self.pending

    def writable(self) -> bool:
        """Whether it has something to send."""
        return bool(self.pending)

    def handle_read(self) -> None:
        """Take what came."""
        self.pending += self.recv(100)

    def handle_write(self) -> None:
        """Send it back."""
        self.pending = self.pending[self.send(self.pending) :]


@pytest.fixture
def sockets() -> Iterator[dict[int, Any]]:
    """Return an empty map of connections."""
    found: dict[int, Any] = {}
    yield found
    wasyncore.close_all(found)


@pytest.fixture
def loop(sockets: dict[int, Any]) -> Iterator[EventLoop]:
    """Return the loop over the map."""
    loop = EventLoop(sockets)
    yield loop
    loop.close()


@pytest.fixture
def connect(sockets: dict[int, Any]) -> Iterator[Connect]:
    """Return what makes a connection and returns both its ends, ours in the map."""
    others = []

    def one() -> tuple[socket.socket, Owner]:
        own, other = socket.socketpair()
        other.settimeout(2)
        others.append(other)
        return other, Owner(own, sockets)

    yield one
    for other in others:
        other.close()


def test_a_connection_at_rest_is_left_alone(loop: EventLoop, connect: Connect) -> None:
    _, owner = connect()
    loop.run_once(0)
    asked = owner.asked

    for _ in range(10):
        loop.run_once(0)

    assert owner.asked == asked


def test_what_comes_is_read_and_answered(loop: EventLoop, connect: Connect) -> None:
    pairs = [connect() for _ in range(20)]
    loop.run_once(0)

    for other, _ in pairs:
        other.sendall(b"hello")
    for _ in range(3):
        loop.run_once(0.1)

    assert [other.recv(100) for other, _ in pairs] == [b"hello"] * 20


def test_a_connection_with_a_request_is_asked_each_turn(loop: EventLoop, connect: Connect) -> None:
    other, owner = connect()
    owner.requests.append("one that a thread works on")
    loop.run_once(0)

    owner.pending = b"done"  # by that thread, which no socket tells of
    owner.requests.clear()
    for _ in range(2):
        loop.run_once(0.1)

    assert other.recv(100) == b"done"


def test_what_changed_from_outside_is_seen_when_all_are_asked(loop: EventLoop, connect: Connect) -> None:
    other, owner = connect()
    loop.run_once(0)
    owner.pending = b"late"

    loop.recheck_all()
    loop.run_once(0.1)

    assert other.recv(100) == b"late"


def test_a_number_that_is_used_again_is_watched_for_its_new_owner(
    loop: EventLoop, connect: Connect, sockets: dict[int, Any]
) -> None:
    gone, owner = connect()
    number = owner.socket.fileno()
    loop.run_once(0)
    gone.close()
    loop.run_once(0.1)

    while number not in sockets:
        other, again = connect()
    other.sendall(b"x")
    for _ in range(3):
        loop.run_once(0.1)

    assert sockets[number] is again
    assert other.recv(1) == b"x"


def test_who_goes_away_is_forgotten(loop: EventLoop, connect: Connect, sockets: dict[int, Any]) -> None:
    other, _ = connect()
    loop.run_once(0)

    other.close()
    loop.run_once(0.1)
    loop.run_once(0)

    assert not sockets

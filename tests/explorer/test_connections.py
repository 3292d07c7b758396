"""Whole packets out, whole answers back, whatever the server is and whatever it holds."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from tests.conftest import PrivateServer
from thumbapp.errors import ReplyTooLarge, ServerAway, ServerBusy, ServerRefused
from thumbapp.explorer.connections import ConnectionPool, Journal
from thumbapp.explorer.resp import Cut, Failure, ReplyReader, Status, length_of, pack, word
from thumbapp.runtime.connection import connect_to


def pool_to(url: str) -> ConnectionPool:
    """Return a pool of connections to the server at *url*."""
    return ConnectionPool(connect_to(url, read_timeout_s=5, name="tests", setting="SERVERS"), name="tests")


@pytest.fixture
def any_pool(any_server: PrivateServer, any_client: redis.Redis) -> Iterator[ConnectionPool]:
    """Return a pool of connections to a server of each kind in turn."""
    with closing(pool_to(any_server.url)) as pool:
        yield pool


def read(answer: bytes, *, cut_at: int | None = None, limit: int = 1000, chunk: int = 7) -> object:
    """Return what a reader makes of *answer*, received a few bytes at a time."""
    parts = iter([answer[at : at + chunk] for at in range(0, len(answer), chunk)])
    return ReplyReader(lambda _: next(parts, b""), cut_at=cut_at, limit=limit).read()


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (b"+OK\r\n", Status(b"OK")),
        (b"-ERR no\r\n", Failure("ERR no")),
        (b":-12\r\n", -12),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"$0\r\n\r\n", b""),
        (b"$6\r\na\r\nb\r\n\r\n", b"a\r\nb\r\n"),
        (b"*0\r\n", []),
        (b"*3\r\n*1\r\n:1\r\n*0\r\n*2\r\n$1\r\na\r\n-ERR x\r\n", [[1], [], [b"a", Failure("ERR x")]]),
    ],
)
def test_a_reply_is_what_was_sent(answer: bytes, reply: object) -> None:
    assert read(answer) == reply


def test_a_long_string_is_cut_and_knows_its_length() -> None:
    reply = read(b"*2\r\n$100\r\n" + b"x" * 100 + b"\r\n:7\r\n", cut_at=10, limit=300)

    assert reply == [b"x" * 10, 7]
    assert isinstance(reply, list)
    assert (length_of(reply[0]), type(reply[0])) == (100, Cut)


def test_lists_in_lists_without_end_are_read() -> None:
    reply = read(b"*1\r\n" * 20_000 + b":1\r\n", limit=10**7, chunk=65_536)

    assert isinstance(reply, list)


def test_more_than_is_taken_is_refused() -> None:
    with pytest.raises(ReplyTooLarge):
        read(b"$2000\r\n", limit=1000)


def test_a_server_that_hangs_up_is_an_error() -> None:
    with pytest.raises(ConnectionResetError):
        read(b"$10\r\nabc")


def test_statuses_errors_and_strings_are_told_apart(any_pool: ConnectionPool) -> None:
    replies = any_pool.exchange(2, ("SET", "k", "OK"), ("GET", "k"), ("INCR", "k"), ("GET", "none"))

    assert [type(reply) for reply in replies] == [Status, bytes, Failure, type(None)]


def test_each_exchange_is_in_its_database(any_pool: ConnectionPool, any_client: redis.Redis) -> None:
    for db in (3, 0, 3, 7):
        any_pool.exchange(db, ("SET", "where", db))

    assert [any_pool.exchange(db, ("GET", "where"))[0] for db in (0, 3, 7)] == [b"0", b"3", b"7"]
    assert any_client.get("where") == b"0"


def test_a_database_that_is_not_there_is_a_sentence(any_pool: ConnectionPool) -> None:
    with pytest.raises(ServerRefused, match="DB index"):
        any_pool.exchange(999, ("PING",))


def test_half_a_gigabyte_is_not_taken_in(any_pool: ConnectionPool, any_client: redis.Redis) -> None:
    any_client.setrange("big", 40_000_000, "x")

    with any_pool.connection(0) as connection:
        cut = connection.exchange(("GET", "big"), cut_at=100)[0]
    with pytest.raises(ReplyTooLarge), any_pool.connection(0) as connection:
        connection.exchange(("GET", "big"))

    assert (len(cut), length_of(cut)) == (100, 40_000_001)  # type: ignore[arg-type]
    assert any_pool.exchange(0, ("PING",)) == [Status(b"PONG")]


def test_a_packed_batch_is_answered_in_order(any_pool: ConnectionPool) -> None:
    with any_pool.connection(0) as connection:
        replies = connection.exchange_packed(
            pack([("SET", "a", 1), ("GET", "a"), ("LPUSH", "a", 1)] * 400), 1200
        )

    assert replies[:2] == [b"OK", b"1"]
    assert len(replies) == 1200
    assert "WRONGTYPE" in str(replies[-1])


def test_what_was_sent_is_in_the_journal(any_pool: ConnectionPool) -> None:
    journal = Journal()

    with any_pool.connection(0, journal=journal) as connection:
        connection.exchange(("GET", "a b"), ("SET", "k", b"\xff" * 1000))

    assert journal.sent[0].commands[0] == 'GET "a b"'
    assert (journal.sent[0].count, journal.sent[0].ms > 0) == (2, True)
    assert len(journal.sent[0].commands[1]) < 320


@pytest.fixture
def mute() -> Iterator[int]:
    """Return the port of something that accepts and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def accept() -> None:
            with listener.accept()[0]:
                done.wait(10)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        done.set()
        thread.join()


def test_a_server_that_says_nothing_is_left_alone_after_a_while(mute: int) -> None:
    client = redis.Redis(port=mute, protocol=2, socket_keepalive=False, socket_timeout=1, driver_info=None)

    with (
        pytest.raises(ServerAway, match="no answer within"),
        ConnectionPool(client, name="mute").connection(0) as connection,
    ):
        connection.exchange(("PING",), timeout_s=0.05)
    client.close()


def test_a_wait_whose_connection_is_closed_here_ends(any_pool: ConnectionPool) -> None:
    def wait() -> None:
        with any_pool.connection(0) as connection, connection.streaming(cut_at=10) as stream:
            any_pool.close()
            stream.has_reply(timeout_s=0)

    with pytest.raises(ServerAway):
        wait()


def test_a_lost_connection_is_not_used_again(any_pool: ConnectionPool, any_client: redis.Redis) -> None:
    with any_pool.connection(0) as connection:
        mine = connection.ask("CLIENT", "ID")
        any_pool.exchange(0, ("CLIENT", "KILL", "ID", mine, "SKIPME", "no"))
        with pytest.raises(ServerAway):
            connection.exchange(("PING",))

    assert any_pool.exchange(0, ("PING",)) == [Status(b"PONG")]


@pytest.mark.parametrize(
    ("setting", "sentence", "kind"),
    [
        (("maxmemory", "1"), "memory is full", ServerBusy),
        (("min-slaves-to-write", "3"), "Too few replicas", ServerBusy),
        (("requirepass", "sesame"), "put it in the server's address", ServerRefused),
    ],
    ids=["OOM", "NOREPLICAS", "NOAUTH"],
)
def test_what_the_server_says_is_explained(
    setting: tuple[str, str],
    sentence: str,
    kind: type[Exception],
    any_server: PrivateServer,
    any_pool: ConnectionPool,
) -> None:
    before = any_pool.exchange(0, ("CONFIG", "GET", setting[0]))[0][1]  # type: ignore[index]
    with any_pool.connection(0) as holding:
        holding.ask("CONFIG", "SET", *setting)
        fresh = pool_to(any_server.url)
        try:
            with pytest.raises(kind, match=sentence), fresh.connection(0) as connection:
                connection.ask("SET", "k", 1)
        finally:
            holding.exchange(("AUTH", "sesame"))  # Redis 5 asks it of those who were in already
            holding.ask("CONFIG", "SET", setting[0], before)
            fresh.close()


def test_the_words_of_a_command_are_read_in_capitals() -> None:
    assert (word(("config", b"Get"), 1), word(("config",), 1), word((b"\xe9", 5), 1)) == ("GET", "", "5")

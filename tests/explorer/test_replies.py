"""A reply reads as in redis-cli, character by character."""

import shutil
import subprocess
from collections.abc import Iterator

import orjson
import pytest
import redis

from tests.conftest import PrivateServer, skip_or_fail
from thumbapp.explorer.connections import ConnectionPool
from thumbapp.explorer.quoting import parse
from thumbapp.explorer.replies import as_json, as_text
from thumbapp.explorer.resp import Cut, Failure, Reply, Status

LINES = [
    "SET test 'hello world!'",
    "GET test",
    "GET none",
    "APPEND test2 ' Redis Test101'",
    "DEL none",
    r'SET bytes "\xff\n\t\"\\ \xc5\xbc"',
    "GET bytes",
    "INCR test",
    "RPUSH 'Pierwsza lista w Redisie' 1 2 3 4 5 6 7 8 9 10 11",
    "LRANGE 'Pierwsza lista w Redisie' 0 -1",
    "LRANGE none 0 -1",
    "XADD s 1-1 field value other value2",
    "XADD s 2-1 a b",
    "XRANGE s - +",
    'EVAL \'return {1,{2,{3,"x"},{}},"y",false}\' 0',
    "EVAL 'return {err=\"MY error\"}' 0",
    "NOSUCH a",
    "PING",
    "CONFIG GET maxmemory",
    "TYPE test",
    "CLUSTER INFO",
    "OBJECT ENCODING test",
]


@pytest.fixture
def pool(redis_client: redis.Redis, redis_url: str) -> Iterator[ConnectionPool]:
    """Return a pool of connections to the private server, emptied after the test."""
    pool = ConnectionPool(redis.Redis.from_url(redis_url, protocol=2, socket_keepalive=False), name="tests")
    yield pool
    pool.close()


def test_replies_are_printed_as_redis_cli_prints_them(pool: ConnectionPool, server: PrivateServer) -> None:
    program = shutil.which("redis-cli")
    if program is None:
        skip_or_fail("no redis-cli on the PATH")
    ours = [as_text(pool.exchange(0, argv)[0], argv) for argv in (tuple(parse(line)) for line in LINES)]
    pool.exchange(0, ("FLUSHALL",))

    theirs = [
        subprocess.run(
            [program, "-p", str(server.port), "--no-raw", *parse(line)], capture_output=True, check=False
        ).stdout
        for line in LINES
    ]

    assert ours == [text.decode().rstrip("\n") for text in theirs]


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (Status(b"OK"), "OK"),
        (b"\xc5\xbc", "ż"),
        (b"\xff", {"base64": "/w=="}),
        (None, None),
        (5, 5),
        ([b"a", [1, None]], ["a", [1, None]]),
        (Failure("ERR x"), {"error": "ERR x"}),
        (Cut(b"ab", 1000), {"text": "ab", "of": 1000}),
    ],
)
def test_a_reply_is_json(reply: Reply, value: object) -> None:
    assert as_json(reply) == value


def test_lists_in_lists_without_end_are_said_to_be() -> None:
    reply: Reply = []
    for _ in range(5000):
        reply = [reply]

    assert "nested deeper" in as_text(reply)
    assert orjson.dumps(as_json(reply))

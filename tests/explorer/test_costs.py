"""What would be dear is refused before it is sent; the same in portions is not."""

from collections.abc import Iterator

import pytest
import redis

from tests.conftest import PrivateServer
from thumbapp.errors import PatternTooWild, TooCostly
from thumbapp.explorer.connections import Connection, ConnectionPool
from thumbapp.explorer.costs import COSTS, MOST_ITEMS, check_costs
from thumbapp.explorer.gate import command_name
from thumbapp.explorer.resp import Argv

MANY = range(MOST_ITEMS + 1)

DEAR: list[Argv] = [
    ("HGETALL", "hash"),
    ("HKEYS", "hash"),
    ("HVALS", "hash"),
    ("SMEMBERS", "set"),
    ("SINTER", "set", "few"),
    ("SUNION", "few", "set"),
    ("SDIFF", "few", "set"),
    ("SINTERSTORE", "to", "few", "set"),
    ("SUNIONSTORE", "to", "few", "set"),
    ("SDIFFSTORE", "to", "few", "set"),
    ("ZINTER", 2, "zset", "zset", "WITHSCORES"),
    ("ZUNION", 1, "zset"),
    ("ZDIFF", 1, "zset"),
    ("ZINTERSTORE", "to", 1, "zset"),
    ("ZUNIONSTORE", "to", 1, "zset"),
    ("ZDIFFSTORE", "to", 1, "zset"),
    ("LRANGE", "list", 0, -1),
    ("LRANGE", "list", -6000, 6000),
    ("ZREVRANGE", "zset", 0, -1),
    ("ZRANGE", "zset", 0, -1, "WITHSCORES"),
    ("ZRANGE", "zset", "-inf", "+inf", "BYSCORE"),
    ("ZRANGE", "zset", "-inf", "+inf", "BYSCORE", "LIMIT", 0, -1),
    ("ZRANGEBYSCORE", "zset", "-inf", "+inf"),
    ("ZREVRANGEBYSCORE", "zset", "+inf", "-inf"),
    ("ZRANGEBYLEX", "zset", "-", "+"),
    ("ZREVRANGEBYLEX", "zset", "+", "-"),
    ("ZRANGEBYSCORE", "zset", "-inf", "+inf", "LIMIT", 0, 5, "LIMIT", 0, 9999),
    ("SORT", "list"),
    ("SORT_RO", "set"),
    ("GEORADIUS", "zset", 0, 0, 9999, "km"),
    ("GEORADIUSBYMEMBER", "zset", "m", 9999, "km"),
    ("GEOSEARCH", "zset", "FROMLONLAT", 0, 0, "BYRADIUS", 9999, "km"),
    ("GEORADIUS_RO", "zset", 0, 0, 9999, "km"),
    ("GEORADIUSBYMEMBER_RO", "zset", "m", 9999, "km"),
    ("XRANGE", "stream", "-", "+"),
    ("XRANGE", "stream", "-", "+", "COUNT", 5, "COUNT", 9999),
    ("XREVRANGE", "stream", "+", "-"),
    ("XREAD", "STREAMS", "stream", "0"),
    ("XREAD", "COUNT", 9999, "STREAMS", "stream", "0"),
    ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", "0"),
    ("XPENDING", "stream", "g", "-", "+", 9999),
    ("XINFO", "STREAM", "stream", "FULL", "COUNT", 0),
    ("SRANDMEMBER", "set", -9_000_000),
    ("HRANDFIELD", "hash", 9999),
    ("ZRANDMEMBER", "zset", 9999),
    ("SPOP", "set", 9999),
    ("LPOP", "list", 9999),
    ("RPOP", "list", 9999),
    ("ZPOPMIN", "zset", 9999),
    ("ZPOPMAX", "zset", 9999),
    ("SCAN", 0, "COUNT", 9999),
    ("SCAN", 0, "COUNT", 10, "COUNT", 10_000_000),
    ("HSCAN", "hash", 0, "COUNT", 9999),
    ("SSCAN", "set", 0, "COUNT", 9999),
    ("ZSCAN", "zset", 0, "COUNT", 9999),
    ("CLUSTERSCAN", 0, "COUNT", 9999),
    ("GET", "big"),
    ("GETSET", "big", "x"),
    ("GETEX", "big"),
    ("GETDEL", "big"),
    ("MGET", "big", "big"),
    ("DUMP", "huge"),
    ("COPY", "huge", "to"),
    ("LCS", "big", "big"),
    ("BITCOUNT", "giant"),
    ("BITPOS", "giant", 1),
    ("BITOP", "AND", "to", "giant", "few"),
    ("MEMORY", "USAGE", "hash", "SAMPLES", 0),
    ("MEMORY", "USAGE", "hash", "SAMPLES", 5000),
]
FAIR: list[Argv] = [
    ("HGETALL", "few"),
    ("HGETALL", "list"),
    ("HGETALL",),
    ("LRANGE", "list", 0, 100),
    ("LRANGE", "list", -100, -1),
    ("LRANGE", "list", "x", "y"),
    ("ZRANGE", "zset", 0, 10),
    ("ZRANGE", "zset", "-inf", "+inf", "BYSCORE", "LIMIT", 0, 100),
    ("ZRANGEBYSCORE", "zset", "-inf", "+inf", "LIMIT", 100, 100),
    ("XRANGE", "stream", "-", "+", "COUNT", 100),
    ("XREAD", "STREAMS", "stream", "$"),
    ("XREAD", "COUNT", 10, "STREAMS", "stream", "0"),
    ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">"),
    ("XINFO", "STREAM", "stream"),
    ("XINFO", "STREAM", "stream", "FULL"),
    ("SCAN", 0, "MATCH", "*user*5555*", "COUNT", 500),
    ("SRANDMEMBER", "set", -100),
    ("GET", "list"),
    ("GETRANGE", "big", 0, 100),
    ("MEMORY", "USAGE", "hash"),
    ("DUMP", "few"),
]


@pytest.fixture(scope="module")
def connection(server: PrivateServer) -> Iterator[Connection]:
    """Return a line to a server with one large key of each type."""
    client = redis.Redis.from_url(
        server.url.replace("/0", "/3"), protocol=2, socket_keepalive=False, socket_timeout=5
    )
    pipe = client.pipeline()
    pipe.hset("hash", mapping={str(number): number for number in MANY})
    pipe.sadd("set", *MANY)
    pipe.zadd("zset", {str(number): 0 for number in MANY})
    pipe.rpush("list", *MANY)
    for number in MANY:
        pipe.xadd("stream", {"n": number})
    pipe.setrange("big", 1_000_000, "x")
    pipe.setrange("huge", 10_000_000, "x")
    pipe.setrange("giant", 50_000_000, "x")
    pipe.execute()
    with ConnectionPool(client, name="tests").connection(3) as held:
        yield held
    client.flushdb()
    client.close()


@pytest.mark.parametrize("argv", DEAR, ids=lambda argv: " ".join(map(str, argv)))
def test_what_would_be_dear_is_refused(argv: Argv, connection: Connection) -> None:
    with pytest.raises(TooCostly, match="more than"):
        check_costs(connection, argv, command_name(argv))


@pytest.mark.parametrize("argv", FAIR, ids=lambda argv: " ".join(map(str, argv)))
def test_the_same_in_portions_is_not(argv: Argv, connection: Connection) -> None:
    check_costs(connection, argv, command_name(argv))


def test_each_command_of_the_table_is_tried() -> None:
    tried = {str(argv[0]) for argv in DEAR}

    assert {command for cost in COSTS for command in cost.commands} - tried == set()


@pytest.mark.parametrize(
    "argv",
    [
        ("SCAN", 0, "MATCH", "*a" * 500),
        ("SCAN", 0, "MATCH", "*a*b*c*d*e*f"),
        ("SCAN", 0, "MATCH", "a" * 2000),
        ("HSCAN", "hash", 0, "MATCH", "*a" * 500),
        ("PSUBSCRIBE", "fine*", "*a" * 500),
        ("PUBSUB", "CHANNELS", "*a" * 500),
        ("CONFIG", "GET", "*a" * 500),
    ],
    ids=lambda argv: argv[0],
)
def test_a_wild_pattern_is_refused(argv: Argv, connection: Connection) -> None:
    with pytest.raises(PatternTooWild, match=r"stars|bytes"):
        check_costs(connection, argv, command_name(argv))


def test_stars_in_a_row_count_as_one(connection: Connection) -> None:
    check_costs(connection, ("SCAN", 0, "MATCH", "*" * 500), "SCAN")

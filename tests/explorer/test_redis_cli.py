"""Hundreds of lines typed into redis-cli and into a console of ours give the same text, live, on one server.

Nothing is stored: both programs talk to the same private server, each to a database of its own.
"""

import random
import shutil
import subprocess
from collections.abc import Iterator

import pytest
import redis

from tests.conftest import PrivateServer, skip_or_fail
from tests.explorer.conftest import ADMIN, ListAudit
from thumbapp.errors import LineUnreadable
from thumbapp.explorer.connections import ConnectionPool
from thumbapp.explorer.console import Console
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.quoting import quote
from thumbapp.explorer.servers import Server

OURS, THEIRS = 3, 4
SEED = 20_261_127

COMMON = r"""
PING
PING "hello world"
ECHO "\x00\x01\xff"
SET test "hello world!"
GET test
get TEST
GET none
APPEND test2 " Redis Test101"
APPEND test2 ''
STRLEN test2
GETRANGE test 0 4
SETRANGE test 6 Redis
GET test
DEL none
DEL test2
EXISTS test none test
SET k 1300
INCRBY k 25
DECRBY k 30
INCR k
DECR k
INCRBYFLOAT k 0.1
INCR test
INCRBY k x
SET big 9223372036854775807
INCR big
MSET a 1 b 2 c 3
MGET a none c
MSETNX a 1 z 2
SETNX a 2
GETSET a 5
SET lock me NX EX 30
SET lock other NX EX 30
SET a 1 EX 0
SET a 1 EX soon
TTL none
TTL a
PERSIST a
TYPE a
TYPE none
RENAME none other
RENAME a renamed
RENAMENX renamed b
RPUSH "Pierwsza lista w Redisie" 1 2 3 4 5 6 7 8 9 10 11 12
LRANGE "Pierwsza lista w Redisie" 0 -1
LRANGE "Pierwsza lista w Redisie" 1 3
LRANGE "Pierwsza lista w Redisie" -3 -1
LRANGE none 0 -1
LRANGE "Pierwsza lista w Redisie" a 3
LINDEX "Pierwsza lista w Redisie" 3
LINDEX "Pierwsza lista w Redisie" 99
LLEN "Pierwsza lista w Redisie"
LSET "Pierwsza lista w Redisie" 0 one
LSET "Pierwsza lista w Redisie" 99 one
LINSERT "Pierwsza lista w Redisie" BEFORE 2 new
LREM "Pierwsza lista w Redisie" 0 3
LTRIM "Pierwsza lista w Redisie" 0 2
RPOP "Pierwsza lista w Redisie"
LPUSH Pop 2 4 6 8 10
RPOP Pop
RPOPLPUSH Pop Other
LPUSH test 1
SADD key Witaj Priviet Hallo
SADD key Witaj
SISMEMBER key Hallo
SCARD key
SREM key Hallo none
SADD one x
SMEMBERS one
SINTER one key
SUNIONSTORE both one key
SPOP none
SRANDMEMBER none 3
ZADD z 3 w1 200 w2 -32 w3 56 w4
ZRANGE z 0 -1 WITHSCORES
ZRANGE z 0 -1
ZREVRANGE z 0 0
ZSCORE z w3
ZSCORE z none
ZRANK z w4
ZRANK z none
ZINCRBY z 1.5 w1
ZADD z nan w1
ZADD z w1 3
ZADD z2 3 w5 3 w2 3 w3 3 w1
ZRANGEBYLEX z2 [w2 (w5
ZRANGEBYSCORE z -inf (56
ZCOUNT z -inf +inf
ZREMRANGEBYRANK z 0 0
ZADD e 1e300 huge 1e-7 tiny 0.1 third
ZRANGE e 0 -1 WITHSCORES
HSET test_hash key value
HSET test_hash key2 value2
HGETALL test_hash
HKEYS test_hash
HVALS test_hash
HEXISTS test_hash key
HEXISTS test_hash none
HGET test_hash none
HMGET test_hash key none key2
HINCRBY test_hash n 5
HINCRBYFLOAT test_hash n 0.25
HDEL test_hash key none
HLEN test_hash
HSET test_hash key
HSET test x y
HSTRLEN test_hash key2
XADD s 1-1 field value other "value two"
XADD s 2-1 a b
XADD s 1-1 too late
XLEN s
XRANGE s - +
XREVRANGE s + - COUNT 1
XREAD COUNT 1 STREAMS s 0
XREAD STREAMS s $
XGROUP CREATE s g 0
XGROUP CREATE s g 0
XREADGROUP GROUP g me COUNT 1 STREAMS s >
XPENDING s g
XACK s g 1-1
XACK s g 9-9
XDEL s 2-1
XINFO GROUPS none
SETBIT bits 7 1
GETBIT bits 7
BITCOUNT bits
BITFIELD bits GET u8 0 INCRBY u2 100 1
PFADD hll a b c
PFCOUNT hll
GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEODIST geo Palermo Catania
GEOPOS geo Palermo none
GEOHASH geo Palermo
EVAL 'return {1,{2,{3,"x"},{}},"y",false}' 0
EVAL 'return {err="MY error"}' 0
EVAL 'return {ok="fine"}' 0
EVAL 'return redis.status_reply("good")' 0
EVAL 'return {KEYS[1],KEYS[2],ARGV[1],ARGV[2]}' 2 1 2 first second
EVAL 'local a={} for i=0,12 do a[i]=i end return a' 0
EVAL 'local d=cjson.decode(ARGV[1]) return cjson.encode({sum=d.a+d.b})' 0 '{"a": 1, "b": 6}'
EVAL 'return 3.99' 0
EVAL 'return nil' 0
EVAL 'return {{},{{}},{{{}}}}' 0
EVAL 'return redis.call("NOSUCH")' 0
EVAL 'nonsense' 0
EVAL "return redis.call('GET', KEYS[1])" 1 test
EVALSHA 0000000000000000000000000000000000000000 0
SCRIPT LOAD "return 1"
SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0000000000000000000000000000000000000000
NOSUCH a b
nosuch "odd \n argument"
GET
GET a b
SET
OBJECT ENCODING test
OBJECT ENCODING none
OBJECT NOSUCH
OBJECT HELP
CONFIG GET maxmemory
CONFIG GET none
COMMAND COUNT
COMMAND GETKEYS MSET a 1 b 2
COMMAND INFO get
CLUSTER INFO
SORT Other
SORT test_hash
DUMP none
RESTORE r 0 nonsense
COPY test copied
TOUCH test none
UNLINK copied none
EXPIRE test x
EXPIRE test 100
PTTL none
SCAN 0 MATCH nothing* COUNT 10
HSCAN one 0
SELECT 99
LOLWUT VERSION 5 1 1 1
PUBLISH channel message
PUBSUB NUMPAT
PUBSUB NUMSUB a b
SLOWLOG LEN
MEMORY USAGE none
3 INCR counter
2 GET none
"GET" "test"
'GET' 'test'
GET "te""st"
GET "test
GET 'test
GET test"
SET 'it''s' x
SET q 'it\'s'
GET q
SET esc "\n\r\t\b\a\\\"\x41\xZZ\q"
GET esc
SET sq 'no \n escapes \x41'
GET sq
   GET    test
SET "" empty
GET ""
ECHO żółw
ECHO "żółw"
SET pl "zółw"
STRLEN pl
""".strip("\n").split("\n")


TRANSACTIONS = r"""
MULTI
SET t 1
INCR t
LPUSH t x
GET none
EXEC
MULTI
SET t
EXEC
MULTI
DISCARD
EXEC
DISCARD
WATCH t
UNWATCH
""".strip("\n").split("\n")


def bytes_lines() -> Iterator[str]:
    """Yield lines that store and read two hundred random strings of bytes, half of them badly typed."""
    chance = random.Random(SEED)
    for number in range(200):
        data = chance.randbytes(chance.randrange(1, 40))
        if number % 2:
            yield f"SET bytes:{number} {quote(data)}"
        else:
            text = "".join(chance.choice("ab \\\"'x0f1nrt\t") for _ in data)
            yield f"SET bytes:{number} {text}"
        yield f"GET bytes:{number}"


def printed(server: PrivateServer, lines: list[str]) -> str:
    """Return what redis-cli prints when *lines* are typed into it."""
    program = shutil.which("redis-cli")
    if program is None:
        skip_or_fail("no redis-cli on the PATH")
    done = subprocess.run(
        [program, "-p", str(server.port), "-n", str(THEIRS), "--no-raw"],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.stdout.decode("utf-8", "backslashreplace")


def their_texts(server: PrivateServer, lines: list[str]) -> list[str]:
    """Return what redis-cli prints for each of *lines*, a line of our own after each."""
    texts = []
    marked = [(line, f"ECHO end-of-line-{number}") for number, line in enumerate(lines)]
    rest = printed(server, [typed for pair in marked for typed in pair])
    for number in range(len(lines)):
        text, _, rest = rest.partition(f'"end-of-line-{number}"\n')
        texts.append(text.rstrip("\n"))
    return texts


def our_texts(server: PrivateServer, lines: list[str]) -> list[str]:
    """Return what a console of ours answers to each of *lines*."""
    client = redis.Redis.from_url(server.url, protocol=2, socket_keepalive=False)
    pool = ConnectionPool(client, name="tests")
    gate = Gate(Server("elsewhere", "tests", pool), secret=b"test-secret", audit=ListAudit())
    console = Console(gate, db=OURS)
    texts = [_answer(console, line) for line in lines]
    console.close()
    pool.close()
    client.close()
    return texts


def _answer(console: Console, line: str) -> str:
    try:
        return "\n".join(said.text for said in console.run(line, caller=ADMIN))
    except LineUnreadable:
        return "Invalid argument(s)"


@pytest.mark.parametrize(
    "lines", [pytest.param(COMMON, id="commands"), pytest.param([*bytes_lines()], id="random bytes")]
)
def test_both_say_the_same(lines: list[str], server: PrivateServer, redis_client: redis.Redis) -> None:
    theirs = their_texts(server, lines)
    ours = our_texts(server, lines)

    assert len(lines) > 200
    assert [
        (line, mine, other) for line, mine, other in zip(lines, ours, theirs, strict=True) if mine != other
    ] == []


def test_both_say_the_same_of_transactions(server: PrivateServer, redis_client: redis.Redis) -> None:
    assert "\n".join(our_texts(server, TRANSACTIONS)) == printed(server, TRANSACTIONS).rstrip("\n")

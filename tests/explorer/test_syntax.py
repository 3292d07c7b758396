"""A console knows what can be typed, from the server itself or, where that is too old, from our table."""

from collections.abc import Iterator

import pytest
import redis

from thumbapp.explorer.connections import Connection
from thumbapp.explorer.servers import Server
from thumbapp.explorer.syntax import CommandDocs, complete, shipped


@pytest.fixture
def connection(home: Server) -> Iterator[Connection]:
    """Return a line to each kind of server."""
    with home.pool.connection(0) as connection:
        yield connection


@pytest.fixture
def docs(connection: Connection) -> CommandDocs:
    """Return the commands of each kind of server."""
    return CommandDocs.ask(connection)


@pytest.mark.parametrize(
    ("words", "syntax"),
    [
        (["get"], "GET key"),
        (["zadd", "k"], "ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]"),
        (["XREAD"], "XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]"),
        (["config", "get"], "CONFIG GET parameter [parameter ...]"),
        (["object", "encoding"], "OBJECT ENCODING key"),
    ],
)
def test_a_command_has_its_line_of_syntax(words: list[str], syntax: str, docs: CommandDocs) -> None:
    usage = docs.usage(words)

    assert usage is not None
    assert usage.syntax == syntax


def test_every_command_of_the_server_has_one(docs: CommandDocs, any_client: redis.Redis) -> None:
    names = [str(name).upper() for name in any_client.command()]

    assert [name for name in names if not _is_known(docs, name)] == []


def _is_known(docs: CommandDocs, name: str) -> bool:
    return docs.usage([name]) is not None or bool(docs.words([name], ""))


def test_no_command_is_offered_that_the_server_lacks(docs: CommandDocs, any_client: redis.Redis) -> None:
    names = {str(name).upper() for name in any_client.command()}

    assert set(docs.words([], "Z")) <= names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hget", ["HGET", "HGETALL"]),
        ("config g", ["config GET"]),
        ("get user:", ["get user:1", "get user:2"]),
        ('GET "user*', []),
        ("ZADD user:1 n", ["ZADD user:1 NX"]),
    ],
)
def test_a_line_is_completed(
    text: str, expected: list[str], docs: CommandDocs, connection: Connection, any_client: redis.Redis
) -> None:
    any_client.mset({"user:1": "a", "user:2": "b", "other": "c"})

    found = complete(docs, text, connection)

    assert set(expected) <= set(found.lines)
    assert expected or not found.lines


def test_odd_names_are_completed_so_that_they_can_be_sent(
    docs: CommandDocs, connection: Connection, any_client: redis.Redis
) -> None:
    any_client.set(b"my key\xff", "a")

    assert complete(docs, "GET my", connection).lines == ('GET "my key\\xff"',)


def test_what_looks_like_a_pattern_is_taken_literally(
    docs: CommandDocs, connection: Connection, any_client: redis.Redis
) -> None:
    any_client.mset({"a*b": "1", "axb": "2"})

    assert complete(docs, "GET a*", connection).lines == ("GET a*b",)


def test_the_table_that_is_shipped_knows_the_commands_of_redis_5() -> None:
    assert shipped()["XADD"].syntax.startswith("XADD key")
    assert len(shipped()) > 300

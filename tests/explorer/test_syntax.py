"""A console knows what can be typed, from the server itself or, where that is too old, from our table."""

from collections.abc import Iterator

import pytest
import redis

from thumbapp.explorer.servers import Server
from thumbapp.explorer.syntax import SyntaxBook, complete, shipped
from thumbapp.explorer.wire import Line


@pytest.fixture
def line(home: Server) -> Iterator[Line]:
    """Return a line to each kind of server."""
    with home.link.hold(0) as line:
        yield line


@pytest.fixture
def book(line: Line) -> SyntaxBook:
    """Return the book of each kind of server."""
    return SyntaxBook.ask(line)


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
def test_a_command_has_its_line_of_syntax(words: list[str], syntax: str, book: SyntaxBook) -> None:
    usage = book.usage(words)

    assert usage is not None
    assert usage.syntax == syntax


def test_every_command_of_the_server_has_one(book: SyntaxBook, any_client: redis.Redis) -> None:
    names = [str(name).upper() for name in any_client.command()]

    assert [name for name in names if not _is_known(book, name)] == []


def _is_known(book: SyntaxBook, name: str) -> bool:
    return book.usage([name]) is not None or bool(book.words([name], ""))


def test_no_command_is_offered_that_the_server_lacks(book: SyntaxBook, any_client: redis.Redis) -> None:
    names = {str(name).upper() for name in any_client.command()}

    assert set(book.words([], "Z")) <= names


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
    text: str, expected: list[str], book: SyntaxBook, line: Line, any_client: redis.Redis
) -> None:
    any_client.mset({"user:1": "a", "user:2": "b", "other": "c"})

    found = complete(book, text, line)

    assert set(expected) <= set(found.lines)
    assert expected or not found.lines


def test_odd_names_are_completed_so_that_they_can_be_sent(
    book: SyntaxBook, line: Line, any_client: redis.Redis
) -> None:
    any_client.set(b"my key\xff", "a")

    assert complete(book, "GET my", line).lines == ('GET "my key\\xff"',)


def test_what_looks_like_a_pattern_is_taken_literally(
    book: SyntaxBook, line: Line, any_client: redis.Redis
) -> None:
    any_client.mset({"a*b": "1", "axb": "2"})

    assert complete(book, "GET a*", line).lines == ("GET a*b",)


def test_the_table_that_is_shipped_knows_the_commands_of_redis_5() -> None:
    assert shipped()["XADD"].syntax.startswith("XADD key")
    assert len(shipped()) > 300

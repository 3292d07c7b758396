"""A line means what it means to redis-cli: the same bytes are sent, or nothing is."""

import shutil
import subprocess

import pytest
import redis

from tests.conftest import PrivateServer, skip_or_fail
from thumbapp.errors import LineUnreadable
from thumbapp.explorer.quoting import command_line, parse, quote

LINES = [
    "a b  c",
    "  leading and trailing  ",
    '"double quoted" single',
    r'"\x41\x0a\xff" "\n\r\t\b\a\\\"" "\q\x4"',
    r"'single \' \n \x41' x",
    'glued"together" next',
    "glued'too' next",
    '"" empty',
    r"back\slash and trailing\ ",
    '"ąż" ąż',
    "a\tb\x0bc\x0cd",
    "x" * 3000,
    r'"\xGG\x1"',
]
UNREADABLE = ['"open', "'open", '"closed"glued', "'closed'glued", '"ends with \\', 'a "b" "c']


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_line_is_read_as_redis_cli_reads_it(
    line: str, server: PrivateServer, redis_client: redis.Redis
) -> None:
    program = shutil.which("redis-cli")
    if program is None:
        skip_or_fail("no redis-cli on the PATH")

    subprocess.run(
        [program, "-p", str(server.port)], input=f"RPUSH probe {line}\n", encoding="utf-8", check=True,
        stdout=subprocess.DEVNULL, timeout=10,
    )  # fmt: skip

    assert parse(line) == redis_client.lrange("probe", 0, -1)


@pytest.mark.parametrize("line", UNREADABLE)
def test_unbalanced_quotes_are_refused(line: str) -> None:
    with pytest.raises(LineUnreadable):
        parse(line)


def test_a_zero_byte_is_refused_and_not_taken_for_the_end() -> None:
    with pytest.raises(LineUnreadable, match="zero byte"):
        parse("SET key\0 DEL")


@pytest.mark.parametrize("line", ["", "   ", "\t\r\n"])
def test_an_empty_line_has_no_arguments(line: str) -> None:
    assert parse(line) == []


def test_every_byte_comes_back_from_its_quotes() -> None:
    everything = bytes(range(256)) * 3

    assert parse(quote(everything).replace("\\x00", "\\x00")) == [everything]
    assert parse(command_line([b"SET", everything, b"", b"plain"])) == [b"SET", everything, b"", b"plain"]


def test_quotes_are_written_only_where_they_are_needed() -> None:
    assert command_line([b"HSET", b"app:user:42", b"full name", b"Ala"]) == 'HSET app:user:42 "full name" Ala'

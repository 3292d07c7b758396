"""The benchmark at the command line: a line a way, or JSON; nonsense exits with what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from thumbapp.explorer.bench import WAYS

Run = Callable[..., Any]


def test_each_way_is_a_line(thumbapp: Run, redis_client: redis.Redis) -> None:
    done = thumbapp("redis", "bench", "--count", "20", "--rounds", "1", "--db", 9)

    assert done.code == 0
    assert [line[:20].strip() for line in done.out.splitlines()] == [way.name for way in WAYS]
    assert list(redis_client.scan_iter("thumbapp-bench*")) == []


def test_it_is_told_as_json(thumbapp: Run) -> None:
    done = thumbapp("redis", "bench", "--count", "20", "--rounds", "2", "--json")

    assert (done.json["count"], done.json["part"], len(done.json["ways"])) == (20, 1.0, len(WAYS))


def test_nonsense_is_said(thumbapp: Run) -> None:
    done = thumbapp("redis", "bench", "--count", "many")

    assert (done.code, "count='many' is not understood" in done.err) == (2, True)


@pytest.mark.parametrize(("name", "begin"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")])
def test_it_is_drawn_into_a_file(name: str, begin: bytes, thumbapp: Run, tmp_path: Path) -> None:
    thumbapp("redis", "bench", "--count", "20", "--rounds", "1", "--chart", tmp_path / name)

    assert (tmp_path / name).read_bytes().startswith(begin)


def test_a_chart_of_another_kind_is_refused_before_anything_is_measured(thumbapp: Run) -> None:
    done = thumbapp("redis", "bench", "--chart", "a.gif")

    assert (done.code, "ends in .svg or .png" in done.err) == (2, True)

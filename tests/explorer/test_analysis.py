"""What fills a database, from a sample: near the truth, and honest about how near."""

import random

import pytest
import redis

from tests.explorer.test_scan import fill
from thumbapp.explorer.analysis import Analysis, analyse, prefix_of, ttl_range
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.scan import KeyRow, Search


def rows(count: int) -> list[KeyRow]:
    """Return keys of two kinds, a tenth of them large and without an end."""
    draw = random.Random(5)
    return [
        KeyRow(b"big:%d" % number, "hash", None, draw.randint(5_000, 15_000), 1)
        if number % 10 == 0
        else KeyRow(b"small:%d" % number, "string", 5_000, 100, 1)
        for number in range(count)
    ]


def test_a_sample_tells_the_whole_within_its_error() -> None:
    everything = rows(20_000)
    truth = {
        kind: sum(row.bytes or 0 for row in everything if row.type == kind) for kind in ("hash", "string")
    }
    hits = 0

    for seed in range(25):
        found = Analysis()
        for row in random.Random(seed).sample(everything, 1000):
            found.add(row)
        estimates = {item.label: item for item in found.report(total=20_000).by_type}
        hits += abs(estimates["hash"].bytes - truth["hash"]) <= estimates["hash"].error_bytes
        assert estimates["string"].keys == pytest.approx(18_000, rel=0.05)

    assert hits >= 20  # of 25, 23 or 24 are expected


def test_a_whole_count_has_no_error() -> None:
    found = Analysis()
    for row in rows(500):
        found.add(row)

    report = found.report(total=500)

    assert report.is_complete
    assert (report.whole.keys, report.whole.error_bytes) == (500, 0)
    assert [(item.label, item.keys) for item in report.by_prefix] == [("big:", 50), ("small:", 450)]
    assert {item.label: item.keys for item in report.by_ttl} == {"no end": 50, "less than a minute": 450}
    assert report.without_end.keys == 50
    assert [row.bytes for row in report.biggest] == sorted(
        [row.bytes or 0 for row in rows(500)], reverse=True
    )[:20]


def test_no_number_of_prefixes_fills_the_memory() -> None:
    found = Analysis()
    for number in range(12_000):
        found.add(KeyRow(b"%d:x" % number, "string", None, 10, 1))

    report = found.report(total=12_000)

    assert len(report.by_prefix) == 50
    assert ("(others)", 2_000) in [(item.label, item.keys) for item in report.by_prefix]


def test_a_real_database_is_analysed(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 3000, name="app:user:{}")
    any_client.hset("big", mapping={str(number): "x" * 100 for number in range(1000)})

    whole = analyse(gate, db=0, depth=2)
    part = analyse(gate, db=0, sample=1000)
    matching = analyse(gate, db=0, search=Search(b"app:*1"), sample=50)

    assert (whole.sampled, whole.total, whole.biggest[0].name) == (3001, 3001, b"big")
    assert {item.label for item in whole.by_prefix} == {"app:user:", "(no prefix)"}
    assert (part.sampled, part.total) == (1000, 3001)
    assert not part.is_complete
    assert part.by_type[0].error_bytes > 0 or part.by_type[0].label == "string"
    assert 100 < matching.total < 700
    assert analyse(gate, db=1).total == 0


@pytest.mark.parametrize(
    ("name", "depth", "prefix"),
    [
        (b"a:b:c", 1, "a:"),
        (b"a:b:c", 2, "a:b:"),
        (b"a:b:c", 9, "a:b:"),
        (b"plain", 1, "(no prefix)"),
        (b":x", 1, ":"),
    ],
)
def test_a_name_has_a_beginning(name: bytes, depth: int, prefix: str) -> None:
    assert prefix_of(name, b":", depth) == prefix


@pytest.mark.parametrize(
    ("ttl_ms", "words"), [(None, "no end"), (0, "less than a minute"), (10**12, "a week or more")]
)
def test_a_life_has_a_word(ttl_ms: int | None, words: str) -> None:
    assert ttl_range(KeyRow(b"", "string", ttl_ms, 1, 1)) == words

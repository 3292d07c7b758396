"""What a command would cost, measured before it is sent: long answers, long stops, wild patterns.

Each rule is a row of `COSTS`: how to ask the server for the size, and from where on it is refused. Sizes
come from commands that take the same time however large the key is.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from thumbapp.errors import PatternTooWild, TooCostly
from thumbapp.explorer.connections import Connection
from thumbapp.explorer.resp import Argument, Argv, Reply, as_bytes, word

MOST_ITEMS: Final = 5_000
MOST_BYTES: Final = 1_000_000
MOST_SAMPLES: Final = 100
MOST_STARS: Final = 5
LONGEST_PATTERN: Final = 1_000
_PAGED: Final = "Open the key instead: it is shown page by page"


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: *probes* ask for sizes, *size* adds them up, more than *most* of *noun* is refused."""

    commands: frozenset[str]
    probes: Callable[[Argv], list[Argv]]
    size: Callable[[Argv, Sequence[int]], int]
    most: int
    noun: str
    instead: str = _PAGED


def check_costs(connection: Connection, argv: Argv, name: str) -> None:
    """Raise what speaks against sending *argv*, the command *name*, over *connection*.

    Raises:
        PatternTooWild: a pattern could take exponential time.
        TooCostly: the answer would be long, or the server stop for others.
    """
    for pattern in _patterns(argv, name):
        check_pattern(pattern)
    for cost in _BY_COMMAND.get(name) or _BY_COMMAND.get(name.partition(" ")[0]) or ():
        probes = cost.probes(argv)
        replies = connection.exchange(*probes) if probes else []
        size = cost.size(argv, list(map(_number, replies)))
        if size > cost.most:
            raise TooCostly(name, f"it is about {size:,} {cost.noun}, more than {cost.most:,}", cost.instead)


def check_pattern(pattern: bytes) -> None:
    """Raise PatternTooWild for a glob *pattern* that could take exponential time, or is too long."""
    stars = len(re.findall(rb"\*+", pattern))
    if len(pattern) > LONGEST_PATTERN:
        raise PatternTooWild(f"has {len(pattern):,} bytes, more than {LONGEST_PATTERN:,}")
    if stars > MOST_STARS:
        raise PatternTooWild(f"has {stars:,} stars, more than {MOST_STARS}")


def _patterns(argv: Argv, name: str) -> Iterator[bytes]:
    """Yield the glob patterns among the arguments of *argv*."""
    if name in _PATTERN_COMMANDS:
        yield from map(as_bytes, argv[_PATTERN_COMMANDS[name] :])
    if name in _SCANS:
        yield from (as_bytes(argv[at + 1]) for at in range(len(argv) - 1) if word(argv, at) == "MATCH")


_SCANS: Final = frozenset({"SCAN", "HSCAN", "SSCAN", "ZSCAN", "CLUSTERSCAN"})
_PATTERN_COMMANDS: Final = {"PSUBSCRIBE": 1, "PUBSUB CHANNELS": 2, "CONFIG GET": 2}


def _number(reply: Reply) -> int:
    """Return a size that a server answered; an error, such as WRONGTYPE, is the command's own to tell."""
    return reply if isinstance(reply, int) else 0


def _whole(text: Argument, default: int = 0) -> int:
    try:
        return int(as_bytes(text))
    except ValueError:
        return default


def _after(argv: Argv, option: str, *, first: int = 2) -> int | None:
    """Return the number that follows *option*, the last one as the server does; None when not given."""
    for place in range(len(argv) - 2, first - 1, -1):
        if word(argv, place) == option:
            return _whole(argv[place + 1])
    return None


def _of_first(probe: str) -> Callable[[Argv], list[Argv]]:
    return lambda argv: [(probe, argv[1])] if len(argv) > 1 else []


def _of_all(probe: str, *, first: int = 1) -> Callable[[Argv], list[Argv]]:
    return lambda argv: [(probe, key) for key in argv[first:]]


def _of_numbered(probe: str, *, at: int) -> Callable[[Argv], list[Argv]]:
    """Return what probes the keys that follow their own number, which stands at *at*."""
    return lambda argv: [(probe, key) for key in argv[at + 1 :][: _whole(argv[at])]] if len(argv) > at else []


def _nothing(_: Argv) -> list[Argv]:
    return []


def _any_type(argv: Argv) -> list[Argv]:
    return [(probe, argv[1]) for probe in ("LLEN", "SCARD", "ZCARD")] if len(argv) > 1 else []


def _sum(_: Argv, sizes: Sequence[int]) -> int:
    return sum(sizes)


def _product(_: Argv, sizes: Sequence[int]) -> int:
    return sizes[0] * sizes[1] if len(sizes) > 1 else 0


def _span(argv: Argv, sizes: Sequence[int]) -> int:
    """Return how many elements lie from one index to another, negative ones counted from the end."""
    if len(argv) < 4 or not sizes:
        return 0
    start, stop = (_whole(end) for end in argv[2:4])
    first = max(0, start + sizes[0] if start < 0 else start)
    last = min(sizes[0] - 1, stop + sizes[0] if stop < 0 else stop)
    return max(0, last - first + 1)


def _zrange(argv: Argv, sizes: Sequence[int]) -> int:
    words = {word(argv, place) for place in range(4, len(argv))}
    return _limited(argv, sizes) if words & {"BYSCORE", "BYLEX"} else _span(argv, sizes)


def _limited(argv: Argv, sizes: Sequence[int]) -> int:
    """Return how many a range by score or text can give: at most the count after LIMIT and offset."""
    for place in range(len(argv) - 3, 3, -1):
        if word(argv, place) == "LIMIT":
            offset, count = _whole(argv[place + 1]), _whole(argv[place + 2])
            return min(sum(sizes), offset + count) if count >= 0 else sum(sizes)
    return sum(sizes)


def _counted(argv: Argv, sizes: Sequence[int]) -> int:
    """Return how many COUNT lets through, all of the *sizes* when it is not given."""
    count = _after(argv, "COUNT")
    return sum(sizes) if count is None else min(sum(sizes), abs(count))


def _counted_before_keys(argv: Argv, sizes: Sequence[int]) -> int:
    count = _after(argv[: _streams_at(argv)], "COUNT", first=1)
    return sum(sizes) if count is None else min(sum(sizes), abs(count))


def _asked_for(option: str) -> Callable[[Argv, Sequence[int]], int]:
    return lambda argv, _: _after(argv, option) or 0


def _samples(argv: Argv, _: Sequence[int]) -> int:
    samples = _after(argv, "SAMPLES", first=3)
    return 2**63 if samples == 0 else samples or 0


def _argument(place: int) -> Callable[[Argv, Sequence[int]], int]:
    return lambda argv, _: abs(_whole(argv[place])) if len(argv) > place else 0


def _full(argv: Argv, sizes: Sequence[int]) -> int:
    if word(argv, 3) != "FULL":
        return 0
    count = _after(argv, "COUNT", first=4)
    return sum(sizes) if count == 0 else count or 0


def _streams_at(argv: Argv) -> int:
    return next((place for place in range(len(argv)) if word(argv, place) == "STREAMS"), len(argv))


def _streams(argv: Argv) -> list[Argv]:
    """Return what asks for the length of each stream that is read from another place than its end."""
    rest = argv[_streams_at(argv) + 1 :]
    keys, starts = rest[: len(rest) // 2], rest[len(rest) // 2 :]
    return [
        ("XLEN", key) for key, start in zip(keys, starts, strict=False) if as_bytes(start) not in (b"$", b">")
    ]


def _row(
    commands: str,
    probes: Callable[[Argv], list[Argv]],
    noun: str,
    *,
    size: Callable[[Argv, Sequence[int]], int] = _sum,
    most: int = MOST_ITEMS,
    instead: str = _PAGED,
) -> Cost:
    return Cost(frozenset(commands.split()), probes, size, most, noun, instead)


_COUNT: Final = f"Give a COUNT of up to {MOST_ITEMS:,}"
COSTS: Final = (
    _row("HGETALL HKEYS HVALS", _of_first("HLEN"), "fields"),
    _row("SMEMBERS", _of_first("SCARD"), "members"),
    _row("SINTER SUNION SDIFF", _of_all("SCARD"), "members"),
    _row("SINTERSTORE SUNIONSTORE SDIFFSTORE", _of_all("SCARD", first=2), "members"),
    _row("ZINTER ZUNION ZDIFF", _of_numbered("ZCARD", at=1), "members"),
    _row("ZINTERSTORE ZUNIONSTORE ZDIFFSTORE", _of_numbered("ZCARD", at=2), "members"),
    _row("LRANGE", _of_first("LLEN"), "elements", size=_span),
    _row("ZREVRANGE", _of_first("ZCARD"), "members", size=_span),
    _row("ZRANGE", _of_first("ZCARD"), "members", size=_zrange),
    _row(
        "ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX",
        _of_first("ZCARD"),
        "members",
        size=_limited,
    ),
    _row("SORT SORT_RO", _any_type, "elements"),
    _row("GEORADIUS GEORADIUSBYMEMBER GEOSEARCH", _of_first("ZCARD"), "members", size=_counted),
    _row("GEORADIUS_RO GEORADIUSBYMEMBER_RO", _of_first("ZCARD"), "members", size=_counted),
    _row("XRANGE XREVRANGE", _of_first("XLEN"), "entries", size=_counted, instead=_COUNT),
    _row("XREAD XREADGROUP", _streams, "entries", size=_counted_before_keys, instead=_COUNT),
    _row("XPENDING", _nothing, "entries", size=_argument(5)),
    _row("XINFO", lambda argv: [("XLEN", argv[2])] if len(argv) > 2 else [], "entries", size=_full),
    _row(
        "SRANDMEMBER HRANDFIELD ZRANDMEMBER SPOP LPOP RPOP ZPOPMIN ZPOPMAX",
        _nothing,
        "items",
        size=_argument(2),
    ),
    _row(
        "SCAN HSCAN SSCAN ZSCAN CLUSTERSCAN",
        _nothing,
        "keys a step",
        size=_asked_for("COUNT"),
        instead=_COUNT,
    ),
    _row("GET GETSET GETEX GETDEL", _of_first("STRLEN"), "bytes", most=MOST_BYTES),
    _row("MGET", _of_all("STRLEN"), "bytes", most=MOST_BYTES),
    _row(
        "DUMP COPY",
        lambda argv: [("MEMORY", "USAGE", *argv[1:2])],
        "bytes",
        most=10 * MOST_BYTES,
        instead="Export it",
    ),
    _row(
        "LCS", _of_all("STRLEN"), "comparisons", size=_product, most=25 * MOST_BYTES, instead="Compare parts"
    ),
    _row("BITCOUNT BITPOS", _of_first("STRLEN"), "bytes", most=50 * MOST_BYTES, instead="Count in parts"),
    _row("BITOP", _of_all("STRLEN", first=3), "bytes", most=50 * MOST_BYTES, instead="It would stop others"),
    _row(
        "MEMORY",
        _nothing,
        "samples",
        size=_samples,
        most=MOST_SAMPLES,
        instead="Leave SAMPLES out: five tell enough",
    ),
)
_BY_COMMAND: Final = {
    name: [cost for cost in COSTS if name in cost.commands] for cost in COSTS for name in cost.commands
}

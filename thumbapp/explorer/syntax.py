"""What can be typed: the commands of a server with a line of syntax each, and completions of a line.

A server from 7.0 on describes its commands itself (``COMMAND DOCS``). An older one names them with
their arity; what it cannot say is taken from ``syntax.json``, which came from a server that can
(``python -m tests.explorer.syntax_table`` writes it).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson

from thumbapp.errors import LineUnreadable
from thumbapp.explorer.connections import Connection
from thumbapp.explorer.names import literally
from thumbapp.explorer.quoting import command_line, parse
from thumbapp.explorer.resp import Reply

MOST_COMPLETIONS: Final = 50
_KEY_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Usage:
    """How one command is written: ``ZADD key [NX | XX] score member [score member ...]``.

    *tokens* are the fixed words among its arguments; *takes_keys* is whether some are names of keys.
    """

    syntax: str
    summary: str = ""
    since: str = ""
    tokens: tuple[str, ...] = ()
    takes_keys: bool = True


class CommandDocs:
    """The commands of one server, by name in capitals, subcommands as ``CONFIG GET``."""

    def __init__(self, usages: Mapping[str, Usage]) -> None:
        self._usages = dict(usages)
        self._heads = {name.partition(" ")[0] for name in usages}

    @classmethod
    def ask(cls, connection: Connection) -> "CommandDocs":
        """Return the commands of the server at the other end of *connection*."""
        reply = connection.exchange(("COMMAND", "DOCS"))[0]
        if isinstance(reply, list):
            return cls(dict(_described(_pairs(reply))))
        return cls(dict(_known(connection.exchange(("COMMAND",))[0])))

    def usage(self, words: Iterable[str]) -> Usage | None:
        """Return how the command that *words* begin with is written, None when there is no such."""
        first, second, *_ = [*(word.upper() for word in words), "", ""]
        return self._usages.get(f"{first} {second}") or self._usages.get(first)

    def words(self, before: list[str], begun: str) -> list[str]:
        """Return what a word that *begun* may become after the words *before*: commands, then tokens."""
        if not before:
            return self._starting(self._heads, begun)
        head = before[0].upper()
        if len(before) == 1 and (names := [name for name in self._usages if name.startswith(f"{head} ")]):
            return self._starting((name.partition(" ")[2] for name in names), begun)
        usage = self.usage(before)
        return self._starting(usage.tokens, begun) if usage else []

    def as_table(self) -> dict[str, dict[str, Any]]:
        """Return the commands as plain values: what ``syntax.json`` holds."""
        return {name: asdict(usage) for name, usage in sorted(self._usages.items())}

    @staticmethod
    def _starting(words: Iterable[str], begun: str) -> list[str]:
        return sorted({word for word in words if word.upper().startswith(begun.upper())})[:MOST_COMPLETIONS]


@dataclass(frozen=True, slots=True)
class Completions:
    """What the last word of a line may become, whole lines each, and how its command is written."""

    lines: tuple[str, ...]
    usage: Usage | None


def complete(docs: CommandDocs, text: str, connection: Connection) -> Completions:
    """Return how *text*, the line up to the cursor, may go on; names of keys are asked over *connection*.

    At most `MOST_COMPLETIONS`; keys from a bounded number of portions of ``SCAN``.
    """
    try:
        words = parse(text)
    except LineUnreadable:
        return Completions((), None)
    begun = words.pop() if words and not text[-1:].isspace() else b""
    before = [word.decode("utf-8", "backslashreplace") for word in words]
    usage = docs.usage(before)
    found = [word.encode() for word in docs.words(before, begun.decode("utf-8", "replace"))]
    if usage and usage.takes_keys and len(found) < MOST_COMPLETIONS:
        found += _keys(connection, begun, most=MOST_COMPLETIONS - len(found))
    return Completions(tuple(command_line([*words, word]) for word in found), usage)


def _keys(connection: Connection, begun: bytes, *, most: int) -> list[bytes]:
    """Return up to *most* names of keys that begin with *begun*, sorted."""
    pattern = literally(begun) + b"*"
    found: set[bytes] = set()
    cursor = b"0"
    for _ in range(_KEY_ROUNDS):
        reply = connection.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 500)
        match reply:
            case [bytes() as cursor, list() as names]:
                found.update(name for name in names if isinstance(name, bytes))
        if cursor == b"0" or len(found) >= most:
            break
    return sorted(found)[:most]


@cache
def shipped() -> dict[str, Usage]:
    """Return the table that comes with the app."""
    table = orjson.loads(files("thumbapp.explorer").joinpath("syntax.json").read_bytes())
    return {name: Usage(**{**told, "tokens": tuple(told["tokens"])}) for name, told in table.items()}


def _known(reply: Reply) -> Iterator[tuple[str, Usage]]:
    """Yield the commands that a server before 7.0 names, with what is known of them here."""
    for row in reply if isinstance(reply, list) else []:
        match row:
            case [bytes() as name, int() as arity, *_]:
                word = name.decode("latin-1").upper()
                ours = {key: told for key, told in shipped().items() if key.split(" ")[0] == word}
                yield from (ours or {word: Usage(_by_arity(word, arity))}).items()


def _by_arity(name: str, arity: int) -> str:
    """Return a line of syntax from the arity alone, which counts the name and is negative for "or more"."""
    more = " [arg ...]" if arity < 0 else ""
    return f"{name}{' arg' * (abs(arity) - 1)}{more}"


# --- what COMMAND DOCS says ---------------------------------------------------------------------------


def _described(docs: Mapping[str, Any], parent: str = "") -> Iterator[tuple[str, Usage]]:
    for name, told in docs.items():
        facts = _pairs(told)
        word = name.upper().replace("|", " ")
        arguments = [_pairs(argument) for argument in facts.get("arguments") or []]
        if "subcommands" in facts:
            yield from _described(_pairs(facts["subcommands"]))
        if arguments or "subcommands" not in facts:
            yield (
                word,
                Usage(
                    " ".join([word, *map(_written, arguments)]),
                    _text(facts.get("summary", "")),
                    _text(facts.get("since", "")),
                    tuple(sorted(set(_tokens(arguments)))),
                    any(_names_keys(argument) for argument in arguments),
                ),
            )


def _written(argument: Mapping[str, Any]) -> str:
    """Return one argument as the manual writes it."""
    kind, flags = _text(argument.get("type", "")), {_text(flag) for flag in argument.get("flags") or []}
    parts = [_written(_pairs(part)) for part in argument.get("arguments") or []]
    token = _text(argument.get("token", ""))
    if kind == "pure-token":
        text = token
    else:
        name = _text(argument.get("display_text") or argument.get("name", ""))
        text = " | ".join(parts) if kind == "oneof" else " ".join(parts) if kind == "block" else name
        is_open_choice = kind == "oneof" and "optional" not in flags
        text = f"<{text}>" if is_open_choice else text
        text = f"{token} {text}" if token else text
    if "multiple" in flags:
        again = text if "multiple_token" in flags or not token else text.removeprefix(f"{token} ")
        text = f"{text} [{again} ...]"
    return f"[{text}]" if "optional" in flags else text


def _tokens(arguments: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for argument in arguments:
        if token := _text(argument.get("token", "")):
            yield token
        yield from _tokens(_pairs(part) for part in argument.get("arguments") or [])


def _names_keys(argument: Mapping[str, Any]) -> bool:
    parts = argument.get("arguments") or []
    return _text(argument.get("type", "")) == "key" or any(_names_keys(_pairs(part)) for part in parts)


def _pairs(flat: Any) -> dict[str, Any]:
    """Return what a map is in RESP2, names and values in turn, as a dictionary."""
    items = flat if isinstance(flat, list) else []
    return {_text(name): value for name, value in zip(items[::2], items[1::2], strict=False)}


def _text(reply: Any) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply or "")

"""Lua scripts: run by their fingerprint, watched over, kept under a name, and the server's functions.

Knows no web. What a script costs cannot be known before, so `thumbapp.explorer.watchdog` looks after each.
"""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from thumbapp.errors import ServerLacks
from thumbapp.explorer.connections import ANY_DB, unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.replies import as_text
from thumbapp.explorer.reply_types import data, items, pairs, text
from thumbapp.explorer.resp import Argv, Failure, Reply
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.watchdog import run_watched

_CUT_AT: Final = 1_000_000
_AT_LINE: Final = re.compile(r"(?:user_script|user_function|@\w+):(\d+)[:.]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a script answered; *line* is where in its source it failed, counted from 1.

    *was_loaded* is whether the server had it already, *was_killed* whether it took too long.
    """

    reply: Reply
    text: str
    ms: float
    sha: str
    was_loaded: bool
    was_killed: bool = False

    @property
    def is_error(self) -> bool:
        """Whether the server answered with an error."""
        return isinstance(self.reply, Failure)

    @property
    def line(self) -> int | None:
        """The line of the source that the error names, None when it names none."""
        found = _AT_LINE.search(self.reply.text) if isinstance(self.reply, Failure) else None
        return int(found[1]) if found else None


def fingerprint(source: bytes) -> str:
    """Return the SHA-1 by which a server knows the script *source*."""
    return hashlib.sha1(source, usedforsecurity=False).hexdigest()


def run_script(
    gate: Gate,
    source: bytes,
    *,
    keys: Sequence[bytes] = (),
    args: Sequence[bytes] = (),
    caller: Caller,
    db: int,
    read_only: bool = False,
    confirm: str = "",
) -> Outcome:
    """Run *source* with its ``KEYS`` and ``ARGV`` and return what it answered.

    It is called by its fingerprint, and sent whole when the server does not have it.

    Raises:
        Refused: the gate does not let it through. ConfirmationNeeded: it asks first.
        ScriptRunning: it may write and has run for two seconds; it goes on, `kill` may end it.
        ServerLacks: *read_only*, and the server is older than 7.0.
    """
    suffix = "_RO" if read_only else ""
    rest: Argv = (len(keys), *keys, *args)
    whole: Argv = (f"EVAL{suffix}", source, *rest)
    server, may_kill = gate.server, caller.mode.covers(Mode.ADMIN)
    with server.pool.connection(db) as connection:
        if read_only and not server.knows(connection, "EVAL_RO"):
            raise ServerLacks("EVAL_RO", "7.0")
        gate.admit(whole, caller=caller, db=db, confirm=confirm)
        began, sha = time.perf_counter(), fingerprint(source)
        short: Argv = (f"EVALSHA{suffix}", sha, *rest)
        reply, was_killed = run_watched(server, connection, short, may_kill=may_kill, cut_at=_CUT_AT)
        was_loaded = not (isinstance(reply, Failure) and reply.text.startswith("NOSCRIPT"))
        if not was_loaded:
            reply, was_killed = run_watched(server, connection, whole, may_kill=may_kill, cut_at=_CUT_AT)
        ms = (time.perf_counter() - began) * 1000
    gate.note_run(whole, reply, caller=caller, db=db)
    return Outcome(reply, as_text(reply), ms, sha, was_loaded, was_killed)


def call_function(
    gate: Gate,
    name: bytes,
    *,
    keys: Sequence[bytes] = (),
    args: Sequence[bytes] = (),
    caller: Caller,
    db: int,
    confirm: str = "",
) -> Outcome:
    """Call the function *name* of a library on the server, under the same watch as a script."""
    argv: Argv = ("FCALL", name, len(keys), *keys, *args)
    may_kill = caller.mode.covers(Mode.ADMIN)
    with gate.server.pool.connection(db) as connection:
        gate.admit(argv, caller=caller, db=db, confirm=confirm)
        began = time.perf_counter()
        reply, was_killed = run_watched(gate.server, connection, argv, may_kill=may_kill, cut_at=_CUT_AT)
        ms = (time.perf_counter() - began) * 1000
    gate.note_run(argv, reply, caller=caller, db=db)
    return Outcome(reply, as_text(reply), ms, "", was_loaded=True, was_killed=was_killed)


def kill(gate: Gate, *, caller: Caller, is_function: bool = False) -> Reply:
    """End the script that keeps the server busy, and return what the server says to that."""
    return gate.run(("FUNCTION" if is_function else "SCRIPT", "KILL"), caller=caller, db=ANY_DB).reply


def loaded(gate: Gate, shas: Sequence[str], *, caller: Caller) -> dict[str, bool]:
    """Return for each of *shas* whether the server has that script."""
    if not shas:
        return {}
    reply = gate.read(("SCRIPT", "EXISTS", *shas), caller=caller, db=0)
    answers = reply if isinstance(reply, list) else [0] * len(shas)
    return {sha: answer == 1 for sha, answer in zip(shas, answers, strict=True)}


@dataclass(frozen=True, slots=True)
class Library:
    """One library of functions that the server keeps."""

    name: bytes
    engine: str
    functions: tuple[bytes, ...]
    source: bytes


def libraries(gate: Gate) -> list[Library]:
    """Return the libraries of functions, by name; raises ServerLacks before 7.0."""
    with gate.server.pool.connection(0) as connection:
        if not gate.server.knows(connection, "FUNCTION"):
            raise ServerLacks("FUNCTION", "7.0")
        gate.check_reads(connection, ["FUNCTION LIST"])
        rows = unfailed(connection.exchange(("FUNCTION", "LIST", "WITHCODE"), cut_at=_CUT_AT)[0])
    return sorted(map(_library, map(pairs, items(rows))), key=lambda library: library.name)


def _library(facts: Mapping[str, Reply]) -> Library:
    names = [pairs(row).get("name") for row in items(facts.get("functions"))]
    return Library(
        name=data(facts.get("library_name")),
        engine=text(facts.get("engine")),
        functions=tuple(sorted(name for name in names if isinstance(name, bytes))),
        source=data(facts.get("library_code")),
    )

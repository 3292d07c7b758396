"""The second wall behind the gate: two users of the server itself that may no more than the explorer needs.

``explorer_ro`` reads, ``explorer_rw`` also changes keys; neither touches the server or its other users.
An ACL cannot tell the app's keys from others, nor deny AUTH and RESET: those the gate alone refuses.
"""

import re
from dataclasses import dataclass
from typing import Final

from thumbapp.errors import ServerRefused
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.resp import Argv, Failure

READER: Final = "explorer_ro"
EDITOR: Final = "explorer_rw"
_EVERYTHING: Final = ("reset", "on", "~*", "&*", "-@all")
_READING: Final = (
    *("+@read", "+@connection", "+@transaction", "+@pubsub", "-publish", "-@dangerous", "+acl|whoami"),
    *("+ping", "+echo", "+time", "+info", "+lolwut", "+command", "+memory|usage", "+memory|stats"),
    *("+memory|doctor", "+client|list", "+client|info", "+client|id", "+client|getname"),
    *("+slowlog|get", "+slowlog|len", "+latency|latest", "+latency|history", "+latency|doctor"),
    *("+module|list", "+role", "+lastsave", "-client|kill", "-client|pause", "-client|no-evict"),
)
_CHANGING: Final = (
    *("+@write", "-function", "-@dangerous", "+restore", "+publish", "+eval", "+evalsha", "+script|load"),
    *("+script|exists", "+info", "+role", "+lastsave", "+client|list", "+slowlog|get", "+slowlog|len"),
    *("+latency|latest", "+latency|history", "+latency|doctor", "+module|list"),
)
RULES: Final = {READER: _READING, EDITOR: (*_READING, *_CHANGING)}
# What an older server says of a command that it does not have; a rule about that is left out.
_UNKNOWN: Final = re.compile(r"Error in ACL SETUSER modifier '([^']+)': (?:Unknown command|Syntax error)")


@dataclass(frozen=True, slots=True)
class Installed:
    """Which users were made, and the commands for who may make them when the server refused, and why."""

    made: list[str]
    lines: list[Argv]
    refused: str = ""


def setuser_commands(passwords: dict[str, str]) -> list[Argv]:
    """Return the commands that make each user, with the password of its name."""
    return [("ACL", "SETUSER", user, *_EVERYTHING, f">{passwords[user]}", *RULES[user]) for user in RULES]


def install(gate: Gate, passwords: dict[str, str], *, caller: Caller) -> Installed:
    """Make both users on the server of *gate*, leaving out rules for commands that it does not have.

    The commands come back when the server has no ACL (before Redis 6) or we may not change it.
    """
    wanted, made = setuser_commands(passwords), list[str]()
    for argv in wanted:
        try:
            _make(gate, argv, caller=caller)
        except ServerRefused as error:
            return Installed(made, wanted[len(made) :], str(error))
        made.append(str(argv[2]))
    return Installed(made, [])


def _make(gate: Gate, argv: Argv, *, caller: Caller) -> None:
    db = gate.server.first_db
    for _ in argv:
        ran = gate.run(argv, caller=caller, db=db, confirm=gate.token(argv, caller=caller, db=db))
        if not isinstance(ran.reply, Failure):
            return
        unknown = _UNKNOWN.search(ran.reply.text)
        if unknown is None or unknown[1] not in argv:
            raise ServerRefused(ran.reply.text)
        argv = tuple(item for item in argv if item != unknown[1])

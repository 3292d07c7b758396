"""The table of what may run: each rule one row, read by `thumbapp.explorer.gate`.

A command is named in capitals, with its subcommand where the rule is about that. What no row is about
goes by the flags that the server gives it: ``write`` needs edit mode, ``readonly`` alone runs in view
mode, anything else needs admin mode. Costs have a table of their own, `thumbapp.explorer.costs`.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from thumbapp.explorer.resp import Argv, word

MOST_DELETED: Final = 100


class Mode(StrEnum):
    """How far one may go; each mode may all that the one before it may."""

    VIEW = "view"
    EDIT = "edit"
    ADMIN = "admin"

    def covers(self, needed: "Mode") -> bool:
        """Whether what needs *needed* may be done in this mode."""
        order = list(Mode)
        return order.index(self) >= order.index(needed)


class Kind(StrEnum):
    """What a rule does to a command."""

    REFUSED = "refused"
    REFUSED_AT_HOME = "refused on the server with the app's own keys"
    REFUSED_IN_HOME_DB = "refused in the database with the app's own keys"
    HOLDS = "changes its connection, so it needs one of its own"
    WAITS = "waits, so it needs a connection and a pane of its own"
    VIEW = "view mode is enough"
    EDIT = "needs edit mode"
    ADMIN = "needs admin mode"
    CONFIRMED = "asks first"
    CONFIRMED_AT_HOME = "asks first on the server with the app's own keys"


def _always(_: Argv) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what holds for *commands*, the sentence that says why, or for a question what will happen.

    An effect may hold ``{keys}``, the number of keys in the database, ``{all_keys}``, in all databases,
    ``{count}``, that of the arguments, ``{target}``, the first of them after the command's words.
    """

    kind: Kind
    commands: frozenset[str]
    says: str = ""
    applies: Callable[[Argv], bool] = _always


def _row(kind: Kind, commands: str, says: str = "", applies: Callable[[Argv], bool] = _always) -> Rule:
    return Rule(kind, frozenset(name.strip() for name in commands.split(",")), says, applies)


def _deletes_many(argv: Argv) -> bool:
    return len(argv) - 1 > MOST_DELETED


def _waits(argv: Argv) -> bool:
    options = itertools.takewhile(lambda text: text != "STREAMS", (word(argv, at) for at in range(len(argv))))
    return "BLOCK" in options


RULES: Final = (
    # Commands that end, take over or re-dress the connection; an ACL cannot deny the first four.
    _row(
        Kind.REFUSED,
        "AUTH, HELLO, RESET",
        "the explorer signs in by the server's address, for all pages alike",
    ),
    _row(Kind.REFUSED, "QUIT", "the connection is shared; close the page instead"),
    _row(
        Kind.REFUSED, "MONITOR", "it would show everybody's commands and passwords, and slow the server down"
    ),
    _row(Kind.REFUSED, "SYNC, PSYNC, REPLCONF", "it would turn the connection into a replica's"),
    _row(Kind.REFUSED, "CLIENT REPLY", "without replies the connection could not be used any more"),
    _row(Kind.REFUSED, "CLIENT TRACKING, CLIENT CACHING", "it changes a connection that is shared"),
    _row(
        Kind.REFUSED,
        "CLIENT SETNAME, CLIENT SETINFO, CLIENT NO-EVICT, CLIENT NO-TOUCH, CLIENT CAPA, CLIENT IMPORT-SOURCE",
        "it changes a connection that is shared",
    ),
    _row(Kind.REFUSED, "ASKING, RESTORE-ASKING, READONLY, READWRITE", "it is for cluster clients"),
    _row(Kind.REFUSED, "HOST:, POST", "it is how a server knows an attack by a web page"),
    # Commands that stop or harm the server, or reach out to others.
    _row(
        Kind.REFUSED, "DEBUG, PFDEBUG, PFSELFTEST", "it is for those who develop the server, and can crash it"
    ),
    _row(
        Kind.REFUSED, "KEYS", "it stops the server until all keys are read; search with SCAN or in the list"
    ),
    _row(
        Kind.REFUSED, "SAVE", "it stops the server until all is written; BGSAVE does the same beside the work"
    ),
    _row(Kind.REFUSED, "MIGRATE", "addresses are never taken from a form; export here and import there"),
    _row(Kind.REFUSED, "MODULE LOAD, MODULE LOADEX", "it runs foreign machine code in the server"),
    _row(Kind.REFUSED, "SCRIPT DEBUG", "it takes the connection over; use redis-cli --ldb"),
    _row(Kind.REFUSED, "CLUSTER SYNCSLOTS", "it is what servers say to each other"),
    _row(
        Kind.REFUSED_AT_HOME,
        "FLUSHALL, SWAPDB, SHUTDOWN, REPLICAOF, SLAVEOF, FAILOVER",
        "the app's own keys live on this server",
    ),
    _row(Kind.REFUSED_IN_HOME_DB, "FLUSHDB", "the app's own keys live in this database"),
    _row(
        Kind.REFUSED_AT_HOME,
        "CLUSTER RESET, CLUSTER FLUSHSLOT, CLUSTER FLUSHSLOTS, CLUSTER FAILOVER",
        "the app's own keys live on this server",
    ),
    # Commands that leave their connection changed, or waiting.
    _row(Kind.HOLDS, "SELECT", "the database is chosen beside the command"),
    _row(Kind.HOLDS, "MULTI, EXEC, DISCARD, WATCH, UNWATCH", "a transaction needs the console"),
    _row(
        Kind.WAITS,
        "SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE, UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE",
        "a subscription needs the console",
    ),
    _row(
        Kind.WAITS,
        "BLPOP, BRPOP, BRPOPLPUSH, BLMOVE, BLMPOP, BZPOPMIN, BZPOPMAX, BZMPOP, WAIT, WAITAOF",
        "waiting needs the console",
    ),
    _row(
        Kind.WAITS,
        "XREAD, XREADGROUP",
        "waiting needs the console; without BLOCK it runs here",
        _waits,
    ),
    # Modes that the flags do not tell: subcommands before Redis 7 have none, and some commands never had.
    _row(Kind.VIEW, "PING, ECHO, TIME, INFO, ROLE, LASTSAVE, LOLWUT"),
    _row(
        Kind.VIEW,
        "COMMAND, COMMAND COUNT, COMMAND DOCS, COMMAND GETKEYS, COMMAND GETKEYSANDFLAGS, COMMAND INFO, "
        "COMMAND LIST, COMMAND HELP",
    ),
    _row(Kind.VIEW, "SELECT, MULTI, EXEC, DISCARD, WATCH, UNWATCH, WAIT, WAITAOF"),
    _row(Kind.VIEW, "SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE, UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE"),
    _row(
        Kind.VIEW, "CLIENT ID, CLIENT INFO, CLIENT LIST, CLIENT GETNAME, CLIENT GETREDIR, CLIENT TRACKINGINFO"
    ),
    _row(
        Kind.VIEW, "CLIENT HELP, CONFIG HELP, ACL HELP, SLOWLOG HELP, LATENCY HELP, MODULE HELP, CLUSTER HELP"
    ),
    _row(Kind.VIEW, "SCRIPT HELP, FUNCTION HELP, COMMANDLOG HELP, PUBSUB HELP"),
    _row(Kind.VIEW, "SLOWLOG GET, SLOWLOG LEN, COMMANDLOG GET, COMMANDLOG LEN"),
    _row(Kind.VIEW, "LATENCY DOCTOR, LATENCY GRAPH, LATENCY HISTOGRAM, LATENCY HISTORY, LATENCY LATEST"),
    _row(Kind.VIEW, "MEMORY DOCTOR, MEMORY HELP, MEMORY STATS, MEMORY MALLOC-STATS, MEMORY USAGE"),
    _row(
        Kind.VIEW, "PUBSUB CHANNELS, PUBSUB NUMPAT, PUBSUB NUMSUB, PUBSUB SHARDCHANNELS, PUBSUB SHARDNUMSUB"
    ),
    _row(Kind.VIEW, "SCRIPT EXISTS, SCRIPT SHOW, FUNCTION LIST, FUNCTION STATS, FUNCTION DUMP, MODULE LIST"),
    _row(Kind.VIEW, "ACL WHOAMI, ACL CAT, ACL GENPASS, ACL DRYRUN"),
    _row(
        Kind.VIEW,
        "CLUSTER INFO, CLUSTER NODES, CLUSTER SLOTS, CLUSTER SHARDS, CLUSTER LINKS, CLUSTER MYID, "
        "CLUSTER MYSHARDID, CLUSTER KEYSLOT, CLUSTER COUNTKEYSINSLOT, CLUSTER SLOT-STATS",
    ),
    _row(Kind.EDIT, "EVAL, EVALSHA, FCALL, EVAL_RO, EVALSHA_RO, FCALL_RO", "a script can run for long"),
    _row(Kind.EDIT, "SCRIPT LOAD, PUBLISH, SPUBLISH"),
    _row(Kind.ADMIN, "FLUSHDB, FLUSHALL, SWAPDB", "it concerns every key"),
    _row(Kind.ADMIN, "RESTORE", "it writes a value in the server's own format, unchecked"),
    _row(Kind.ADMIN, "ACL LIST, ACL GETUSER, ACL USERS, ACL LOG, CONFIG GET", "it can show secrets"),
    _row(
        Kind.ADMIN,
        "SCRIPT KILL, SCRIPT FLUSH, FUNCTION KILL, FUNCTION LOAD, FUNCTION RESTORE, FUNCTION DELETE",
    ),
    _row(Kind.ADMIN, "FUNCTION FLUSH, CLIENT KILL, CLIENT PAUSE, CLIENT UNPAUSE, CLIENT UNBLOCK"),
    # Commands that ask first, with what will happen.
    _row(Kind.CONFIRMED, "FLUSHDB", "FLUSHDB deletes every key of this database, {keys} now"),
    _row(Kind.CONFIRMED, "FLUSHALL", "FLUSHALL deletes every key of every database, {all_keys} now"),
    _row(Kind.CONFIRMED, "SWAPDB", "SWAPDB exchanges two whole databases for every client at once"),
    _row(
        Kind.CONFIRMED,
        "SCRIPT FLUSH",
        "SCRIPT FLUSH forgets every loaded script; EVALSHA fails until reloaded",
    ),
    _row(Kind.CONFIRMED, "FUNCTION FLUSH", "FUNCTION FLUSH deletes every library of functions"),
    _row(Kind.CONFIRMED, "FUNCTION DELETE", "FUNCTION DELETE deletes the library {target} for every client"),
    _row(Kind.CONFIRMED, "ACL SETUSER", "ACL SETUSER changes what {target} may do"),
    _row(Kind.CONFIRMED, "ACL DELUSER", "ACL DELUSER removes {target} and ends the connections of that user"),
    _row(Kind.CONFIRMED, "CONFIG SET", "CONFIG SET changes {target} of the running server"),
    _row(Kind.CONFIRMED, "CONFIG REWRITE", "CONFIG REWRITE overwrites the server's configuration file"),
    _row(Kind.CONFIRMED, "CLIENT KILL", "CLIENT KILL ends connections of other programs"),
    _row(
        Kind.CONFIRMED,
        "XGROUP DESTROY",
        "XGROUP DESTROY deletes a group of {target} and all that is pending in it",
    ),
    _row(Kind.CONFIRMED, "DEL, UNLINK", "{count} keys are deleted", _deletes_many),
    _row(Kind.CONFIRMED, "SHUTDOWN", "SHUTDOWN stops the server for everybody"),
    _row(Kind.CONFIRMED, "REPLICAOF, SLAVEOF", "the server takes over another's data and drops its own"),
    _row(
        Kind.CONFIRMED,
        "FAILOVER, CLUSTER RESET, CLUSTER FAILOVER",
        "the server changes its part in the cluster",
    ),
    _row(
        Kind.CONFIRMED_AT_HOME,
        "EVAL, EVALSHA, FCALL",
        "a script can change keys that it does not name, also those of ThumbApp, which live on this server",
    ),
)
_MODES: Final = {Kind.VIEW: Mode.VIEW, Kind.EDIT: Mode.EDIT, Kind.ADMIN: Mode.ADMIN}


def rule_for(argv: Argv, name: str, kinds: Iterable[Kind]) -> Rule | None:
    """Return the first rule of *kinds* for the command *name* (``CONFIG SET``, else ``CONFIG``) of *argv*."""
    wanted = set(kinds)
    command = name.partition(" ")[0]
    return next(
        (
            rule
            for rule in _BY_COMMAND.get(name, []) + (_BY_COMMAND.get(command, []) if name != command else [])
            if rule.kind in wanted and rule.applies(argv)
        ),
        None,
    )


def mode_for(argv: Argv, name: str, ask_flags: Callable[[Argv], frozenset[str]]) -> Mode:
    """Return the mode that *argv* needs: what the table says, else what the server's flags do.

    *ask_flags* may ask the server, so it is not called for what the table knows: a server that is busy with
    a script answers nothing but what ends that.
    """
    if rule := rule_for(argv, name, _MODES):
        return _MODES[rule.kind]
    flags = ask_flags(argv)
    if "admin" in flags:
        return Mode.ADMIN
    if "write" in flags:
        return Mode.EDIT
    return Mode.VIEW if "readonly" in flags else Mode.ADMIN


def _by_command() -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in RULES:
        for command in rule.commands:
            found.setdefault(command, []).append(rule)
    return found


_BY_COMMAND: Final = _by_command()

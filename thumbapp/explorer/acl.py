"""Users of a Redis server: their rules in words, made from choices, and what one may do.

Hashes of passwords never leave this module. Knows no web.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from thumbapp.errors import BadEdit
from thumbapp.explorer.gate_client import GateClient
from thumbapp.explorer.reply_types import items, pairs, readable, text
from thumbapp.explorer.resp import Argv, Reply

_NAME: Final = re.compile(r"[^\s\x00]{1,200}")
_RULE: Final = re.compile(r"[+-](@?[a-z0-9_-]+(\|[a-z0-9_-]+)?)")
_CATEGORIES: Final = {
    "all": "every command",
    "admin": "commands of administrators",
    "blocking": "commands that wait",
    "connection": "commands about the connection",
    "dangerous": "dangerous commands",
    "fast": "fast commands",
    "keyspace": "commands about keys of any type",
    "pubsub": "publishing and subscribing",
    "read": "reading values",
    "scripting": "scripts and functions",
    "slow": "slow commands",
    "transaction": "transactions",
    "write": "writing values",
}


@dataclass(frozen=True, slots=True)
class AclUser:
    """One user: whether they may sign in, how, and what their rules are; no hash of a password."""

    name: str
    is_on: bool
    needs_password: bool
    passwords: int
    commands: str
    keys: tuple[str, ...]
    channels: tuple[str, ...]
    selectors: int = 0

    @property
    def sentences(self) -> list[str]:
        """The rules read out."""
        return [_signs_in(self), _runs(self.commands), _reaches("keys", self.keys), _hears(self.channels)]


@dataclass(frozen=True, slots=True)
class AclChange:
    """What a user is to be: the whole of it, as `ACL SETUSER` takes it after a reset.

    *commands* are rules such as ``+@read`` and ``-debug`` in their order. A *password* of None leaves the
    passwords alone, "" lets them in without one.
    """

    name: str
    is_on: bool = True
    password: str | None = None
    commands: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """Whether a user may run a command, and the server's words when not."""

    may_run: bool
    says: str


class Acl(GateClient):
    """The users of one server, asked and changed through the gate on behalf of *caller*."""

    needs = ("ACL", "6.0")

    def users(self) -> list[AclUser]:
        """Return every user by name; raises ServerLacks before Redis 6.0."""
        names = [text(name) for name in self._list("ACL", "USERS")]
        return [self.user(name) for name in sorted(names)]

    def user(self, name: str) -> AclUser:
        """Return the user *name*; raises BadEdit when there is none."""
        reply = self._ask("ACL", "GETUSER", name)
        if reply is None:
            raise BadEdit(f"There is no user {name[:100]}.")
        return _user(name, pairs(reply))

    def whoami(self) -> str:
        """Return the user that the explorer itself is."""
        return text(self._ask("ACL", "WHOAMI"))

    def categories(self) -> list[str]:
        """Return the categories of commands that the server knows."""
        return sorted(text(name) for name in self._list("ACL", "CAT"))

    def password(self) -> str:
        """Return a new random password, made by the server."""
        return text(self._ask("ACL", "GENPASS"))

    def save(self, change: AclChange, *, confirm: str = "") -> AclUser:
        """Make the user what *change* says and return them.

        Raises:
            BadEdit: a name or rule cannot be. ConfirmationNeeded: it asks first.
        """
        self._do(*setuser(change), confirm=confirm)
        return self.user(change.name)

    def remove(self, name: str, *, confirm: str = "") -> None:
        """Remove the user *name*, which ends their connections; raises ConfirmationNeeded first."""
        self._do("ACL", "DELUSER", name, confirm=confirm)

    def dry_run(self, name: str, argv: Argv) -> DryRun:
        """Return whether the user *name* may run *argv*; raises ServerLacks before 7.0."""
        self._check_known("ACL DRYRUN", "7.0")
        reply = self._ask("ACL", "DRYRUN", name, *argv)
        says = text(reply)
        return DryRun(says == "OK", says)

    def refusals(self, most: int = 50) -> list[dict[str, str]]:
        """Return the newest things that users were refused, newest first."""
        rows = self._list("ACL", "LOG", most)
        return [{name: readable(value) for name, value in pairs(row).items()} for row in rows]


def setuser(change: AclChange) -> tuple[str, ...]:
    """Return the command that makes a user what *change* says, or raise BadEdit."""
    if not _NAME.fullmatch(change.name):
        raise BadEdit("A user's name has 1 to 200 characters and no space.")
    for rule in change.commands:
        if not _RULE.fullmatch(rule.lower()):
            raise BadEdit(f"{rule[:60]} is no rule; write +get, -@dangerous or +config|get.")
    if any(not pattern or re.search(r"\s", pattern) for pattern in (*change.keys, *change.channels)):
        raise BadEdit("A pattern has no space in it and is not empty.")
    return (
        *("ACL", "SETUSER", change.name, "on" if change.is_on else "off"),
        *_password_rules(change),
        *("resetkeys", *(f"~{pattern}" for pattern in change.keys)),
        *("resetchannels", *(f"&{pattern}" for pattern in change.channels)),
        *("nocommands", *(rule.lower() for rule in change.commands)),
    )


def _password_rules(change: AclChange) -> list[str]:
    if change.password is None:
        return []
    return ["resetpass", f">{change.password}"] if change.password else ["nopass"]


def _user(name: str, facts: Mapping[str, Reply]) -> AclUser:
    flags = {text(flag) for flag in items(facts.get("flags"))}
    return AclUser(
        name=name,
        is_on="on" in flags,
        needs_password="nopass" not in flags,
        passwords=len(items(facts.get("passwords"))),
        commands=text(facts.get("commands")),
        keys=_patterns(facts.get("keys"), "~", is_open="allkeys" in flags),
        channels=_patterns(facts.get("channels"), "&", is_open="allchannels" in flags),
        selectors=len(items(facts.get("selectors"))),
    )


def _patterns(reply: Reply, mark: str, *, is_open: bool) -> tuple[str, ...]:
    """Return the patterns of a user: a list before Redis 7, a line of words with marks from then on."""
    if isinstance(reply, list):
        found = [readable(item) for item in reply]
    else:
        found = [word.removeprefix(mark) for word in readable(reply).split()]
    return tuple(found) or (("*",) if is_open else ())


def _signs_in(user: AclUser) -> str:
    if not user.is_on:
        return "may not sign in"
    if not user.needs_password:
        return "signs in without a password"
    if user.passwords == 0:
        return "has no password yet, so cannot sign in"
    return "signs in with a password" if user.passwords == 1 else f"has {user.passwords} passwords"


def _runs(rules: str) -> str:
    """Return the rules about commands as a sentence, in their order, as a later one wins."""
    words = rules.split()
    if words[:1] == ["-@all"]:
        words = words[1:]
    if not words:
        return "may run nothing"
    return "may run " + ", ".join(map(_rule_in_words, words)).replace("may run but not", "may not run")


def _rule_in_words(rule: str) -> str:
    what = rule[1:]
    said = (
        _CATEGORIES.get(what[1:], f"all of {what}")
        if what.startswith("@")
        else what.replace("|", " ").upper()
    )
    return said if rule.startswith("+") else f"but not {said}"


def _reaches(noun: str, patterns: Iterable[str]) -> str:
    found = list(patterns)
    if not found:
        return f"reaches no {noun}"
    return f"reaches all {noun}" if "*" in found else f"reaches {noun} {', '.join(found)}"


def _hears(channels: Iterable[str]) -> str:
    return _reaches("channels", channels).replace("reaches", "hears")

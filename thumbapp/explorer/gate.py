"""The one gate: whether a command may go to a server, and the only way by which it does.

`Gate.check` asks every question in order and raises the first refusal; `Gate.run` also sends and
notes it; `Gate.check_reads` lets through fixed reading commands that are sent by the thousand. What
is refused stands in `thumbapp.explorer.rules` and `thumbapp.explorer.costs`.
"""

import base64
import hmac
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from thumbapp.errors import (
    CommandRefused,
    ConfirmationNeeded,
    KeyProtected,
    LineUnreadable,
    ModeNeeded,
    ServerReadOnly,
    ThumbAppError,
)
from thumbapp.explorer.connections import ANY_DB, Connection
from thumbapp.explorer.costs import check_costs
from thumbapp.explorer.names import shown
from thumbapp.explorer.quoting import command_line
from thumbapp.explorer.resp import Argv, Failure, Reply, as_bytes, pack, word
from thumbapp.explorer.rules import RULES, Kind, Mode, mode_for, rule_for
from thumbapp.explorer.servers import Server, databases
from thumbapp.explorer.watchdog import KILLS, is_script, run_watched

CONFIRM_WITHIN_S: Final = 300
_SECRETS: Final = frozenset({"ACL SETUSER", "CONFIG SET", "ACL GETUSER"})
_LONGEST_NOTED: Final = 200
_TWO_WORDS: Final = frozenset(
    command.partition(" ")[0] for rule in RULES for command in rule.commands if " " in command
) | {"XGROUP", "XINFO", "OBJECT"}
_NO_KEYS: Final = re.compile(r"has no key arguments|arguments? specified|number of arguments")


class Audit(Protocol):
    """What keeps who did what."""

    def record(
        self, *, who: str, action: str, target: str = "", source: str = "", result: str = "ok"
    ) -> None:
        """Write one line."""


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a command is sent.

    *mode* is how far they may go now. *binding* is what a confirmation holds for: their session or token.
    """

    who: str
    mode: Mode = Mode.VIEW
    source: str = ""
    binding: str = ""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of a command: the reply as it is, and the time until it was here."""

    reply: Reply
    ms: float

    @property
    def is_error(self) -> bool:
        """Whether the server answered with an error."""
        return isinstance(self.reply, Failure)


class Gate:
    """Lets commands through to one server, or says why not."""

    def __init__(self, server: Server, *, secret: bytes, audit: Audit) -> None:
        self.server = server
        self._key = hmac.digest(secret, b"thumbapp.explorer.confirm", "sha256")
        self._audit = audit

    def run(
        self, argv: Argv, *, caller: Caller, db: int, confirm: str = "", cut_at: int | None = None
    ) -> CommandResult:
        """Send *argv* to database *db* and return its reply; an error of the server is a reply too.

        Raises:
            Refused: the gate does not let it through. ConfirmationNeeded: it asks first.
            ServerAway: there was no answer; the command may have run.
        """
        is_busy = command_name(argv) in KILLS
        with (
            self.server.pool.fresh_connection() if is_busy else self.server.pool.connection(db) as connection
        ):
            changes = self._admit(
                connection, argv, caller=caller, db=db, confirm=confirm, holds_connection=False
            )
            began = time.perf_counter()
            if is_script(argv):
                may_kill = caller.mode.covers(Mode.ADMIN)
                reply, _ = run_watched(self.server, connection, argv, may_kill=may_kill, cut_at=cut_at)
            else:
                reply = connection.exchange(argv, cut_at=cut_at)[0]
            ms = (time.perf_counter() - began) * 1000
        if changes:
            self.note_run(argv, reply, caller=caller, db=db)
        return CommandResult(reply, ms)

    def read(self, argv: Argv, *, caller: Caller, db: int, cut_at: int | None = None) -> Reply:
        """Send what a page always reads and return the reply, checked as in `run` and noted nowhere.

        Raises:
            Refused: the gate does not let it through. ServerAway: there was no answer.
        """
        with self.server.pool.connection(db) as connection:
            self.check(connection, argv, caller=caller, db=db)
            return connection.exchange(argv, cut_at=cut_at)[0]

    def admit(self, argv: Argv, *, caller: Caller, db: int, confirm: str = "") -> bool:
        """Let the caller send *argv* over a connection that is theirs alone; return whether to note it.

        It is to be noted, by `note_run`, when it does more than read.

        Raises:
            Refused: the gate does not let it through. ConfirmationNeeded: it asks first.
        """
        with self.server.pool.connection(db) as connection:
            return self._admit(connection, argv, caller=caller, db=db, confirm=confirm, holds_connection=True)

    def note_run(self, argv: Argv, reply: Reply, *, caller: Caller, db: int) -> None:
        """Write into the audit that *argv* was run for *caller*, and what the server answered."""
        failed = reply.text if isinstance(reply, Failure) else "ok"
        if command_name(argv) in _SECRETS:  # an error may repeat the arguments
            failed = failed.partition(" ")[0]
        self.note(_noted(argv), caller=caller, db=db, result=failed)

    def check(
        self,
        connection: Connection,
        argv: Argv,
        *,
        caller: Caller,
        db: int,
        confirm: str = "",
        holds_connection: bool = False,
    ) -> None:
        """Raise what speaks against sending *argv* over *connection*; returning means that it may go.

        *holds_connection* is whether the connection stays the caller's own, so that it may be changed.
        """
        name = command_name(argv)
        self._check_refused(argv, name, db=db, holds_connection=holds_connection)
        needed = mode_for(argv, name, self._flags(connection))
        self._check_mode(name, needed, caller)
        if needed is not Mode.VIEW:
            self._check_keys(connection, argv, name)
        check_costs(connection, argv, name)
        self._check_confirmed(connection, argv, name, caller=caller, db=db, confirm=confirm)

    def check_reads(self, connection: Connection, commands: Iterable[str]) -> None:
        """Raise when one of *commands* may not be sent in view mode however often; their cost is not asked.

        It is for those who only ever send these, in bounded portions, and judges the words alone.
        """
        for name in commands:
            argv: Argv = tuple(name.split())
            self._check_refused(argv, name, db=ANY_DB, holds_connection=False)
            if mode_for(argv, name, self._flags(connection)) is not Mode.VIEW:
                raise ModeNeeded(name, Mode.EDIT, Mode.VIEW)

    def require_confirmation(self, what: Argv, effect: str, *, caller: Caller, db: int, confirm: str) -> None:
        """Raise ConfirmationNeeded unless *confirm* is the token for exactly this *what*.

        It is for what is no single command, such as deleting all keys that match a pattern.
        """
        if not self._is_confirmed(confirm, what, caller=caller, db=db):
            raise ConfirmationNeeded(effect, self.token(what, caller=caller, db=db))

    def token(self, what: Argv, *, caller: Caller, db: int) -> str:
        """Return what confirms *what* for the next five minutes."""
        return self._token(what, caller=caller, db=db, until=_deadline())

    def note(self, action: str, *, caller: Caller, db: int, result: str = "ok") -> None:
        """Write into the audit that *caller* did *action*."""
        self._audit.record(
            who=caller.who,
            action=f"redis.{action.partition(' ')[0].lower()}",
            target=f"{self.server.name}{'' if db == ANY_DB else f'[{db}]'} {action}",
            source=caller.source,
            result=result,
        )

    def note_refusal(self, argv: Argv, *, caller: Caller, db: int, error: ThumbAppError) -> None:
        """Write into the audit that the gate did not let *argv* through; a question is no refusal."""
        if not isinstance(error, ConfirmationNeeded | LineUnreadable):
            self.note(_noted(argv), caller=caller, db=db, result=error.code)

    def _admit(
        self,
        connection: Connection,
        argv: Argv,
        *,
        caller: Caller,
        db: int,
        confirm: str,
        holds_connection: bool,
    ) -> bool:
        try:
            self.check(
                connection, argv, caller=caller, db=db, confirm=confirm, holds_connection=holds_connection
            )
        except ThumbAppError as error:
            self.note_refusal(argv, caller=caller, db=db, error=error)
            raise
        return mode_for(argv, command_name(argv), self._flags(connection)) is not Mode.VIEW

    def _flags(self, connection: Connection) -> Callable[[Argv], frozenset[str]]:
        """Return what tells the flags of a command, the server being asked when it is called."""
        return lambda argv: self.server.command_table(connection).flags(argv)

    # --- the questions, in order --------------------------------------------------------------------

    def _check_refused(self, argv: Argv, name: str, *, db: int, holds_connection: bool) -> None:
        kinds = [Kind.REFUSED] if holds_connection else [Kind.REFUSED, Kind.HOLDS, Kind.WAITS]
        if self.server.is_home():
            kinds.append(Kind.REFUSED_AT_HOME)
        if self.server.is_home_db(db):
            kinds.append(Kind.REFUSED_IN_HOME_DB)
        if rule := rule_for(argv, name, kinds):
            raise CommandRefused(name, rule.says)

    def _check_mode(self, name: str, needed: Mode, caller: Caller) -> None:
        if needed is not Mode.VIEW and self.server.is_read_only:
            raise ServerReadOnly(self.server.name, name)
        if not caller.mode.covers(needed):
            raise ModeNeeded(name, needed, caller.mode)

    def _check_keys(self, connection: Connection, argv: Argv, name: str) -> None:
        """Refuse a change of a protected key; the server is asked which arguments are keys."""
        suspects = {
            item: prefix for item in map(as_bytes, argv[1:]) if (prefix := self.server.protecting(item))
        }
        if not suspects:
            return
        keys = {as_bytes(argv[1])} if name in _CHANNELS else self._keys(connection, argv)
        for key, prefix in suspects.items():
            if key in keys:
                raise KeyProtected(shown(key), shown(prefix))

    @staticmethod
    def _keys(connection: Connection, argv: Argv) -> set[bytes]:
        """Return the keys that *argv* names; every argument when the server cannot tell."""
        reply = connection.exchange(("COMMAND", "GETKEYS", *argv))[0]
        if isinstance(reply, list):
            return {key for key in reply if isinstance(key, bytes)}
        is_without = isinstance(reply, Failure) and _NO_KEYS.search(reply.text.lower())
        return set() if is_without else {as_bytes(item) for item in argv}

    def _check_confirmed(
        self, connection: Connection, argv: Argv, name: str, *, caller: Caller, db: int, confirm: str
    ) -> None:
        kinds = [Kind.CONFIRMED, Kind.CONFIRMED_AT_HOME] if self.server.is_home() else [Kind.CONFIRMED]
        rule = rule_for(argv, name, kinds)
        if rule is None or self._is_confirmed(confirm, argv, caller=caller, db=db):
            return
        effect = _effect(rule.says, connection, argv, name)
        raise ConfirmationNeeded(effect, self.token(argv, caller=caller, db=db))

    def _is_confirmed(self, token: str, argv: Argv, *, caller: Caller, db: int) -> bool:
        until = token.partition(".")[0]
        if not until.isdecimal() or len(until) > 12 or int(until) < time.time():
            return False
        return hmac.compare_digest(
            token.encode(), self._token(argv, caller=caller, db=db, until=int(until)).encode()
        )

    def _token(self, argv: Argv, *, caller: Caller, db: int, until: int) -> str:
        """Return what confirms exactly this: who, where, what, and until when."""
        facts = (caller.who, caller.binding, self.server.name, db, until)
        seal = hmac.digest(self._key, pack([facts, argv]), "sha256")
        return f"{until}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def command_name(argv: Argv) -> str:
    """Return what the table calls *argv*: ``GET``, or with its subcommand ``CONFIG SET``.

    Raises:
        LineUnreadable: there is no command.
    """
    if not argv:
        raise LineUnreadable("it is empty")
    name = word(argv, 0)
    return f"{name} {word(argv, 1)}".strip() if name in _TWO_WORDS else name


_CHANNELS: Final = frozenset({"PUBLISH", "SPUBLISH"})


def _effect(says: str, connection: Connection, argv: Argv, name: str) -> str:
    """Return what will happen, with the numbers of now."""
    words = len(name.split())
    target = shown(as_bytes(argv[words])) if len(argv) > words else "it"
    keys = connection.exchange(("DBSIZE",))[0]
    return says.format(
        keys=f"{keys if isinstance(keys, int) else 0:,}",
        all_keys=f"{sum(databases(connection).values()):,}",
        count=f"{len(argv) - words:,}",
        target=target[:_LONGEST_NOTED],
    )


def _deadline() -> int:
    return int(time.time()) + CONFIRM_WITHIN_S


def _noted(argv: Argv) -> str:
    """Return *argv* for the audit: no passwords, not too long."""
    name = command_name(argv)
    words = [as_bytes(item) for item in argv]
    if name in _SECRETS:
        return command_line([*words[:3], b"..."] if len(words) > 3 else words)
    return command_line(item[:_LONGEST_NOTED] for item in words[:10])[:_LONGEST_NOTED]

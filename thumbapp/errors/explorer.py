"""What the Redis explorer refuses, cannot find, or is told by a server."""

from collections.abc import Mapping
from typing import Any, Final

from thumbapp.errors.base import Refused, ThumbAppError, Unavailable


class LineUnreadable(Refused):
    """A command line that redis-cli could not read either."""

    code = "bad-line"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The line cannot be read: {reason}. Nothing was sent.")


class GateRefused(Refused):
    """The gate does not let the command through."""

    code = "gate-refused"


class CommandRefused(GateRefused):
    """The gate lets nobody run this command here."""

    code = "command-refused"

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"{command} is not run here: {reason}. Nothing was sent.")


class ModeNeeded(GateRefused):
    """The command needs a mode that is not switched on."""

    code = "mode"

    def __init__(self, command: str, needed: str, has: str) -> None:
        super().__init__(f"{command} needs {needed} mode, this is {has} mode. Nothing was sent.")


class ModeTooHigh(GateRefused):
    """The mode that was asked for is above what the account may."""

    code = "mode-not-allowed"

    def __init__(self, mode: str) -> None:
        super().__init__(f"This account may not use {mode} mode. Nothing was sent.")


class ServerReadOnly(GateRefused):
    """The settings allow only reading on this server."""

    code = "read-only-server"

    def __init__(self, server: str, command: str) -> None:
        super().__init__(f"The server {server} is set to read-only, so {command} was not sent.")


class KeyProtected(GateRefused):
    """The key belongs to the app itself."""

    code = "protected-key"

    def __init__(self, name: str, prefix: str) -> None:
        super().__init__(f"Keys beginning with {prefix} are protected, so {name[:200]} was not changed.")


class TooCostly(GateRefused):
    """The answer would be large, or make every other client wait."""

    code = "too-costly"

    def __init__(self, command: str, reason: str, instead: str) -> None:
        super().__init__(f"{command} was not sent: {reason}. {instead}.")


class PatternTooWild(GateRefused):
    """A pattern would keep the server busy for longer than is fair."""

    code = "wild-pattern"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The pattern {reason}; matching it could stop the server. Make it simpler.")


class ConfirmationNeeded(ThumbAppError):
    """The command waits for a yes; sent again with the token it runs."""

    code = "confirm"

    def __init__(self, effect: str, token: str) -> None:
        super().__init__(f"This needs a confirmation: {effect}.")
        self.effect = effect
        self.token = token

    @property
    def facts(self) -> Mapping[str, Any]:
        """What will happen, and the token that says yes."""
        return {"confirm": self.token, "effect": self.effect}


class UnknownServer(ThumbAppError):
    """No server of that name is in the settings."""

    code = "unknown-server"

    def __init__(self, name: str) -> None:
        super().__init__(f"No server is called {name[:40]!r} in THUMBAPP_SERVERS.")


class KeyNotFound(ThumbAppError):
    """There is no such key, or no longer."""

    code = "key-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no key {name[:200]}. It may have expired or been deleted.")


class KeyExists(ThumbAppError):
    """A key of the new name is there already."""

    code = "key-exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"A key {name[:200]} is there already. Nothing was changed.")


class KeyChanged(ThumbAppError):
    """The key was changed since it was shown."""

    code = "key-changed"

    def __init__(self, name: str, *, current: bytes | None = None) -> None:
        super().__init__(
            f"The key {name[:200]} was changed by somebody else meanwhile. Nothing was overwritten."
        )
        self.current = current


class WrongType(Refused):
    """The key is of another type than the edit is for."""

    code = "wrong-type"

    def __init__(self, name: str, *, found: str, wanted: str) -> None:
        super().__init__(f"The key {name[:200]} is a {found}, not a {wanted}. Nothing was changed.")


class BadEdit(Refused):
    """What was typed cannot be stored."""

    code = "bad-edit"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Nothing was changed.")


class UndoGone(ThumbAppError):
    """What could be undone is not kept any more."""

    code = "undo-gone"

    def __init__(self) -> None:
        super().__init__("This can no longer be undone: changes are kept for ten minutes.")


class BadImport(Refused):
    """A line of the imported file does not describe a key."""

    code = "bad-import"

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line:,} cannot be imported: {reason}.")
        self.line = line


class ReplyTooLarge(Refused):
    """The server's answer has more bytes than are taken."""

    code = "reply-too-large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The answer is larger than {limit_bytes // 10**6:,} MB and was cut off. Ask for a part of it."
        )


class ServerAway(Unavailable):
    """The server that the explorer looks at does not answer."""

    code = "server-away"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"The server {server} does not answer ({reason.rstrip('.')}).")


class ServerRefused(Refused):
    """The server answered with an error."""

    code = "server-refused"

    def __init__(self, text: str) -> None:
        super().__init__(f"Redis refused: {_told(text)}")
        self.text = text


class ServerBusy(Unavailable):
    """The server cannot do this now: loading, out of memory, no disk, a replica, a running script."""

    code = "server-busy"

    def __init__(self, text: str) -> None:
        super().__init__(f"Redis cannot do this now: {_told(text)}")
        self.text = text


MEANINGS: Final = {
    "BUSY": "A script has been running for too long; SCRIPT KILL ends it if it has written nothing.",
    "LOADING": "It is still reading its data from disk; try again in a moment.",
    "MASTERDOWN": "This replica has lost its master.",
    "MISCONF": "It cannot save to its disk, so it takes no writes. Make room on that disk; reading works.",
    "NOAUTH": "It wants a password: put it in the server's address.",
    "NOPERM": "The user that the explorer signs in as may not do that (ACL).",
    "NOREPLICAS": "Too few replicas follow it, so it takes no writes.",
    "OOM": "Its memory is full, so it takes no writes. Delete something or raise maxmemory; reading works.",
    "READONLY": "It is a replica; write to its master.",
    "WRONGPASS": "The password or the user in the server's address is wrong.",
    "WRONGTYPE": "The key is of another type.",
}
TEMPORARY: Final = frozenset({"BUSY", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY"})


def server_said(text: str) -> ServerRefused | ServerBusy:
    """Return the error for what a server answered, such as ``OOM command not allowed``."""
    return ServerBusy(text) if text.partition(" ")[0] in TEMPORARY else ServerRefused(text)


def is_servers_own(text: str) -> bool:
    """Whether what a server answered is about itself, such as OOM, and not about what was asked."""
    word = text.partition(" ")[0]
    return word in MEANINGS and word != "WRONGTYPE"


def _told(text: str) -> str:
    """Return what the server said; of what we can explain, its first sentence and the explanation."""
    if meaning := MEANINGS.get(text.partition(" ")[0], ""):
        first = text.partition(". ")[0]
        return f"{first[:300].rstrip('.')}. {meaning}"
    return f"{text[:300].rstrip('.')}."

"""What the console, its waits, feeds and scripts refuse."""

from thumbapp.errors.base import Refused, ThumbAppError, Unavailable
from thumbapp.errors.explorer import GateRefused


class MustWait(GateRefused):
    """The command waits, which would keep the console from everything else."""

    code = "waits"

    def __init__(self, command: str) -> None:
        super().__init__(f"{command} waits, so it runs in the second pane. Nothing was sent.")


class TooManyQueued(GateRefused):
    """A transaction has grown beyond what the console keeps."""

    code = "transaction-too-long"

    def __init__(self, most: int) -> None:
        super().__init__(f"A transaction holds {most:,} commands at most; send EXEC or DISCARD.")


class NothingToWaitFor(GateRefused):
    """The second pane was asked for a command that answers at once."""

    code = "does-not-wait"

    def __init__(self, command: str) -> None:
        super().__init__(f"{command} does not wait, so it runs in the console. Nothing was sent.")


class TooManyChannels(GateRefused):
    """A page asks for more channels than it can show."""

    code = "too-many-channels"

    def __init__(self, most: int) -> None:
        super().__init__(f"One page listens to {most:,} channels and patterns at most.")


class TransactionLost(ThumbAppError):
    """The connection of a console was lost while a transaction was open on it."""

    code = "transaction-lost"

    def __init__(self, server: str) -> None:
        super().__init__(
            f"The connection to {server} was lost, and the open transaction with it. Nothing was sent."
        )


class ScriptRunning(ThumbAppError):
    """A script takes so long that nobody waits for it here."""

    code = "script-running"

    def __init__(self, patience_s: float, kill: str) -> None:
        self.kill = kill
        super().__init__(
            f"The script has run for {patience_s:g} s and keeps the server from everybody else. "
            f"{kill} ends it if it has written nothing."
        )


class ScriptStuck(ThumbAppError):
    """A script that has written goes on, and no command ends it."""

    code = "script-stuck"

    def __init__(self) -> None:
        super().__init__(
            "The script has written and does not end, so SCRIPT KILL is refused. "
            "Only SHUTDOWN NOSAVE ends it: what was not saved to disk is lost then."
        )


class ScriptEnded(ThumbAppError):
    """A script that had written kept the embedded server, which was therefore started again."""

    code = "script-ended"

    def __init__(self) -> None:
        super().__init__(
            "The script had written and did not end, so the server was started again. "
            "What the script wrote is undone; nothing else is lost."
        )


class ScriptNotFound(ThumbAppError):
    """No script is saved under that id."""

    code = "script-not-found"

    def __init__(self, script_id: str) -> None:
        super().__init__(f"No script {script_id[:40]!r} is saved here.")


class ServerLacks(Refused):
    """The server is too old for what was asked."""

    code = "server-lacks"

    def __init__(self, command: str, since: str) -> None:
        super().__init__(f"This server has no {command}; it came with Redis {since}.")


class ConsoleNotFound(ThumbAppError):
    """There is no such console, or none of one's own."""

    code = "console-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such console. Open a new one: its page makes one by itself.")


class TooManyConsoles(Unavailable):
    """As many consoles are open as connections are spared for them."""

    code = "too-many-consoles"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} consoles are open already. Close one, or wait ten minutes.")

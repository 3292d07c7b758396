"""Scripts are watched while they run, because nothing else runs in a server meanwhile.

Knows servers and their connections, neither who asks nor the web.
"""

from typing import Final

from thumbapp.errors import ScriptEnded, ScriptRunning, ScriptStuck, ServerAway
from thumbapp.explorer.connections import ANY_DB, Connection, ReplyStream
from thumbapp.explorer.resp import Argv, Failure, Reply, word
from thumbapp.explorer.servers import Server

PATIENCE_S: Final = 2.0
# A server hears SCRIPT KILL only once its busy-reply-threshold, 5 s unless configured, has passed.
KILLED_WITHIN_S: Final = 10.0
KILLS: Final = frozenset({"SCRIPT KILL", "FUNCTION KILL"})
_READERS: Final = frozenset({"EVAL_RO", "EVALSHA_RO", "FCALL_RO"})
_SCRIPTS: Final = _READERS | {"EVAL", "EVALSHA", "FCALL"}


def is_script(argv: Argv) -> bool:
    """Whether *argv* runs a script or a function inside the server."""
    return word(argv, 0) in _SCRIPTS


def run_watched(
    server: Server,
    connection: Connection,
    argv: Argv,
    *,
    may_kill: bool,
    cut_at: int | None = None,
    script: Argv = (),
) -> tuple[Reply, bool]:
    """Send the script *argv*; return its reply, and whether it was ended after `PATIENCE_S`.

    What only reads is ended, and so is what nobody else could end: on the server with the app's own keys
    not even a session can be read meanwhile, and without *may_kill* the caller may not. *script* is what
    runs when *argv* is not that itself, an ``EXEC``.

    Raises:
        ScriptRunning: it goes on; ``SCRIPT KILL`` may end it.
        ScriptStuck: it has written, so nothing but ``SHUTDOWN NOSAVE`` ends it.
        ScriptEnded: that was done, to the embedded server, which is started again.
    """
    ran = word(script or argv, 0)
    kind = "FUNCTION" if "FCALL" in ran else "SCRIPT"
    with (
        server.pool.connection(ANY_DB) as rescue,
        connection.streaming(cut_at=cut_at, is_kept=True) as stream,
    ):
        stream.send(argv)
        if stream.has_reply(timeout_s=PATIENCE_S):
            return stream.reply(), False
        if not (ran in _READERS or server.is_home() or not may_kill):
            raise ScriptRunning(PATIENCE_S, f"{kind} KILL")
        return _ended(server, stream, rescue, kind)


def _ended(server: Server, stream: ReplyStream, rescue: Connection, kind: str) -> tuple[Reply, bool]:
    """End what runs over the connection *rescue*, which is there already: now none could be made."""
    said = rescue.exchange((kind, "KILL"), timeout_s=KILLED_WITHIN_S)[0]
    if isinstance(said, Failure) and said.text.startswith("UNKILLABLE"):
        if not server.is_embedded:
            raise ScriptStuck
        _shut_down(rescue)
        raise ScriptEnded
    if not stream.has_reply(timeout_s=KILLED_WITHIN_S):
        raise ScriptRunning(KILLED_WITHIN_S, f"{kind} KILL")
    return stream.reply(), not isinstance(said, Failure)


def _shut_down(rescue: Connection) -> None:
    """Stop the embedded server; its append-only file has nothing of a script that is not over."""
    try:
        rescue.exchange(("SHUTDOWN", "NOSAVE"), timeout_s=KILLED_WITHIN_S)
    except ServerAway:
        return  # that is its answer

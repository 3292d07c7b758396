"""What the ``redis`` commands share: the server and database, whose name, how bytes come in and go out."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from thumbapp.runtime.logs import one_line

if TYPE_CHECKING:
    from thumbapp.explorer.gate import Caller, Gate

_SERVER: Final = click.option(
    "--server", default="", help="A name of THUMBAPP_SERVERS; unset: the app's own."
)
_DB: Final = click.option("--db", type=click.IntRange(min=0), help="The database; unset: the server's first.")


@dataclass(frozen=True, slots=True)
class Target:
    """A gate to the server that was named, the database, and on whose behalf commands go there."""

    gate: "Gate"
    db: int
    caller: "Caller"


def on_target(command: Callable[..., None]) -> Callable[..., None]:
    """Return *command* with the options ``--server`` and ``--db``, given to it as ``target``."""

    @functools.wraps(command)
    def placed(*, server: str, db: int | None, **rest: Any) -> None:
        with _target(server, db) as target:
            command(target=target, **rest)

    return _SERVER(_DB(placed))


@contextmanager
def _target(server: str, db: int | None) -> Iterator[Target]:
    from thumbapp.audit import AuditLog
    from thumbapp.cli.answers import login
    from thumbapp.config import Settings
    from thumbapp.explorer.gate import Caller
    from thumbapp.explorer.rules import Mode
    from thumbapp.explorer.service import Explorer
    from thumbapp.runtime.connection import connect

    settings = Settings.from_environ()
    with connect(settings, name="thumbapp-cli") as client:
        audit = AuditLog(client, namespace=settings.namespace)
        explorer = Explorer(settings, client=client, audit=audit)
        try:
            gate = explorer.gate(server)
            caller = Caller(f"command line ({login()})", Mode.ADMIN, binding="cli")
            yield Target(gate, gate.server.first_db if db is None else db, caller)
        finally:
            explorer.close()


def given_bytes(text: str) -> bytes:
    """Return the bytes of an argument as the shell gave them."""
    return text.encode("utf-8", "surrogateescape")


def given_name(text: str, *, is_escaped: bool) -> bytes:
    """Return the name of a key; *is_escaped* is whether it is written as ``redis keys`` prints it."""
    from thumbapp.explorer.names import typed
    from thumbapp.explorer.scan import literal

    return (literal(typed(text)) if is_escaped else None) or given_bytes(text)


def write(data: bytes) -> None:
    """Write *data* to standard output as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def is_terminal() -> bool:
    """Whether a person reads standard output, who must not get bytes that drive a terminal."""
    return sys.stdout.isatty()


def cells(*parts: str) -> None:
    """Print *parts* on one line, tabs between them; what would drive the terminal is written as escapes."""
    click.echo("\t".join(map(one_line, parts)))


def remark(sentence: str) -> None:
    """Say on standard error what is good to know and no error."""
    click.echo(one_line(sentence), err=True)

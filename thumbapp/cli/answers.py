"""How every command answers: one sentence and an exit code for what fails, one line of JSON if asked.

Knows what can go wrong, not what the commands do; loads Redis' client only to name its errors.
"""

import functools
import getpass
import json
import platform
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import click

from thumbapp.errors import (
    ArgumentsMisfit,
    BadFile,
    BadParameter,
    BadPassword,
    BadRecipe,
    BadSchedule,
    BadSetting,
    BadUserName,
    CannotStart,
    ThumbAppError,
    UnknownQueue,
    UnknownServer,
    UnknownTask,
)
from thumbapp.runtime.logs import json_line, one_line

if TYPE_CHECKING:
    import redis

    from thumbapp.config import Settings

FAILED = 1
BAD_USAGE = 2
_USAGE = (
    *(ArgumentsMisfit, BadFile, BadParameter, BadPassword, BadRecipe, BadSchedule, BadSetting),
    *(BadUserName, CannotStart),
    *(UnknownQueue, UnknownServer, UnknownTask),
)

_P = ParamSpec("_P")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def answering(command: Callable[_P, None]) -> Callable[_P, None]:
    """Return *command* with its refusals as a sentence: exit 2 for bad usage, 1 for what failed."""

    @functools.wraps(command)
    def answered(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ThumbAppError as error:
            fail(str(error), code=BAD_USAGE if isinstance(error, _USAGE) else FAILED)
        except Exception as error:
            if not _is_redis_error(error):
                raise
            fail(server_sentence(error))

    return answered


def fail(sentence: str, *, code: int = FAILED) -> NoReturn:
    """Say *sentence* on standard error and exit with *code*."""
    complain(sentence)
    sys.exit(code)


def complain(sentence: str) -> None:
    """Say on standard error what went wrong."""
    click.echo(one_line(f"Error: {sentence}"), err=True)


def say(line: str) -> None:
    """Print one fact on one line; what would drive the terminal is written as escapes."""
    click.echo(one_line(line))


def say_json(value: object) -> None:
    """Print *value* as one line of JSON."""
    click.echo(json_line(json.dumps(value, ensure_ascii=False, default=str)))


def note_in_audit(action: str, *, target: str = "") -> None:
    """Write into the audit what was done at the command line, and by whom of this machine."""
    from thumbapp.audit import AuditLog
    from thumbapp.config import Settings
    from thumbapp.runtime.connection import connect

    settings = Settings.from_environ()
    with connect(settings, name="thumbapp-cli") as client:
        AuditLog(client, namespace=settings.namespace).record(
            who=f"command line ({login()})", action=action, target=target, source=platform.node()
        )


def server_sentence(error: Exception) -> str:
    """Return what *error* of Redis means and what to do, naming the server that was asked."""
    import redis

    from thumbapp.config import Settings
    from thumbapp.runtime.connection import found_address

    address = found_address(Settings.from_environ())
    reason = str(error).rstrip(".")
    if isinstance(error, redis.ResponseError):
        return f"Redis at {address} refused what was asked ({reason})."
    return f"Redis at {address} does not answer ({reason}). Start it with: thumbapp up"


def worker_sentence(settings: "Settings", client: "redis.Redis") -> str:
    """Return what to do when no worker is alive, "" when one is."""
    from thumbapp.taskqueue.workers import WorkerRegistry

    if WorkerRegistry(client, namespace=settings.namespace).alive():
        return ""
    return "No worker is running, so the work waits. Start one with: thumbapp worker"


def login() -> str:
    """Return the name that the system knows the caller by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name; Windows has no pwd
        return "unknown"


def _is_redis_error(error: Exception) -> bool:
    import redis

    return isinstance(error, redis.RedisError)

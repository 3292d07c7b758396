"""``thumbapp queues``: what waits in each queue; pause one before a deploy, resume it after."""

from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.config import Settings

if TYPE_CHECKING:
    from thumbapp.taskqueue.queues import Queues, QueueState

_EVERY = "all"


@click.group()
def queues() -> None:
    """List, pause and resume the queues: high, normal and low."""


@queues.command("list")
@json_option
@answering
def list_queues(*, as_json: bool) -> None:
    """Print each queue.

    Says how much waits, for how long, and whether it is paused.
    """
    _show(_queues(), as_json=as_json)


@queues.command("pause")
@click.argument("name", metavar="NAME")
@json_option
@answering
def pause(*, name: str, as_json: bool) -> None:
    """Let no worker begin a task of the queue NAME, or of all.

    What runs goes on.
    """
    found = _queues()
    for each in _names(found, name):
        found.pause(each)
        note_in_audit("queue.pause", target=each)
    _show(found, as_json=as_json)


@queues.command("resume")
@click.argument("name", metavar="NAME")
@json_option
@answering
def resume(*, name: str, as_json: bool) -> None:
    """Let workers take from the queue NAME, or from all, again."""
    found = _queues()
    for each in _names(found, name):
        found.resume(each)
        note_in_audit("queue.resume", target=each)
    _show(found, as_json=as_json)


def _show(found: "Queues", *, as_json: bool) -> None:
    from thumbapp.taskqueue.fields import queue_fields

    states = found.states()
    if as_json:
        say_json({"items": [queue_fields(state) for state in states], "cursor": None})
        return
    for state in states:
        say(_line(state))


def _line(state: "QueueState") -> str:
    oldest = "" if state.oldest_s is None else f", the oldest for {state.oldest_s:.0f} s"
    paused = ", paused" if state.is_paused else ""
    return f"{state.name:<7} {state.waiting:,} waiting{oldest}, {state.in_hand:,} in hand{paused}"


def _names(found: "Queues", name: str) -> list[str]:
    return [state.name for state in found.states()] if name == _EVERY else [name]


def _queues() -> "Queues":
    from thumbapp.runtime.connection import connect
    from thumbapp.taskqueue.queues import Queues

    settings = Settings.from_environ()
    return Queues(connect(settings, name="thumbapp-cli"), namespace=settings.namespace)

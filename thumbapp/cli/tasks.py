"""``thumbapp tasks``: which tasks there are, and run one by its name."""

import inspect
import json
from typing import Any

import click

from thumbapp.cli.answers import answering, complain, fail, json_option, say_json, worker_sentence
from thumbapp.config import Settings


@click.group()
def tasks() -> None:
    """List the registered tasks and run them."""


@tasks.command("list")
@json_option
@answering
def list_tasks(*, as_json: bool) -> None:
    """Print each registered task with its arguments."""
    found = {name: str(signature) for name, signature in _signatures().items()}
    if as_json:
        items = [{"name": name, "signature": signature} for name, signature in found.items()]
        say_json({"items": items, "cursor": None})
        return
    for name, signature in found.items():
        click.echo(f"{name}{signature}")


# A negative number is an argument, not an option.
@tasks.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--wait", is_flag=True, help="Wait for the result and print it.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most; unset: no limit."
)
@json_option
@answering
def run(*, name: str, args: tuple[str, ...], wait: bool, timeout: float | None, as_json: bool) -> None:
    """Queue the task NAME; each of ARGS is JSON, or text when it is none.

    Prints the task's id, or with --wait its result.
    """
    result = _enqueue(name, tuple(map(read_argument, args)))
    if not wait:
        _say({"id": result.id, "name": name, "state": "queued"}, shown=result.id, as_json=as_json)
        return
    value = _wait(result, name=name, timeout=timeout, as_json=as_json)
    facts = {"id": result.id, "name": name, "state": "done", "result": value, "error": None}
    _say(facts, shown=value if isinstance(value, str) else json.dumps(value, default=str), as_json=as_json)


def read_argument(text: str) -> object:
    """Return what *text* is as JSON, *text* itself when it is none."""
    try:
        value: object = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text
    return value


def _refuse(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity are Python's, not JSON's


def _signatures() -> dict[str, inspect.Signature]:
    """Return the arguments of each registered task by its name."""
    from huey.api import TaskWrapper

    import thumbapp.tasks as ours

    wrappers = [item for item in vars(ours).values() if isinstance(item, TaskWrapper)]
    named = {wrapper.task_class.__name__: wrapper for wrapper in wrappers}
    return {name: _signature(named[name]) for name in ours.huey.task_names() if name in named}


def _signature(wrapper: Any) -> inspect.Signature:
    """Return what a caller gives: without the task that Huey hands in itself."""
    signature = inspect.signature(wrapper.func)
    given = [item for item in signature.parameters.values() if not (wrapper.context and item.name == "task")]
    return signature.replace(parameters=given)


def _enqueue(name: str, args: tuple[object, ...]) -> Any:
    from thumbapp.tasks import huey

    task = huey.task_named(name)
    if signature := _signatures().get(name):
        try:
            signature.bind(*args)
        except TypeError as error:
            raise click.UsageError(f"{name}{signature}: {error}.") from error
    return huey.enqueue(task(args, {}))


def _wait(result: Any, *, name: str, timeout: float | None, as_json: bool) -> object:
    """Return what the task returned; exits with its error when it failed or took too long."""
    from huey.exceptions import ResultTimeout, TaskException

    if sentence := worker_sentence(Settings.from_environ(), result.huey.client):
        complain(sentence)
    try:
        return result.get(blocking=True, timeout=timeout, preserve=True)
    except ResultTimeout:
        fail(f"{name} ({result.id}) had no result after {timeout:g} s; it may still run.")
    except TaskException as error:
        reason = error.metadata.get("error")
        if as_json:
            say_json({"id": result.id, "name": name, "state": "failed", "result": None, "error": reason})
        fail(f"{name} failed: {reason}")


def _say(facts: dict[str, object], *, shown: str, as_json: bool) -> None:
    if as_json:
        say_json(facts)
    else:
        click.echo(shown)

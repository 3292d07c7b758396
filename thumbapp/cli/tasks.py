"""``thumbapp tasks``: what becomes of tasks, and run, cancel, repeat them. Acts as the administrator."""

import inspect
import json
from typing import TYPE_CHECKING, Any

import click

from thumbapp.cli.answers import (
    answering,
    complain,
    fail,
    json_option,
    note_in_audit,
    say,
    say_json,
    worker_sentence,
)
from thumbapp.cli.dead import dead
from thumbapp.cli.task_control import open_control
from thumbapp.config import Settings
from thumbapp.moments import rfc3339

if TYPE_CHECKING:
    from thumbapp.taskqueue.records import Filter, TaskRecord

_STATES = ("queued", "scheduled", "running", "retrying", "done", "failed", "cancelled", "dead")


@click.group()
def tasks() -> None:
    """List, show, run, retry and cancel tasks; look after dead letters."""


tasks.add_command(dead)


@tasks.command("list")
@click.option("--state", multiple=True, type=click.Choice(_STATES), help="Only in this state; repeatable.")
@click.option("--name", default="", help="Only tasks of this name.")
@click.option("--worker", default="", help="Only tasks that this worker ran.")
@click.option("--search", default="", metavar="TEXT", help="In the arguments, or how the id begins.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--cursor", help="Go on where the page before ended.")
@json_option
@answering
def list_tasks(*, limit: int, cursor: str | None, as_json: bool, **wanted: Any) -> None:
    """Print the newest tasks, one a line."""
    from thumbapp.taskqueue.results import Results
    from thumbapp.taskqueue.task_json import tasks_json
    from thumbapp.tasks import huey

    page = open_control().records.page(_filter(**wanted), cursor=cursor, limit=limit)
    if as_json:
        say_json({"items": tasks_json(page.items, Results(huey)), "cursor": page.cursor})
        return
    for task in page.items:
        say(_line(task))
    if not page.items and not any(wanted.values()):
        complain("No task is on record yet; these can be run.")
        _say_registry()


@tasks.command()
@json_option
@answering
def registry(*, as_json: bool) -> None:
    """Print each task that can be run, with its arguments."""
    if as_json:
        items = [{"name": name, "signature": str(signature)} for name, signature in _signatures().items()]
        say_json({"items": items, "cursor": None})
        return
    _say_registry()


@tasks.command()
@click.argument("task_id", metavar="ID")
@json_option
@answering
def show(*, task_id: str, as_json: bool) -> None:
    """Print what is known of one task."""
    from thumbapp.taskqueue.results import Results
    from thumbapp.taskqueue.task_json import whole_json
    from thumbapp.tasks import huey

    facts = whole_json(open_control().find(task_id), Results(huey))
    if as_json:
        say_json(facts)
        return
    for name, value in facts.items():
        for line in _lines(value):
            say(f"{name:<11}  {line}")


@tasks.command()
@click.argument("task_id", metavar="ID")
@json_option
@answering
def cancel(*, task_id: str, as_json: bool) -> None:
    """Cancel a task that waits; ask one that runs to stop."""
    task = open_control().cancel(task_id)
    note_in_audit("task.cancel", target=task_id)
    _say_task(task, as_json=as_json)


@tasks.command()
@click.argument("task_id", metavar="ID", required=False)
@click.option("--all-failed", is_flag=True, help="All that have failed, instead of one.")
@click.option("--name", default="", help="With --all-failed: only tasks of this name.")
@click.option("--search", default="", metavar="TEXT", help="With --all-failed: in the arguments.")
@json_option
@answering
def retry(*, task_id: str | None, all_failed: bool, name: str, search: str, as_json: bool) -> None:
    """Queue a task again that failed, died or was cancelled."""
    if bool(task_id) is all_failed:
        raise click.UsageError("Give the ID of one task, or --all-failed.")
    if task_id:
        task = open_control().retry(task_id)
        note_in_audit("task.retry", target=task_id)
        _say_task(task, as_json=as_json)
        return
    queued, refused = open_control().retry_all(_filter(state=("failed",), name=name, search=search))
    note_in_audit("task.retry-all", target=f"{queued} queued, {refused} not")
    if as_json:
        say_json({"queued": queued, "refused": refused})
    else:
        say(f"{queued:,} queued again, {refused:,} could not be.")


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
    """Queue the task NAME with ARGS.

    Each of them is JSON, or text when it is none.

    Prints the task's id, or with --wait its result.
    """
    result = _enqueue(name, tuple(map(read_argument, args)))
    note_in_audit("task.run", target=f"{name} {result.id}")
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
    except (ValueError, RecursionError):
        return text
    return value


def _filter(*, state: tuple[str, ...] = (), name: str = "", worker: str = "", search: str = "") -> "Filter":
    from thumbapp.taskqueue.records import Filter

    return Filter(states=state, name=name, worker=worker, text=search)


def _say_registry() -> None:
    for name, signature in _signatures().items():
        say(f"{name}{signature}")


def _line(task: "TaskRecord") -> str:
    took = "" if task.took_s is None or not task.is_final else f"{task.took_s:.3f} s"
    call = f"{task.name} {task.args}{'' if task.kwargs == '{}' else ' ' + task.kwargs}"
    return f"{task.id}  {task.state:<9}  {rfc3339(task.created_at)}  {took:>9}  {call[:200]}"


def _lines(value: object) -> list[str]:
    """Return *value* as lines to read; none for what is not known."""
    if value is None or value == [] or value == {}:
        return []
    return (
        value.splitlines() if isinstance(value, str) else [json.dumps(value, ensure_ascii=False, default=str)]
    )


def _say_task(task: "TaskRecord", *, as_json: bool) -> None:
    from thumbapp.taskqueue.task_json import task_json

    _say(task_json(task), shown=f"{task.id}  {task.state}", as_json=as_json)


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
        say(shown)

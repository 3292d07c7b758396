"""``thumbapp workers``: which workers are alive and what they run, and stop one of them."""

from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.config import Settings

if TYPE_CHECKING:
    from thumbapp.taskqueue.workers import WorkerInfo, WorkerRegistry


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
@answering
def workers(ctx: click.Context, *, as_json: bool) -> None:
    """Print each worker that is alive and what its threads run.."""
    if ctx.invoked_subcommand is None:
        _list(as_json=as_json)


@workers.command("stop")
@click.argument("worker_id", metavar="ID")
@json_option
@answering
def stop(*, worker_id: str, as_json: bool) -> None:
    """Have one worker finish or hand back what it runs, and end."""
    worker = _registry().ask_to_stop(worker_id)
    note_in_audit("worker.stop", target=worker.id)
    if as_json:
        say_json({"id": worker.id, "stopping": True})
        return
    say(f"{worker.id} was asked to stop; {len(worker.running)} running")


def _list(*, as_json: bool) -> None:
    from thumbapp.taskqueue.fields import worker_fields

    found = _registry().alive()
    if as_json:
        say_json({"items": [worker_fields(worker) for worker in found], "cursor": None})
        return
    if not found:
        say("No worker is running. Start one with: thumbapp worker")
    for worker in found:
        say(_line(worker))
        for task in worker.running:
            say(f"  {task.thread:<10}  {task.name}  {task.running_s:.1f} s  {task.id}")


def _line(worker: "WorkerInfo") -> str:
    memory = f"{(worker.memory_bytes + worker.children_bytes) / 1e6:.0f} MB"
    state = "stopping" if worker.is_stopping else "late" if worker.is_late else "alive"
    busy = f"{len(worker.running)} of {worker.threads} threads busy"
    return f"{worker.id}  {state}, seen {worker.age_s:.0f} s ago, {busy}, {memory}"


def _registry() -> "WorkerRegistry":
    from thumbapp.runtime.connection import connect
    from thumbapp.taskqueue.workers import WorkerRegistry

    settings = Settings.from_environ()
    return WorkerRegistry(connect(settings, name="thumbapp-cli"), namespace=settings.namespace)

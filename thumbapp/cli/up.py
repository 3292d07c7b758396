"""``thumbapp up``: everything in one command."""

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from thumbapp.config import Settings
from thumbapp.errors import BadSetting, CannotStart

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from thumbapp.runtime.supervisor import LaunchOptions


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@click.option(
    "--workers", "-w", type=click.IntRange(1, 1000), help="Worker threads; THUMBAPP_WORKERS, cores + 1."
)
@click.option("--no-worker", is_flag=True, help="Leave the worker out; start it with: thumbapp worker.")
@click.option("--demo", is_flag=True, help="Switch on two schedules to begin with.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--until-eof", is_flag=True, hidden=True, help="Stop when standard input ends.")
def up(
    *,
    host: str,
    port: int,
    workers: int | None,
    no_worker: bool,
    demo: bool,
    as_json: bool,
    until_eof: bool,
) -> None:
    """Start web, worker and a server of our own.

    Without the server when THUMBAPP_REDIS_URL names one.

    Prints the address, and a link that signs the administrator in once. Ctrl-C stops all of it within
    five seconds.
    """
    from thumbapp.runtime.supervisor import LaunchOptions

    try:
        settings = Settings.from_environ()
        threads = 0 if no_worker else workers or settings.workers
        options = LaunchOptions(host, port, threads)
        code = _run(settings, options, demo=demo, as_json=as_json, until_eof=until_eof)
    except (CannotStart, BadSetting) as error:
        click.echo(f"Error: {error}", err=True)
        code = 2
    sys.exit(code)


def _run(settings: Settings, options: "LaunchOptions", *, demo: bool, as_json: bool, until_eof: bool) -> int:
    """Run *options* until somebody asks to stop; returns the exit code."""
    from thumbapp.runtime import lifeline, logs
    from thumbapp.runtime.stopping import StopRequest
    from thumbapp.runtime.supervisor import Supervisor

    logs.configure(settings)
    stop = StopRequest()
    stop.listen()
    if until_eof:
        lifeline.watch(sys.stdin.buffer, stop.ask)
    say = _say_json if as_json else _say
    make_app = _make_demo if demo else _make_app
    return Supervisor(settings, options, make_app=make_app, invite=_invite, say=say, stop=stop).run()


def _make_app(settings: Settings) -> "WSGIApplication":
    import thumbapp

    app: WSGIApplication = thumbapp.create_app(settings)
    return app


def _make_demo(settings: Settings) -> "WSGIApplication":
    """Return the application, with the schedules of the demo switched on."""
    from redis import RedisError

    from thumbapp.runtime.connection import connect
    from thumbapp.schedules.demo import add_demo
    from thumbapp.taskqueue.scheduling import schedules_of
    from thumbapp.tasks import huey

    with connect(settings, name="thumbapp-up") as client:
        try:
            add_demo(schedules_of(huey, client, namespace=settings.namespace), who="up --demo")
        except RedisError as error:
            click.echo(f"Error: the demo was not switched on: {error}", err=True)
    return _make_app(settings)


def _invite(settings: Settings) -> str:
    """Return the path that signs the first administrator in once; there is one from now on."""
    from thumbapp.accounts.links import AT_START
    from thumbapp.accounts.service import Accounts
    from thumbapp.runtime.connection import connect

    with connect(settings, name="thumbapp-up") as client:
        accounts = Accounts(client, namespace=settings.namespace)
        return accounts.invite(accounts.first_admin(), lasting=AT_START)


def _say(part: str, sentence: str) -> None:
    _print(f"{part:<8}  {sentence}")


def _say_json(part: str, sentence: str) -> None:
    _print(json.dumps({"part": part, "text": sentence}))


def _print(line: str) -> None:
    """Print *line*; a terminal that has gone must not keep us from stopping in order."""
    try:
        click.echo(line)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""``thumbapp worker``: the process that makes the thumbnails."""

import _thread
import json
import os
import signal
import sys
import threading
import time

import click

from thumbapp.config import Settings
from thumbapp.errors import BadSetting, CannotStart

# Longer than the consumer gives its tasks: what is still there then hangs.
_LAST_RESORT_S = 6.0


@click.command()
@click.option("--workers", "-w", type=click.IntRange(1, 1000), help="Threads; THUMBAPP_WORKERS, cores + 1.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--until-eof", is_flag=True, hidden=True, help="Stop when standard input ends.")
def worker(*, workers: int | None, as_json: bool, until_eof: bool) -> None:
    """Run tasks until Ctrl-C or SIGTERM.

    Running ones are finished or handed back.
    """
    try:
        settings = Settings.from_environ()
        if not until_eof:
            _say_server(settings, as_json=as_json)
        _run(settings, workers or settings.workers, until_eof=until_eof)
    except (CannotStart, BadSetting) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


def _say_server(settings: Settings, *, as_json: bool) -> None:
    from thumbapp.runtime.connection import found_address

    address = found_address(settings)
    facts = {"part": "server", "text": str(address)}
    click.echo(json.dumps(facts) if as_json else f"{facts['part']:<8}  {facts['text']}")


def _run(settings: Settings, threads: int, *, until_eof: bool) -> None:
    """Run the consumer in this, the main, thread."""
    from thumbapp.runtime import logs

    logs.configure(settings)
    listens = threading.Event()
    if until_eof:
        _hold_lifeline(listens)
    # The settings are the environment's: say there how many threads, for what is sized by it.
    os.environ["THUMBAPP_WORKERS"] = str(threads)
    from thumbapp.tasks import huey

    huey.on_consumer_start.append(listens.set)
    huey.create_consumer(workers=threads).run()


def _hold_lifeline(listens: threading.Event) -> None:
    """End with our parent: in order once the consumer *listens* to signals, before at once."""
    from thumbapp.runtime import lifeline

    pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    lifeline.watch(pipe, lambda: _end() if listens.is_set() else os._exit(0))


def _end() -> None:
    """Ask the consumer to stop; end the process if it does not."""
    _thread.interrupt_main(signal.SIGTERM)
    time.sleep(_LAST_RESORT_S)
    os._exit(1)

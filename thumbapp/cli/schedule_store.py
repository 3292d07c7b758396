"""The schedules as commands open them, and how they name who changed one from here."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thumbapp.schedules.service import Schedules


@cache
def opened() -> "Schedules":
    """Return the schedules of the server that the settings name."""
    from thumbapp.config import Settings
    from thumbapp.runtime.connection import connect
    from thumbapp.taskqueue.scheduling import schedules_of
    from thumbapp.tasks import huey

    settings = Settings.from_environ()
    client = connect(settings, name="thumbapp-cli")
    return schedules_of(huey, client, namespace=settings.namespace, timezone=settings.timezone)


def caller() -> str:
    """Return how a schedule names who changed it from here."""
    from thumbapp.cli.answers import login

    return f"command line ({login()})"

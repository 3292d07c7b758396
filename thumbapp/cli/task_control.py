"""What the commands around tasks act through."""

from typing import TYPE_CHECKING

from thumbapp.config import Settings

if TYPE_CHECKING:
    from thumbapp.taskqueue.control import TaskControl


def open_control() -> "TaskControl":
    """Return what acts on the tasks of the app."""
    from thumbapp.cli.jobs import open_service
    from thumbapp.jobs.control import JobControl
    from thumbapp.taskqueue.control import TaskControl
    from thumbapp.tasks import huey

    return TaskControl(huey, owners={"make_thumbnails": JobControl(open_service(Settings.from_environ()))})

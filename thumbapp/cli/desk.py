"""What the commands around tasks act through."""

from typing import TYPE_CHECKING

from thumbapp.config import Settings

if TYPE_CHECKING:
    from thumbapp.taskqueue.desk import TaskDesk


def open_desk() -> "TaskDesk":
    """Return what acts on the tasks of the app."""
    from thumbapp.cli.jobs import open_service
    from thumbapp.jobs.desk import JobDesk
    from thumbapp.taskqueue.desk import TaskDesk
    from thumbapp.tasks import huey

    return TaskDesk(huey, owners={"make_thumbnails": JobDesk(open_service(Settings.from_environ()))})

"""A queue of the test's own with a handful of tasks, and a way to run what waits in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.taskqueue import sample_tasks
from thumbapp.config import Settings
from thumbapp.taskqueue.queue import StreamHuey


@pytest.fixture
def huey(settings: Settings) -> Iterator[StreamHuey]:
    """Return a queue on the private server with the tasks of `sample_tasks`."""
    huey = sample_tasks.build(settings)
    yield huey
    huey.close()


@pytest.fixture
def run_next(huey: StreamHuey) -> Callable[[], Any]:
    """Return a function that takes the next task and runs it as a worker does."""

    def run() -> Any:
        task = huey.dequeue()
        return None if task is None else huey.execute(task)

    return run

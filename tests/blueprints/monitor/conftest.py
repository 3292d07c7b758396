"""What the tests of the monitor share: people with the role for it, and a worker of one step."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role
from thumbapp.taskqueue.queue import StreamHuey


@pytest.fixture
def huey(people: Site) -> StreamHuey:
    """Return the queue that the monitor acts on, with the tasks of `sample_tasks`."""
    return people.huey


@pytest.fixture
def operator(people: Site) -> Browser:
    """Return a browser in which an operator is signed in."""
    return people.signed_in(Role.OPERATOR)


@pytest.fixture
def program(people: Site) -> Callable[..., Any]:
    """Return what sends a request as a program with an operator's token."""
    client, headers = people.app.test_client(), people.token(Role.OPERATOR)
    return lambda method, path, **options: client.open(path, method=method, headers=headers, **options)


@pytest.fixture
def queue(huey: StreamHuey) -> Callable[..., str]:
    """Return what queues a task and gives its id."""

    def enqueue(name: str, *args: Any, **options: Any) -> str:
        task = huey.task_named(name)(args, **options)
        huey.enqueue(task)
        time.sleep(0.002)  # what is made within one millisecond has no order
        return str(task.id)

    return enqueue


@pytest.fixture
def work(huey: StreamHuey) -> Callable[[], None]:
    """Return what runs all that waits, as a worker does."""

    def run() -> None:
        while huey.pending_count():
            if (task := huey.dequeue()) is not None:
                huey.execute(task)

    return run

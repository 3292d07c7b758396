"""Locks of tasks: they keep others out, and outlive no worker that dies with them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from huey.exceptions import TaskLockedException

from thumbapp.taskqueue.control import TaskControl
from thumbapp.taskqueue.queue import StreamHuey

Run = Callable[[], Any]


def queue(huey: StreamHuey) -> str:
    """Queue a task that needs the lock; return its id."""
    return str(huey.enqueue(huey.task_named("guard")((0,))).id)


def test_a_lock_keeps_out_who_comes_second_and_is_free_after(huey: StreamHuey, run_next: Run) -> None:
    late, later = queue(huey), queue(huey)

    with huey.lock_task("guarded"):
        run_next()
    run_next()

    assert TaskControl(huey).find(late).error == "Another task held its lock."
    assert huey.result(later) == 1
    assert not huey.is_locked("guarded")


def test_a_task_does_not_get_its_own_lock_twice(huey: StreamHuey) -> None:
    queue(huey)
    huey.dequeue()

    with huey.lock_task("guarded"), pytest.raises(TaskLockedException), huey.lock_task("guarded"):
        pass


def test_a_task_that_is_delivered_again_has_the_lock_that_its_worker_died_with(
    huey: StreamHuey, run_next: Run
) -> None:
    task = queue(huey)
    taken = huey.dequeue()
    huey.lock_task("guarded", ttl=60).acquire()
    huey.storage.streams.held.attempt += 1

    huey.execute(taken)

    assert huey.result(task) == 1
    assert not huey.is_locked("guarded")


def test_a_worker_that_was_too_late_does_not_free_the_lock_of_the_next(huey: StreamHuey) -> None:
    queue(huey)
    huey.dequeue()
    lock = huey.lock_task("guarded", ttl=60)
    lock.acquire()
    huey.storage.streams.held.attempt += 1
    lock.acquire()
    huey.storage.streams.held.attempt -= 1

    lock.__exit__()

    assert huey.is_locked("guarded")


def lose_record(huey: StreamHuey, task_id: str) -> None:
    """Forget the task as when its time is over."""
    assert huey.client.delete(f"{huey.namespace}tasks:of:{task_id}")


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_the_lock_of_a_task_that_was_given_up_is_nobody_s(
    is_forgotten: bool, huey: StreamHuey, run_next: Run
) -> None:
    dead, next_one = queue(huey), queue(huey)
    taken = huey.dequeue()
    huey.lock_task("guarded").acquire()
    huey.storage.streams.held.attempt = 4
    huey.execute(taken)
    assert TaskControl(huey).find(dead).state == "dead"
    if is_forgotten:
        lose_record(huey, dead)

    run_next()

    assert huey.result(next_one) == 1


def test_a_lock_stays_with_a_task_in_hand_whose_record_is_gone(huey: StreamHuey) -> None:
    task = queue(huey)
    huey.dequeue()
    huey.lock_task("guarded").acquire()
    lose_record(huey, task)
    late = queue(huey)

    worker = threading.Thread(target=lambda: huey.execute(huey.dequeue()))
    worker.start()
    worker.join(10)

    assert TaskControl(huey).find(late).error == "Another task held its lock."

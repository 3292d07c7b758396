"""What a task tells of itself while it runs, and how long that is remembered."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.patience import comes_true
from tests.taskqueue.test_records import enqueue, found
from thumbapp.taskqueue.control import TaskControl
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.records import Filter, TaskRecords


@pytest.fixture
def records(huey: StreamHuey, redis_client: redis.Redis) -> TaskRecords:
    return TaskRecords(redis_client, namespace=huey.namespace)


def test_a_task_that_tells_its_progress_is_followed_and_can_be_stopped(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    task_id = enqueue(huey, "rise", 3)
    worker = threading.Thread(target=run_next)
    worker.start()
    assert comes_true(lambda: found(records, task_id).state == "running")
    assert comes_true(lambda: found(records, task_id).done_of == (1, 3))

    asked = TaskControl(huey).cancel(task_id)
    huey.client.rpush("test:climb:go", 1)
    worker.join(10)

    assert (asked.state, asked.stop) == ("running", "1")
    assert found(records, task_id).state == "cancelled"
    assert found(records, task_id).error == "It was stopped while it ran."


def test_changes_are_announced_while_somebody_watches_and_only_then(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    enqueue(huey, "add", 2, 5)
    unseen = records.last_change()
    records.watch()
    task_id = enqueue(huey, "rise", 1)
    huey.client.rpush("test:climb:go", 1)
    run_next(), run_next()

    entries = huey.client.xrange(f"{huey.namespace}events")
    topics = [fields[b"topics"].decode() for _, fields in entries]

    assert unseen == ""
    assert records.last_change() != ""
    assert topics.count(f"tasks task:{task_id}") >= 3  # queued, progress, done


def test_records_whose_time_is_over_are_forgotten_by_the_consumer_s_round(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    enqueue(huey, "add", 2, 5)
    run_next()
    huey.results_ttl_s = -1

    assert huey.forget_old() == 1
    assert records.counts()["done"] == 0


def test_a_page_is_full_although_older_records_are_gone(huey: StreamHuey, records: TaskRecords) -> None:
    made = [enqueue(huey, "add", 1, number) for number in range(6)]
    newest = [record.id for record in records.page(Filter(), limit=6).items]
    huey.client.delete(*(f"{huey.namespace}tasks:of:{task_id}" for task_id in newest[:2]))

    for wanted in (Filter(), Filter(name="add")):
        page = records.page(wanted, limit=3)
        rest = records.page(wanted, cursor=page.cursor, limit=3)
        assert [record.id for record in page.items + rest.items] == newest[2:]
    assert len(made) == 6

"""Every task leaves a record of what became of it, whatever that was."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from tests.patience import comes_true
from thumbapp.errors import BadParameter, NotJson
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.records import Filter, TaskRecord, TaskRecords
from thumbapp.taskqueue.statistics import Statistics, TaskCounts


@pytest.fixture
def records(huey: StreamHuey, redis_client: redis.Redis) -> TaskRecords:
    return TaskRecords(redis_client, namespace=huey.namespace)


def enqueue(huey: StreamHuey, name: str, *args: Any, **options: Any) -> str:
    task = huey.task_named(name)(args, **options)
    huey.enqueue(task)
    return str(task.id)


def found(records: TaskRecords, task_id: str) -> TaskRecord:
    record = records.find(task_id)
    assert record is not None
    return record


def test_a_task_is_on_record_with_its_message(huey: StreamHuey, records: TaskRecords) -> None:
    task_id = enqueue(huey, "add", 2, 5, priority=3)

    record = found(records, task_id)

    assert (record.name, record.state, record.args) == ("add", "queued", "[2,5]")
    assert (record.queue, record.priority, record.attempts) == ("high", 3, 0)
    assert records.counts()["queued"] == huey.pending_count() == 1


def test_a_task_that_is_not_accepted_leaves_no_record(huey: StreamHuey, records: TaskRecords) -> None:
    with pytest.raises(NotJson):
        enqueue(huey, "give", object())

    assert sum(records.counts().values()) == 0


def test_a_task_that_is_done_has_its_times_and_its_worker(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    task_id = enqueue(huey, "add", 2, 5)

    run_next()

    record = found(records, task_id)
    assert (record.state, record.attempts, record.error) == ("done", 1, "")
    assert record.worker == huey.storage.streams.leases.consumer.decode()
    assert record.waited_s is not None
    assert record.took_s is not None


def test_a_failure_keeps_its_reason_and_where_it_happened(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    task_id = enqueue(huey, "fail", "no luck")

    run_next()

    record = found(records, task_id)
    assert (record.state, record.error) == ("failed", "ValueError: no luck")
    assert "raise ValueError(reason)" in record.traceback


def test_a_retry_is_the_same_task_again(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    task_id = enqueue(huey, "fail", "no luck", retries=1)

    run_next()
    between = found(records, task_id)
    run_next()
    after = found(records, task_id)

    assert (between.state, between.attempts, between.error) == ("retrying", 1, "ValueError: no luck")
    assert (after.state, after.attempts) == ("failed", 2)


def test_a_running_task_is_shown_while_it_runs(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    seen: list[str] = []

    @huey.task(name="look", context=True)
    def look(task: Any) -> None:
        assert comes_true(lambda: found(records, task.id).state == "running")
        seen.append(found(records, task.id).worker)

    look()
    run_next()

    assert seen == [huey.storage.streams.leases.consumer.decode()]
    assert records.counts() == dict.fromkeys(records.counts(), 0) | {"done": 1}


def test_a_late_beginning_does_not_undo_the_end(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any], redis_client: redis.Redis
) -> None:
    task_id = enqueue(huey, "add", 2, 5)
    run_next()
    run = redis_client.hget(f"{huey.namespace}tasks:of:{task_id}", "run")
    prefix = f"{huey.namespace}tasks"

    huey.storage.streams.write(("RECORD", prefix, task_id, "add", "running", run, 0, 0, "events"))

    assert found(records, task_id).state == "done"
    assert found(records, task_id).attempts == 1


def test_a_scheduled_task_waits_for_its_time(huey: StreamHuey, records: TaskRecords) -> None:
    task = huey.task_named("add")((2, 5), eta=datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1))
    huey.add_schedule(task)

    record = found(records, task.id)

    assert record.state == "scheduled"
    assert record.due_at


def test_a_revoked_task_is_cancelled(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    task_id = enqueue(huey, "add", 2, 5)
    huey.revoke_by_id(task_id)

    run_next()

    assert (found(records, task_id).state, found(records, task_id).attempts) == ("cancelled", 0)


def test_a_pipeline_names_its_parts(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    add = huey.task_named("add")
    first = add((1, 2)).then(add((3,)))
    second = first.on_complete
    huey.enqueue(first)

    run_next()
    run_next()

    assert found(records, first.id).children == (second.id,)
    assert found(records, second.id).parent == first.id
    assert found(records, second.id).state == "done"


def test_progress_is_written_while_the_task_runs(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any]
) -> None:
    @huey.task(name="count")
    def count() -> None:
        assert huey.recorder
        for number in range(1, 4):
            huey.recorder.progress(number, 3, least_s=0)

    result = count()
    run_next()

    assert found(records, result.id).progress == "3/3"


def test_pages_go_through_all_tasks_newest_first(huey: StreamHuey, records: TaskRecords) -> None:
    ids = [enqueue(huey, "add", number, 0) for number in range(450)]

    seen, cursor = [], None
    while True:
        page = records.page(Filter(), cursor=cursor, limit=100)
        seen += [record.id for record in page.items]
        cursor = page.cursor
        if cursor is None:
            break

    assert sorted(seen) == sorted(ids)
    assert [found(records, one).created_at for one in seen] == sorted(
        (found(records, one).created_at for one in ids), reverse=True
    )


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(Filter(states=("failed",)), {"fail"}, id="state"),
        pytest.param(Filter(name="add"), {"add"}, id="name"),
        pytest.param(Filter(text="SOUGHT"), {"fail"}, id="text in arguments"),
        pytest.param(Filter(until=datetime(2020, 1, 1, tzinfo=UTC)), set(), id="time"),
        pytest.param(Filter(worker="nobody"), set(), id="worker"),
    ],
)
def test_a_filter_admits_what_it_says(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any], wanted: Filter, names: set[str]
) -> None:
    enqueue(huey, "fail", "sought")
    run_next()
    enqueue(huey, "add", 1, 2)

    assert {record.name for record in records.page(wanted).items} == names


def test_long_arguments_are_shortened(huey: StreamHuey, records: TaskRecords) -> None:
    task_id = enqueue(huey, "give", "x" * 100_000)

    record = found(records, task_id)

    assert len(record.args) < 5_000
    assert record.arguments is None


@pytest.mark.parametrize("cursor", ["zzz", "-1:x", "1" * 16 + ":x", "\u0661:x"])
def test_a_cursor_that_no_page_gave_is_refused(records: TaskRecords, cursor: str) -> None:
    with pytest.raises(BadParameter, match="cursor"):
        records.page(Filter(), cursor=cursor)


def test_old_tasks_are_forgotten(
    huey: StreamHuey, records: TaskRecords, run_next: Callable[[], Any], redis_client: redis.Redis
) -> None:
    done = enqueue(huey, "add", 1, 2)
    run_next()
    waiting = enqueue(huey, "add", 1, 2)

    removed = records.trim(before=datetime.now(UTC) + timedelta(seconds=1))

    assert removed == 1
    assert [record.id for record in records.page(Filter()).items] == [waiting]
    assert redis_client.ttl(f"{huey.namespace}tasks:of:{done}") > 0
    assert redis_client.ttl(f"{huey.namespace}tasks:of:{waiting}") == -1


def test_times_are_the_servers_once_a_worker_has_asked_for_them(
    huey: StreamHuey, run_next: Callable[[], Any]
) -> None:
    huey.storage.streams.leases.sweep()
    read_ms, _ = huey.storage.streams.leases._clock or (0, 0.0)
    huey.storage.streams.leases._clock = (read_ms - 86_400_000, time.monotonic())  # this machine is ahead
    task = huey.enqueue(huey.task_named("add")((1, 2), {}))

    run_next()

    record = TaskRecords(huey.client, namespace=huey.namespace).find(task.id)
    assert record is not None
    assert record.started_at is not None
    assert 86_000 < time.time() - record.started_at.timestamp() < 87_000


def test_a_long_run_is_counted_when_it_ends_and_not_with_the_next_one(
    huey: StreamHuey, run_next: Callable[[], Any]
) -> None:
    huey.enqueue(huey.task_named("nap")((0.3,), {}))

    run_next()

    statistics = Statistics(huey.client, namespace=huey.namespace)
    assert comes_true(lambda: statistics.totals().get("nap", TaskCounts()).runs == 1)

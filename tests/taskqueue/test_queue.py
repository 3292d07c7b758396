import logging
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from huey.api import crontab
from huey.exceptions import TaskException

from tests.taskqueue import sample_tasks
from thumbapp.config import Settings
from thumbapp.errors import BadTask, DuplicateTaskName, NotJson, UnknownTask
from thumbapp.taskqueue.queue import StreamHuey

Run = Callable[[], Any]


def enqueue(huey: StreamHuey, name: str, *args: Any, **options: Any) -> Any:
    return huey.enqueue(huey.task_named(name)(args, {}, **options))


def refused(huey: StreamHuey) -> list[bytes]:
    return [fields[b"reason"] for _, fields in huey.client.xrange(huey.storage.dead_key)]


def test_a_task_runs_and_its_result_outlives_the_first_read(huey: StreamHuey, run_next: Run) -> None:
    result = enqueue(huey, "add", 2, 5)

    run_next()

    assert [huey.result(result.id), huey.result(result.id)] == [7, 7]


def test_a_result_expires_after_the_retention_time(
    huey: StreamHuey, run_next: Run, settings: Settings
) -> None:
    result = enqueue(huey, "add", 2, 5)

    run_next()

    ttl = huey.client.ttl(huey.storage.result_key(result.id))
    assert settings.retention_s - 5 <= ttl <= settings.retention_s


def test_every_key_begins_with_the_namespace(huey: StreamHuey, run_next: Run, settings: Settings) -> None:
    enqueue(huey, "add", 2, 5)
    run_next()
    enqueue(huey, "add", 1, 1, eta=huey._get_timestamp().replace(year=2100))
    run_next()
    enqueue(huey, "add", 1, 1)
    huey.storage.enqueue(b"junk")

    keys = [key.decode() for key in huey.client.scan_iter()]

    assert keys
    assert [key for key in keys if not key.startswith(settings.namespace)] == []


def test_a_waiting_caller_is_woken_when_the_task_is_done(huey: StreamHuey, run_next: Run) -> None:
    result = enqueue(huey, "add", 2, 5)
    answers: list[int] = []
    waiters = [
        threading.Thread(target=lambda: answers.append(huey.result(result.id, blocking=True, timeout=10)))
        for _ in range(2)
    ]

    for waiter in waiters:
        waiter.start()
    run_next()
    for waiter in waiters:
        waiter.join(10)

    assert answers == [7, 7]


def test_a_failure_is_kept_with_its_traceback(huey: StreamHuey, run_next: Run) -> None:
    result = enqueue(huey, "fail", "out of paper")

    run_next()

    with pytest.raises(TaskException, match="out of paper") as caught:
        huey.result(result.id)
    assert "Traceback" in caught.value.metadata["traceback"]


def test_none_is_a_result_too(huey: StreamHuey, run_next: Run) -> None:
    result = enqueue(huey, "give", None)

    run_next()

    assert huey.result(result.id, blocking=True, timeout=1) is None


def test_a_result_that_is_no_json_becomes_an_error(huey: StreamHuey, run_next: Run) -> None:
    result = enqueue(huey, "give a set")

    run_next()

    with pytest.raises(TaskException, match="A set cannot travel"):
        huey.result(result.id)


def test_an_argument_that_is_no_json_is_refused_at_the_caller(huey: StreamHuey) -> None:
    with pytest.raises(NotJson, match="A set"):
        enqueue(huey, "give", {1, 2})

    assert huey.pending_count() == 0


def other_apps_message(huey: StreamHuey) -> bytes:
    return bytes(huey.serializer.serialize({"not": "a task"}))


def unknown_task(huey: StreamHuey) -> bytes:
    message = huey._registry.create_message(huey.task_named("add")((1, 2)))
    return bytes(huey.serializer.serialize(message._replace(name="gone")))


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (lambda huey: pickle.dumps(("os.system", "true")), "pickled"),
        (lambda huey: b"\x00\x01garbage", "not signed"),
        (other_apps_message, "not a task"),
        (unknown_task, "'gone'"),
    ],
    ids=["pickle", "garbage", "no task", "unknown"],
)
def test_an_item_nobody_can_run_is_set_aside_and_the_next_one_runs(
    huey: StreamHuey,
    run_next: Run,
    item: Callable[[StreamHuey], bytes],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    huey.storage.enqueue(item(huey))
    result = enqueue(huey, "add", 2, 5)

    with caplog.at_level(logging.WARNING):
        run_next()
        run_next()

    assert huey.result(result.id) == 7
    assert [reason in text.decode() for text in refused(huey)] == [True]
    assert [record.exc_info for record in caplog.records] == [None]


def test_a_poisoned_schedule_keeps_no_other_task_from_running(huey: StreamHuey) -> None:
    past = huey._get_timestamp().replace(year=2000)
    huey.storage.add_to_schedule(b"\x80poison", past)
    huey.add_schedule(huey.task_named("add")((1, 2), eta=past))

    due = huey.read_schedule()

    assert [task.name for task in due] == ["add"]
    assert len(refused(huey)) == 1


def test_looking_at_what_waits_sets_nothing_aside(huey: StreamHuey) -> None:
    huey.storage.enqueue(b"junk")
    enqueue(huey, "add", 1, 2)

    names = [task.name for task in huey.pending()]

    assert names == ["add"]
    assert refused(huey) == []


def test_two_tasks_of_one_name_are_an_error_at_start_up(huey: StreamHuey) -> None:
    with pytest.raises(DuplicateTaskName, match="'add'"):
        huey.task(name="add")(lambda: None)


def test_a_task_without_a_name_is_an_error_at_start_up(huey: StreamHuey) -> None:
    with pytest.raises(TypeError, match="name"):
        huey.task()(lambda: None)  # type: ignore[call-arg]
    with pytest.raises(BadTask, match="needs a name"):
        huey.periodic_task(crontab(), name="")(lambda: None)


def test_an_argument_that_huey_would_swallow_is_an_error_at_start_up(huey: StreamHuey) -> None:
    def pause(delay: float) -> None:
        """Its argument would never arrive."""

    with pytest.raises(BadTask, match="'delay'"):
        huey.task(name="pause")(pause)


def test_an_unknown_name_says_which_there_are(huey: StreamHuey) -> None:
    with pytest.raises(UnknownTask, match="add, doze"):
        huey.task_named("subtract")


def test_a_name_does_not_depend_on_the_module(huey: StreamHuey) -> None:
    assert "add" in huey.task_names()


def test_immediate_mode_runs_in_the_caller_and_sends_nothing(settings: Settings) -> None:
    huey = sample_tasks.build(settings, immediate=True)

    result = enqueue(huey, "add", 2, 5)

    assert result.get() == 7
    assert list(huey.client.scan_iter()) == []

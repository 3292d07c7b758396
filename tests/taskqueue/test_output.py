"""What a task prints and logs is kept for its record, a thread each, and never too much of it."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from thumbapp.taskqueue import output
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.records import TaskRecords


def test_what_is_printed_and_logged_is_kept_and_still_seen(capsys: pytest.CaptureFixture[str]) -> None:
    with output.captured():
        output.begin()
        print("Hello there mortals")
        logging.getLogger("sample").warning("careful, %s", "ala")
        kept = output.end()
        print("after it")

    assert kept == "Hello there mortals\nwarning: careful, ala\n"
    assert capsys.readouterr().out == "Hello there mortals\nafter it\n"


def test_warnings_are_printed_where_nobody_has_set_up_a_log() -> None:
    code = (
        "import logging; from thumbapp.taskqueue import output\n"
        "with output.captured(): logging.getLogger('shop').warning('low'); logging.info('x')"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)

    assert done.stderr == "low\n"


def test_threads_do_not_hear_each_other() -> None:
    kept: list[str] = []

    def speak(word: str, turn: threading.Barrier) -> None:
        output.begin()
        turn.wait()
        print(word)
        turn.wait()
        kept.append(output.end())

    with output.captured():
        turn = threading.Barrier(2)
        threads = [threading.Thread(target=speak, args=(word, turn)) for word in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(kept) == ["one\n", "two\n"]


def test_the_end_of_much_is_kept() -> None:
    with output.captured():
        output.begin()
        for number in range(20_000):
            print(number)
        kept = output.end()

    assert kept.startswith("…")
    assert kept.endswith("19999\n")
    assert len(kept) == output.LONGEST + 1


def test_nothing_is_kept_outside_of_tasks_and_consumers() -> None:
    output.begin()
    print("nobody listens")
    unheard = output.end()
    with output.captured():
        print("no task")

    assert (unheard, output.text()) == ("", "")


def test_the_record_of_a_task_has_what_it_said(huey: StreamHuey, run_next: Callable[[], Any]) -> None:
    task = huey.task_named("speak")(("Hello there every 10 sec ",))
    huey.enqueue(task)

    with output.captured():
        run_next()

    record = TaskRecords(huey.client, namespace=huey.namespace).find(task.id)
    assert record is not None
    assert record.output == "Hello there every 10 sec \nwarning: said it 1 time(s)\n"

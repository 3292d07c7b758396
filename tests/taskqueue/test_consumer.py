"""Promises about workers, kept by real ``huey_consumer`` processes that are killed, frozen and stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from tests.patience import comes_true
from tests.taskqueue import sample_tasks
from thumbapp.config import Settings
from thumbapp.errors import NoFileChosen
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.queues import Queues
from thumbapp.taskqueue.workers import WorkerInfo, WorkerRegistry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's here")
ROOT = Path(__file__).resolve().parents[2]
LEASE_S = 2


class ConsumerProcess:
    """Huey's own script, pointed at `sample_tasks`; what it logs goes to a file."""

    def __init__(self, settings: Settings, log: Path, *options: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("THUMBAPP_")}
        ours = {
            "THUMBAPP_REDIS_URL": settings.redis_url,
            "THUMBAPP_DATA_DIR": str(settings.data_dir),
            "THUMBAPP_SECRET_KEY": settings.secret_key,
            "THUMBAPP_LEASE": str(settings.lease),
            "PYTHONPATH": str(ROOT),
        }
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "huey.bin.huey_consumer",
                    "tests.taskqueue.sample_tasks.huey",
                    *options,
                ],
                cwd=ROOT,
                env=kept | ours,
                stderr=out,
            )

    @property
    def lines(self) -> list[str]:
        """What it has logged."""
        return self._log.read_text(encoding="utf-8").splitlines()

    def said(self, words: str) -> list[str]:
        """Return the lines with *words*."""
        return [line for line in self.lines if words in line]

    def send(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(10)


Start = Callable[..., ConsumerProcess]


@pytest.fixture
def leased(settings: Settings) -> Settings:
    """Return settings with a short lease."""
    return replace(settings, lease=LEASE_S)


@pytest.fixture
def huey(leased: Settings) -> Iterator[StreamHuey]:
    """Return the queue that the consumers work on."""
    huey = sample_tasks.build(leased)
    yield huey
    huey.close()


@pytest.fixture
def start(leased: Settings, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a consumer; all are ended afterwards."""
    started: list[ConsumerProcess] = []

    def one(*options: str, settings: Settings = leased) -> ConsumerProcess:
        started.append(ConsumerProcess(settings, tmp_path / f"log{len(started)}", *(options or ("-w", "1"))))
        return started[-1]

    yield one
    for consumer in started:
        consumer.close()


def nap(huey: StreamHuey, seconds: float, mark: str) -> str:
    """Enqueue a nap and return the id of its task."""
    task: str = huey.enqueue(huey.task_named("nap")((seconds, mark))).id
    return task


def count(client: redis.Redis, mark: str, what: str) -> int:
    return int(client.llen(f"test:{mark}:{what}"))


def begun(client: redis.Redis, mark: str, times: int = 1) -> bool:
    """Wait until the nap *mark* was begun so many times."""
    return comes_true(lambda: count(client, mark, "begun") == times)


def test_a_killed_worker_loses_no_task(huey: StreamHuey, start: Start, redis_client: redis.Redis) -> None:
    victim = start()
    task = nap(huey, 0.5, "kill")
    assert begun(redis_client, "kill")

    victim.process.kill()
    start()

    assert huey.result(task, blocking=True, timeout=15) == "kill"
    assert [count(redis_client, "kill", what) for what in ("begun", "ended")] == [2, 1]


def test_a_lock_does_not_outlive_the_worker_that_was_killed_with_it(huey: StreamHuey, start: Start) -> None:
    victim = start()
    task = huey.enqueue(huey.task_named("guard")((1,)))
    victim.process.wait(10)

    start()

    assert task.get(blocking=True, timeout=15) == 2
    assert not huey.is_locked("guarded")


def test_a_frozen_worker_overwrites_nothing_when_it_thaws(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    frozen = start()
    task = nap(huey, 1.0, "freeze")
    assert begun(redis_client, "freeze")
    frozen.send(signal.SIGSTOP)
    start()
    assert huey.result(task, blocking=True, timeout=15) == "freeze"
    redis_client.set(huey.storage.result_key(task), b"untouched")

    frozen.send(signal.SIGCONT)

    assert comes_true(lambda: frozen.said("finished too late"))
    assert redis_client.get(huey.storage.result_key(task)) == b"untouched"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_a_running_task_finish(
    huey: StreamHuey, start: Start, redis_client: redis.Redis, number: int
) -> None:
    consumer = start()
    task = nap(huey, 0.8, "stop")
    assert begun(redis_client, "stop")

    consumer.send(number)

    assert consumer.process.wait(10) == 0
    assert huey.result(task) == "stop"


def test_a_stop_hands_back_what_takes_longer_and_the_next_worker_begins_at_once(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    consumer = start("-w", "1", "--shutdown-timeout", "1")
    nap(huey, 60, "long")
    assert begun(redis_client, "long")

    consumer.send(signal.SIGTERM)
    code = consumer.process.wait(10)
    start()

    assert (code, len(consumer.said("was put back"))) == (0, 1)
    assert begun(redis_client, "long", times=2)
    [(_, entry)] = redis_client.xrange(huey.storage.queue_key)
    assert entry


def test_a_second_signal_hands_back_at_once(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    consumer = start("-w", "2", "--shutdown-timeout", "60")
    nap(huey, 60, "hurry")
    assert begun(redis_client, "hurry")

    consumer.send(signal.SIGTERM)
    assert comes_true(lambda: consumer.said("Stopping"))
    consumer.send(signal.SIGTERM)

    assert consumer.process.wait(10) == 0
    assert len(consumer.said("was put back")) == 1
    assert huey.pending_count() == 1


def test_a_task_longer_than_its_lease_is_run_once(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    start()
    start()
    task = nap(huey, LEASE_S * 1.9, "long")

    assert huey.result(task, blocking=True, timeout=15) == "long"
    assert count(redis_client, "long", "begun") == 1


def test_a_foreseen_failure_is_one_line_and_any_other_has_its_traceback(
    huey: StreamHuey, start: Start
) -> None:
    consumer = start()
    for name, args in (("refuse", ()), ("fail", ("surprise",)), ("add", (1, 2))):
        task = huey.enqueue(huey.task_named(name)(args))

    assert task.get(blocking=True, timeout=15) == 3
    assert len(consumer.said(str(NoFileChosen()))) == 1
    assert len(consumer.said("Traceback")) == 1
    assert consumer.said("ValueError: surprise")


def test_a_task_that_wants_to_end_the_worker_fails_alone(huey: StreamHuey, start: Start) -> None:
    consumer = start()
    huey.enqueue(huey.task_named("exit")())

    assert huey.enqueue(huey.task_named("add")((1, 2))).get(blocking=True, timeout=15) == 3
    assert consumer.said("SystemExit(3)")
    assert not consumer.said("died")


def test_a_task_that_lost_redis_half_way_is_run_again(huey: StreamHuey, start: Start) -> None:
    start()
    task = huey.enqueue(huey.task_named("lose redis")())

    assert comes_true(lambda: huey.get_raw(task.id, peek=True) is not None and huey.pending_count() == 0)
    assert task.get(blocking=True, timeout=15) is None
    assert huey.client.get("test:lost") == b"2"


def test_poison_of_every_kind_stops_no_worker(huey: StreamHuey, start: Start) -> None:
    consumer = start()
    good = huey.storage
    for item in (b"", b"\x80\x04junk", b"tq1:" + b"0" * 64 + b":m{}", b"x" * 3_000_000):
        good.enqueue(item)
    huey.client.xadd(good.queue_key, {"other": "field"})
    huey.client.zadd(good.schedule_key, {b"no digit": 1, b"7rank": 2})

    assert huey.enqueue(huey.task_named("add")((1, 2))).get(blocking=True, timeout=15) == 3
    assert comes_true(lambda: huey.client.xlen(good.dead_key) == 7)
    assert consumer.process.poll() is None
    assert not consumer.said("Traceback")


def test_an_outage_of_redis_is_two_lines_and_loses_nothing(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    consumer = start("-w", "4")
    task = huey.enqueue(huey.task_named("doze")((1.0,)))
    assert begun(redis_client, "doze")

    redis_client.client_pause(3_500)

    assert comes_true(lambda: consumer.said("Redis is back"))
    assert task.get(blocking=True, timeout=15) == "rested"
    assert len(consumer.said("Redis is away")) == 1
    assert not consumer.said("Traceback")
    assert count(redis_client, "doze", "begun") == 1


def alive(huey: StreamHuey) -> list[WorkerInfo]:
    return WorkerRegistry(huey.client, namespace=huey.namespace).alive()


def test_a_worker_says_what_it_is_and_which_thread_runs_what(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    consumer = start("-w", "2")
    task = nap(huey, 60, "shown")
    assert begun(redis_client, "shown")

    assert comes_true(lambda: any(worker.running for worker in alive(huey)))

    [worker] = alive(huey)
    [running] = worker.running
    assert (worker.pid, worker.threads, running.id, running.name) == (consumer.process.pid, 2, task, "nap")
    assert running.thread.startswith("Worker-")
    assert worker.memory_bytes > 5_000_000
    assert worker.id.startswith(f"{worker.host}:{worker.pid}:")


def test_a_worker_asked_to_stop_hands_back_what_it_runs_and_the_other_one_does_it(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    first = start("-w", "1", "--shutdown-timeout", "0.2")
    task = nap(huey, 1.5, "asked")
    assert begun(redis_client, "asked")
    assert comes_true(lambda: len(alive(huey)) == 1)
    WorkerRegistry(huey.client, namespace=huey.namespace).ask_to_stop(alive(huey)[0].id)
    second = start()

    assert comes_true(lambda: first.process.poll() is not None)
    assert comes_true(lambda: huey.result(task, preserve=True) == "asked")

    assert first.process.returncode == 0
    assert second.process.poll() is None
    assert [worker.pid for worker in alive(huey)] == [second.process.pid]


def test_a_consumer_of_a_paused_queue_begins_nothing_and_goes_on_when_it_is_resumed(
    huey: StreamHuey, start: Start, redis_client: redis.Redis
) -> None:
    queues = Queues(huey.client, namespace=huey.namespace)
    start("-w", "2")
    nap(huey, 0, "before")
    assert begun(redis_client, "before")

    queues.pause("normal")
    nap(huey, 0, "paused")
    low = huey.enqueue(huey.task_named("add")((1, 2), {}, priority=-1))

    assert low.get(blocking=True, timeout=10) == 3
    assert count(redis_client, "paused", "begun") == 0
    queues.resume("normal")
    assert begun(redis_client, "paused")

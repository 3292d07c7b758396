"""A store of schedules on the private server, over a task queue that is nothing but a stream."""

import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from thumbapp.schedules.model import Plan
from thumbapp.schedules.runs import RunLog
from thumbapp.schedules.service import Schedules
from thumbapp.schedules.task_queue import Envelope
from thumbapp.schedules.ticker import Ticker

NAMESPACE = "test:v1:"
STREAM = b"test:stream"


def utc(text: str) -> datetime:
    """Return the time *text* (ISO 8601), UTC where it has no offset."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


@dataclass
class Queue:
    """What schedules need of a task queue: three tasks, one of which takes two numbers."""

    tasks: dict[str, str] = field(default_factory=lambda: {"hello": "", "add": "a b", "slow": ""})
    plans: dict[str, Plan] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)
    valid_minutes: set[datetime] = field(default_factory=set)

    def names(self) -> Iterable[str]:
        return sorted(self.tasks)

    def misfit(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        wanted = self.tasks[name].split()
        return "" if len(args) + len(kwargs) == len(wanted) else f"{name} takes {len(wanted)} arguments"

    def envelope(self, plan: Plan, task: str, due: datetime) -> Envelope:
        return Envelope(task, STREAM, "m", task.encode(), lambda: self.announced.append(task))

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def code_plans(self) -> Mapping[str, Plan]:
        return self.plans

    def is_valid(self, task: str, minute: datetime) -> bool:
        return minute in self.valid_minutes


@dataclass
class Bench:
    """Schedules over a server, with a ticker that ticks when it is told to, and a worker's log."""

    client: redis.Redis
    queue: Queue = field(default_factory=Queue)
    last_slot: int = 0

    def __post_init__(self) -> None:
        self.schedules = Schedules(self.client, namespace=NAMESPACE, queue=self.queue)
        self.store = self.schedules.store
        self.ticker = self.new_ticker()
        self.log = RunLog(self.client, namespace=NAMESPACE)

    def new_ticker(self) -> Ticker:
        """Return another consumer's ticker, which has read nothing yet."""
        return Ticker(self.client, namespace=NAMESPACE, queue=self.queue)

    def create(self, name: str = "one", **told: Any) -> Any:
        return self.schedules.create({"name": name, "task": "hello", "kind": "interval", "every": 1} | told)

    def queued(self) -> list[str]:
        """Return the ids of the tasks in the stream, the oldest first."""
        return [fields[b"m"].decode() for _, fields in self.client.xrange(STREAM)]

    def take(self) -> str:
        """Take the oldest task out of the stream, as the end of a task does, and return its id."""
        [(entry, fields)] = self.client.xrange(STREAM, count=1)
        self.client.xdel(STREAM, entry)
        return str(fields[b"m"].decode())

    def shift(self, schedule_id: str, seconds: float) -> None:
        """Let the next slot of a schedule have been *seconds* ago, and its interval count from there."""
        keys = self.store.keys
        slot = max(int(self.store.now().timestamp() * 1000 - seconds * 1000), self.last_slot + 1)
        self.last_slot = slot  # two in one millisecond would be one slot
        self.client.hset(keys.record(schedule_id), mapping={"slot": slot, "anchor": slot})
        self.client.zadd(keys.due, {schedule_id: slot})
        self.ticker = self.new_ticker()

    def outcomes(self, schedule_id: str) -> list[str]:
        """Return what became of the slots that have ended, the oldest first."""
        return [str(slot.outcome) for _, slot in reversed(self.store.history(schedule_id, limit=500))]


@pytest.fixture
def bench(any_client: redis.Redis) -> Bench:
    """Return schedules on each kind of server in turn."""
    return Bench(any_client)


@pytest.fixture
def one_bench(redis_client: redis.Redis) -> Bench:
    """Return schedules on Valkey alone."""
    return Bench(redis_client)


def together(count: int, work: Any) -> list[Any]:
    """Return what *work* answers in *count* threads that begin at once."""
    answers: list[Any] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        answers.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def redis5() -> str:
    """Return the path of the oldest server's binary, "" without one."""
    return os.environ.get("THUMBAPP_TEST_REDIS5", "")

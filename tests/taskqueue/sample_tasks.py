"""Tasks for the tests of the queue; as a module, what a real consumer process is pointed at.

A consumer imports ``huey`` from here: it is made from the environment, as the app's own is.
"""

import logging
import os
import signal
import sys
import time
from typing import Any

import redis

from thumbapp.config import Settings
from thumbapp.errors import NoFileChosen
from thumbapp.taskqueue.queue import StreamHuey


def build(settings: Settings, **options: Any) -> StreamHuey:
    """Return a queue with the sample tasks; they can be had by ``huey.task_named``."""
    huey = StreamHuey.from_settings(settings, not_done=(redis.RedisError,), **options)
    _add_plain_tasks(huey)
    _add_slow_tasks(huey)
    _add_odd_tasks(huey)
    return huey


def _add_plain_tasks(huey: StreamHuey) -> None:
    @huey.task(name="add")
    def add(a: float, b: float) -> float:
        return a + b

    @huey.task(name="fail")
    def fail(reason: str) -> None:
        raise ValueError(reason)

    @huey.task(name="refuse")
    def refuse() -> None:
        raise NoFileChosen

    @huey.task(name="give")
    def give(value: Any) -> Any:
        return value


def _add_slow_tasks(huey: StreamHuey) -> None:
    @huey.task(name="nap")
    def nap(seconds: float, mark: str = "naps") -> str:
        huey.client.rpush(f"test:{mark}:begun", 1)
        time.sleep(seconds)
        huey.client.rpush(f"test:{mark}:ended", 1)
        return mark

    @huey.task(name="doze")
    def doze(seconds: float) -> str:
        huey.client.rpush("test:doze:begun", 1)
        time.sleep(seconds)
        return "rested"

    @huey.task(name="guard", retries=0)
    @huey.lock_task("guarded")
    def guard(deaths: int) -> int:
        if (begun := huey.client.incr("test:guard:begun")) <= deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return int(begun)


def _add_odd_tasks(huey: StreamHuey) -> None:
    @huey.task(name="speak")
    def speak(words: str, times: int = 1) -> int:
        print(words * times)
        logging.getLogger("sample").warning("said it %s time(s)", times)
        return times

    @huey.task(name="rise")
    def rise(steps: int) -> int:
        for step in range(steps):
            huey.progress(step + 1, steps)
            if step == 0:
                huey.client.blpop("test:climb:go", timeout=10)
        return steps

    @huey.task(name="give a set")
    def give_a_set() -> set[int]:
        return {1}

    @huey.task(name="exit")
    def leave() -> None:
        sys.exit(3)

    @huey.task(name="lose redis")
    def lose_redis() -> None:
        if huey.client.incr("test:lost") == 1:
            raise redis.ConnectionError("gone for a moment")


def __getattr__(name: str) -> StreamHuey:
    if name != "huey":
        raise AttributeError(name)
    globals()[name] = made = build(Settings.from_environ())
    return made

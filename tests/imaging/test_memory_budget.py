"""Threads share the memory for decoding fairly, and never take more than there is."""

import threading
import time

import pytest

from tests.patience import comes_true
from thumbapp.imaging.memory_budget import MemoryBudget


def nothing() -> None:
    """Let the wait go on."""


def test_shares_never_sum_up_to_more_than_there_is() -> None:
    budget, held, most, lock = MemoryBudget(100), [0], [0], threading.Lock()

    def job(share: int) -> None:
        with budget.reserve(share, check=nothing):
            with lock:
                held[0] += share
                most[0] = max(most[0], held[0])
            time.sleep(0.005)
            with lock:
                held[0] -= share

    threads = [threading.Thread(target=job, args=(share,)) for share in (60, 50, 40, 30, 100, 10) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert held == [0]
    assert 50 <= most[0] <= 100


def test_a_large_job_is_not_overtaken_for_ever() -> None:
    budget, order = MemoryBudget(100), []

    def job(name: str, share: int) -> None:
        with budget.reserve(share, check=nothing):
            order.append(name)

    with budget.reserve(50, check=nothing):
        large = threading.Thread(target=job, args=("large", 100))
        large.start()
        assert comes_true(lambda: len(budget._queue) == 1)
        small = threading.Thread(target=job, args=("small", 10))
        small.start()
        assert comes_true(lambda: len(budget._queue) == 2)
    large.join(10)
    small.join(10)

    assert order == ["large", "small"]


def test_more_than_all_takes_all() -> None:
    budget = MemoryBudget(100)

    with budget.reserve(10**9, check=nothing):
        pass
    with budget.reserve(100, check=nothing):
        pass


def test_waiting_ends_when_told_and_gives_up_its_place() -> None:
    budget = MemoryBudget(100)

    def refuse() -> None:
        raise InterruptedError

    with (
        budget.reserve(100, check=nothing),
        pytest.raises(InterruptedError),
        budget.reserve(1, check=refuse),
    ):
        pytest.fail("there was nothing to reserve")

    with budget.reserve(100, check=nothing):
        pass

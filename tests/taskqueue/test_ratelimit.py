"""Rate limits of tasks, as several workers at once keep them."""

import threading

import pytest
from huey.exceptions import RateLimitExceeded

from thumbapp.taskqueue.queue import StreamHuey


def test_many_threads_at_the_beginning_of_a_window_pass_as_often_as_the_limit_says(huey: StreamHuey) -> None:
    limit, at_once, passed = huey.rate_limit("mail", 3, per=86_400), threading.Barrier(8), []

    def ask() -> None:
        at_once.wait()
        try:
            limit.acquire()
            passed.append(1)
        except RateLimitExceeded:
            return

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join(10) for thread in threads]

    assert (len(passed), limit.current_usage()) == (3, 8)


def test_a_limit_that_is_reset_begins_anew_and_its_counter_does_not_stay(huey: StreamHuey) -> None:
    limit = huey.rate_limit("mail", 1, per=60)
    limit.acquire()
    with pytest.raises(RateLimitExceeded):
        limit.acquire()

    limit.reset()
    limit.acquire()

    [key] = huey.client.keys(f"{huey.namespace}counter:*")
    assert 0 < huey.client.ttl(key) <= 120

"""What the tests of starting and stopping share."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def restored_signals() -> Iterator[None]:
    """Put the process's signal handlers back after the test."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)

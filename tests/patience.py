"""Waiting for what comes true by itself: as long as a busy machine needs, and no longer than it takes."""

import time
from collections.abc import Callable

PATIENCE_S = 60


def comes_true(claim: Callable[[], object]) -> bool:
    """Return whether *claim* becomes true before our patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not (is_true := claim()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(is_true)


def until(claim: Callable[[], object]) -> None:
    """Return once *claim* holds; fail when it never does."""
    assert comes_true(claim), "it did not come true"

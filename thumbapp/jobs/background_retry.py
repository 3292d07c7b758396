"""Doing what must be done to Redis although it is away just now."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import redis

PAUSE_S: Final = 1.0
TRIES: Final = 600
_log = logging.getLogger(__name__)


def retry_in_background(action: Callable[[], object], *, after: BaseException) -> None:
    """Call *action* to mend what the error *after* left half done; it must be safe to call twice.

    While Redis is away this returns and goes on trying beside, for ten minutes; at once when *after*
    says that it hangs, for a request shall not wait for the same server twice. A process that ends
    meanwhile gives up: what is then left is upkeep's.
    """
    try:
        if isinstance(after, redis.TimeoutError):
            raise after
        action()
    except redis.RedisError:
        threading.Thread(target=_go_on, args=(action,), name="background-retry", daemon=True).start()


def _go_on(action: Callable[[], object]) -> None:
    for _ in range(TRIES):
        time.sleep(PAUSE_S)
        try:
            action()
        except redis.RedisError:
            continue
        return
    _log.error("gave up on Redis; upkeep will remove what is left")

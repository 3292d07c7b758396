"""How often something may be done, counted in Redis for all processes together."""

import hashlib
import math
import time
from typing import Any, Final

import redis
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from thumbapp.accounts.model import folded
from thumbapp.errors import TooManyAttempts, TooManyUploads

A_NAME: Final = RateLimitItemPerMinute(10, 15, "sign-in-name")
AN_ADDRESS: Final = RateLimitItemPerMinute(30, 5, "sign-in-address")
_KNOWN_S: Final = 30 * 24 * 3600


class Throttle:
    """Counts over moving windows; whoever is over a limit is told when it is worth trying again."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._namespace = namespace
        storage = RedisStorage(
            "redis://", connection_pool=client.connection_pool, key_prefix=f"{namespace}limit"
        )
        self._counts = MovingWindowRateLimiter(storage)

    def attempt(self, name: str, *, address: str) -> None:
        """Count an attempt to sign in, before the password is looked at.

        From an address where *name* has signed in before, its attempts are counted apart: a stranger
        who guesses does not lock the owner out.

        Raises:
            TooManyAttempts: the address, or the name, has had its share.
        """
        is_known = self._redis.exists(self._known(name, address))
        who = _short(name, address) if is_known else _short(name)
        for limit, key in ((AN_ADDRESS, address), (A_NAME, who)):
            if not self._counts.hit(limit, key):
                raise TooManyAttempts(self._wait_s(limit, key))

    def forgive(self, name: str, *, address: str) -> None:
        """Forget the attempts for *name*, whose password was right, and know the address from now on."""
        self._redis.set(self._known(name, address), b"", ex=_KNOWN_S)
        for who in (_short(name), _short(name, address)):
            self._counts.clear(A_NAME, who)

    def upload(self, address: str, *, per_minute: int) -> None:
        """Count an upload from *address*; 0 a minute sets no limit.

        Raises:
            TooManyUploads: the address has had its share.
        """
        limit = RateLimitItemPerMinute(per_minute, 1, "uploads")
        if per_minute and not self._counts.hit(limit, address):
            raise TooManyUploads(per_minute, self._wait_s(limit, address))

    def _wait_s(self, limit: RateLimitItemPerMinute, key: str) -> int:
        """Return after how many seconds the window has room again."""
        reset_at = self._counts.get_window_stats(limit, key).reset_time
        return max(1, math.ceil(reset_at - time.time()))

    def _known(self, name: str, address: str) -> str:
        return f"{self._namespace}known:{_short(name, address)}"


def _short(name: str, address: str = "") -> str:
    """Return a key for any text, however long, that does not say it."""
    text = f"{folded(name)}\0{address}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""Sign-in links: random, used once, soon over. Redis keeps their hash: ``link:<hash>``, the user's id."""

import secrets
from datetime import timedelta
from typing import Any, Final

import redis

from thumbapp.accounts.sessions import digest

AT_START: Final = timedelta(minutes=10)
INVITATION: Final = timedelta(hours=24)

_TAKE: Final = """
local user = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
return user
"""


class LinkStore:
    """The links that have not been used."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._namespace = namespace
        self._take = client.register_script(_TAKE)

    def make(self, user_id: str, *, lasting: timedelta) -> str:
        """Return the secret part of a new link that signs the user in once."""
        secret = secrets.token_urlsafe(24)
        self._redis.set(self._key(secret), user_id, ex=int(lasting.total_seconds()))
        return secret

    def user_of(self, secret: str) -> str:
        """Return the id of the user whom the link would sign in, "" when it is used or over."""
        return (self._redis.get(self._key(secret)) or b"").decode()

    def take(self, secret: str) -> str:
        """Use the link up and return its user's id; "" for all but the first who ask."""
        return (self._take(keys=[self._key(secret)]) or b"").decode()

    def _key(self, secret: str) -> str:
        return f"{self._namespace}link:{digest(secret)}"

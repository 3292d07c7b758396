"""API tokens: 256 random bits that are shown once; Redis keeps their hash, role and last use.

Keys, under the namespace: ``token:<hash>`` hash, gone when it expires; ``tokens`` hash, id to hash.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import redis

from thumbapp import moments
from thumbapp.accounts import model
from thumbapp.accounts.model import Role, Token
from thumbapp.accounts.sessions import digest
from thumbapp.errors import TokenNotFound

PREFIX: Final = "thumb_"
LONGEST_NAME: Final = 64
_ID_DIGITS: Final = 12
_USED_EVERY: Final = timedelta(minutes=1)

# KEYS: token. ARGV: the moment. Never brings back one that was revoked.
_USED: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'used_at', ARGV[1]) end
"""


class TokenStore:
    """The records of all API tokens."""

    def __init__(
        self, client: redis.Redis, *, namespace: str, clock: Callable[[], datetime] = moments.now
    ) -> None:
        self._redis: Any = client
        self._namespace = namespace
        self._clock = clock
        self._used = client.register_script(_USED)

    def create(self, name: str, *, role: Role, user_id: str = "", days: int = 0) -> tuple[Token, str]:
        """Make a token and return it with its secret, which nobody can show again; 0 *days*: for ever."""
        secret = PREFIX + secrets.token_urlsafe(32)
        key, now = digest(secret), self._clock()
        expires_at = now + timedelta(days=days) if days else None
        token = Token(key[:_ID_DIGITS], _clean(name), role, user_id, now, expires_at, None)
        record = {
            "name": token.name,
            "role": role,
            "user": user_id,
            "created_at": now.timestamp(),
            "expires_at": expires_at.timestamp() if expires_at else "",
        }
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._key(key), mapping=record)
        if expires_at:
            pipe.expireat(self._key(key), int(expires_at.timestamp()))
        pipe.hset(self._namespace + "tokens", token.id, key)
        pipe.execute()
        return token, secret

    def find(self, secret: str) -> Token | None:
        """Return the token with that secret, its use noted once a minute; None when it opens nothing."""
        if not secret.startswith(PREFIX):
            return None
        key, now = digest(secret), self._clock()
        token = self._load(key)
        if token is None or (token.expires_at and token.expires_at <= now):
            return None
        if token.used_at is None or now - token.used_at >= _USED_EVERY:
            self._used(keys=[self._key(key)], args=[now.timestamp()])
        return token

    def all(self) -> list[Token]:
        """Return every token that still opens something, the newest first."""
        index = {
            token_id.decode(): key.decode()
            for token_id, key in self._redis.hgetall(self._namespace + "tokens").items()
        }
        found = {token_id: self._load(key) for token_id, key in index.items()}
        if expired := [token_id for token_id, token in found.items() if token is None]:
            self._redis.hdel(self._namespace + "tokens", *expired)
        tokens = [token for token in found.values() if token]
        return sorted(tokens, key=lambda token: token.created_at, reverse=True)

    def of(self, user_id: str) -> list[Token]:
        """Return the tokens of one user, the newest first."""
        return [token for token in self.all() if token.user_id == user_id]

    def get(self, token_id: str) -> Token:
        """Return the token with that id, or raise TokenNotFound."""
        key = self._redis.hget(self._namespace + "tokens", token_id)
        token = self._load(key.decode()) if key else None
        if token is None:
            raise TokenNotFound(token_id)
        return token

    def revoke(self, token: Token) -> None:
        """Let *token* open nothing any more, from the next request on."""
        key = self._redis.hget(self._namespace + "tokens", token.id)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hdel(self._namespace + "tokens", token.id)
        if key:
            pipe.delete(self._key(key.decode()))
        pipe.execute()

    def _load(self, key: str) -> Token | None:
        record: Mapping[bytes, bytes] = self._redis.hgetall(self._key(key))
        if b"role" not in record:
            return None
        return Token(
            id=key[:_ID_DIGITS],
            name=record[b"name"].decode(),
            role=Role(record[b"role"].decode()),
            user_id=record[b"user"].decode(),
            created_at=model.moment(record[b"created_at"]) or moments.now(),
            expires_at=model.moment(record[b"expires_at"]),
            used_at=model.moment(record.get(b"used_at")),
        )

    def _key(self, key: str) -> str:
        return f"{self._namespace}token:{key}"


def _clean(name: str) -> str:
    """Return *name* without what cannot be seen, and not too long; "token" when nothing is left."""
    shown = "".join(char for char in name if char.isprintable()).strip()
    return shown[:LONGEST_NAME] or "token"

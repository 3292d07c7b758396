"""Browsers in which somebody is signed in: a record in Redis each, found by the hash of a random id.

Keys, under the namespace: ``session:<hash>`` hash, ``sessions:of:<user>`` zset, hash by the second of
its end. The id itself is in the browser alone, so whoever reads Redis cannot sign in with it.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import redis

from thumbapp import moments
from thumbapp.accounts import model
from thumbapp.accounts.model import Session

IDLE: Final = timedelta(hours=24)
ABSOLUTE: Final = timedelta(days=14)
_SEEN_EVERY: Final = timedelta(minutes=1)
_LONGEST_AGENT: Final = 200

# KEYS: session. ARGV: seconds to live, then field, value ... Never brings back one that was ended.
_KEEP: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if #ARGV > 1 then redis.call('HSET', KEYS[1], unpack(ARGV, 2)) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""


class SessionStore:
    """The records of all sessions; one ends after a day without use, and after two weeks in any case."""

    def __init__(
        self, client: redis.Redis, *, namespace: str, clock: Callable[[], datetime] = moments.now
    ) -> None:
        self._redis: Any = client
        self._namespace = namespace
        self._clock = clock
        self._keep = client.register_script(_KEEP)

    def start(self, user_id: str, *, address: str, agent: str, data: str) -> str:
        """Begin a session of the user and return its id, 128 random bits that only the browser keeps."""
        session_id = secrets.token_urlsafe(16)
        key, now = digest(session_id), self._clock()
        record = {
            "user": user_id,
            "created_at": now.timestamp(),
            "seen_at": now.timestamp(),
            "address": address,
            "agent": agent[:_LONGEST_AGENT],
            "data": data,
        }
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._key(key), mapping=record)
        pipe.expire(self._key(key), _seconds(IDLE))
        pipe.zadd(self._index(user_id), {key: (now + ABSOLUTE).timestamp()})
        pipe.expire(self._index(user_id), _seconds(ABSOLUTE))
        pipe.execute()
        return session_id

    def find(self, session_id: str) -> Session | None:
        """Return the session with that id, its use noted once a minute; None when it has ended."""
        session = self._load(digest(session_id))
        if session is None:
            return None
        now = self._clock()
        if now - session.created_at >= ABSOLUTE or now - session.seen_at >= IDLE:
            self.end(session)
            return None
        if now - session.seen_at >= _SEEN_EVERY:
            self._write(session, {"seen_at": now.timestamp()})
        return session

    def save(self, session: Session, data: str) -> None:
        """Keep other *data* with the session; nothing happens when it has ended meanwhile."""
        self._write(session, {"data": data})

    def of(self, user_id: str) -> list[Session]:
        """Return the sessions of a user, the one used last first."""
        self._redis.zremrangebyscore(self._index(user_id), "-inf", self._clock().timestamp())
        keys = [key.decode() for key in self._redis.zrange(self._index(user_id), 0, -1)]
        found = [session for key in keys if (session := self._load(key))]
        return sorted(found, key=lambda session: session.seen_at, reverse=True)

    def end(self, session: Session) -> None:
        """End the session: its id opens nothing any more."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(self._key(session.key))
        pipe.zrem(self._index(session.user_id), session.key)
        pipe.execute()

    def end_all(self, user_id: str, *, but: str = "") -> int:
        """End the sessions of a user, all *but* the one with that key; returns how many."""
        ended = [session for session in self.of(user_id) if session.key != but]
        for session in ended:
            self.end(session)
        return len(ended)

    def _write(self, session: Session, fields: Mapping[str, str | float]) -> None:
        left = session.created_at + ABSOLUTE - self._clock()
        flat = [part for pair in fields.items() for part in pair]
        self._keep(keys=[self._key(session.key)], args=[max(1, _seconds(min(IDLE, left))), *flat])

    def _load(self, key: str) -> Session | None:
        record = self._redis.hgetall(self._key(key))
        if b"user" not in record:
            return None
        created_at = model.moment(record[b"created_at"]) or moments.now()
        return Session(
            key=key,
            user_id=record[b"user"].decode(),
            created_at=created_at,
            seen_at=model.moment(record[b"seen_at"]) or created_at,
            address=record[b"address"].decode(),
            agent=record[b"agent"].decode(),
            data=record[b"data"].decode(),
        )

    def _key(self, key: str) -> str:
        return f"{self._namespace}session:{key}"

    def _index(self, user_id: str) -> str:
        return f"{self._namespace}sessions:of:{user_id}"


def digest(secret: str) -> str:
    """Return the hash under which a random *secret* is kept; it needs no salt, being random."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())

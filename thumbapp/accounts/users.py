"""Users in Redis: a hash each, and who has which name. Knows neither sessions nor the web.

Keys, under the namespace: ``users`` hash, folded name to id; ``user:<id>`` hash; ``users:admins`` set.
A name is taken, and the last administrator kept, within one Lua call: two commands that race
cannot both have their way.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import redis

from thumbapp import moments
from thumbapp.accounts import model
from thumbapp.accounts.model import Role, User, folded
from thumbapp.errors import LastAdmin, UserExists, UserNotFound

# KEYS: users, user, admins. ARGV: folded name, id, role, then field, value ...
_ADD: Final = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[2], unpack(ARGV, 4))
if ARGV[3] == 'admin' then redis.call('SADD', KEYS[3], ARGV[2]) end
return 1
"""
# KEYS: users, user, admins. ARGV: folded name, id, the new role or "" to remove the user.
# Returns 1, 0 for the last administrator, -1 for nobody.
_DEMOTE: Final = """
if redis.call('EXISTS', KEYS[2]) == 0 then return -1 end
local is_admin = redis.call('SISMEMBER', KEYS[3], ARGV[2])
if ARGV[3] ~= 'admin' and is_admin == 1 and redis.call('SCARD', KEYS[3]) == 1 then return 0 end
if ARGV[3] == 'admin' then redis.call('SADD', KEYS[3], ARGV[2])
else redis.call('SREM', KEYS[3], ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], 'role', ARGV[3])
else redis.call('HDEL', KEYS[1], ARGV[1]) redis.call('DEL', KEYS[2]) end
return 1
"""
# KEYS: user. ARGV: field, value ... A user who was removed meanwhile is not brought back by it.
_SET: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
"""


class UserStore:
    """The records of all users."""

    def __init__(
        self, client: redis.Redis, *, namespace: str, clock: Callable[[], datetime] = moments.now
    ) -> None:
        self._redis: Any = client
        self._namespace = namespace
        self._clock = clock
        self._add, self._demote, self._set = map(client.register_script, (_ADD, _DEMOTE, _SET))

    def add(self, name: str, *, role: Role, password_hash: str = "") -> User:
        """Write a new user and return it; *name* is clean.

        Raises:
            UserExists: somebody has the name.
        """
        user = User(f"u-{secrets.token_urlsafe(12)}", name, role, password_hash, self._clock())
        record: dict[str, str | float] = {
            "id": user.id,
            "name": name,
            "role": role,
            "password": password_hash,
            "created_at": user.created_at.timestamp(),
        }
        flat = [part for pair in record.items() for part in pair]
        if not self._add(keys=self._keys(user.id), args=[folded(name), user.id, role, *flat]):
            raise UserExists(name)
        return user

    def find(self, user_id: str) -> User | None:
        """Return the user with that id, None when there is none (any more)."""
        return _user(self._redis.hgetall(self._key(user_id))) if user_id else None

    def named(self, name: str) -> User:
        """Return the user called *name*, capitals or not, or raise UserNotFound."""
        user_id = self._redis.hget(self._namespace + "users", folded(name))
        user = self.find(user_id.decode()) if user_id else None
        if user is None:
            raise UserNotFound(name)
        return user

    def all(self) -> list[User]:
        """Return every user, by name."""
        pipe = self._redis.pipeline(transaction=False)
        for user_id in self._redis.hvals(self._namespace + "users"):
            pipe.hgetall(self._key(user_id.decode()))
        users = [user for record in pipe.execute() if (user := _user(record))]
        return sorted(users, key=lambda user: folded(user.name))

    def change_role(self, user: User, role: Role) -> None:
        """Give *user* another role, or raise LastAdmin, UserNotFound."""
        self._move(user, role)

    def remove(self, user: User) -> None:
        """Forget *user*, or raise LastAdmin, UserNotFound."""
        self._move(user, "")

    def set_password(self, user: User, password_hash: str) -> None:
        """Keep another password for *user*, or raise UserNotFound."""
        if not self._set(keys=[self._key(user.id)], args=["password", password_hash]):
            raise UserNotFound(user.name)

    def saw(self, user_id: str) -> None:
        """Note that the user was here just now."""
        self._set(keys=[self._key(user_id)], args=["seen_at", self._clock().timestamp()])

    def _move(self, user: User, role: str) -> None:
        moved = self._demote(keys=self._keys(user.id), args=[folded(user.name), user.id, role])
        if moved == -1:
            raise UserNotFound(user.name)
        if not moved:
            raise LastAdmin

    def _key(self, user_id: str) -> str:
        return f"{self._namespace}user:{user_id}"

    def _keys(self, user_id: str) -> list[str]:
        return [f"{self._namespace}users", self._key(user_id), f"{self._namespace}users:admins"]


def _user(record: Mapping[bytes, bytes]) -> User | None:
    if b"id" not in record:
        return None
    return User(
        id=record[b"id"].decode(),
        name=record[b"name"].decode(),
        role=Role(record[b"role"].decode()),
        password_hash=record[b"password"].decode(),
        created_at=model.moment(record[b"created_at"]) or moments.now(),
        seen_at=model.moment(record.get(b"seen_at")),
    )

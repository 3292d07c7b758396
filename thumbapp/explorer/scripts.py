"""The library of scripts: saved ones in the app's own Redis, and the samples that come with the app."""

import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import redis

from thumbapp.errors import BadEdit, ScriptNotFound
from thumbapp.explorer.scripting import fingerprint

LONGEST_SOURCE: Final = 100_000
LONGEST_NAME: Final = 100
MOST_SAVED: Final = 500


@dataclass(frozen=True, slots=True)
class Script:
    """A script under a name, with the keys and arguments it was tried with last; all of it text."""

    name: str
    source: str
    keys: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    says: str = ""
    id: str = ""
    saved_by: str = ""
    saved_at: str = ""

    @property
    def sha(self) -> str:
        """The fingerprint by which a server knows it."""
        return fingerprint(self.source.encode())


SAMPLES: Final = (
    Script("return text", 'return "test"\n', says="The shortest script: a reply and nothing else."),
    Script(
        "KEYS and ARGV",
        "return {KEYS[1], KEYS[2], ARGV[1], ARGV[2]}\n",
        ("1", "2"),
        ("first", "second"),
        "What is named as keys and what is only passed along.",
    ),
    Script(
        "numbers from a loop",
        "local a = {}\nfor i = 0, 10 do\n  a[i] = i\nend\nreturn a\n",
        says="Lua counts from 1: what stands at 0 is not returned.",
    ),
    Script(
        "JSON in, number out",
        "local d = cjson.decode(ARGV[1])\nreturn d.a + d.b\n",
        (),
        ('{"a": 1, "b": 6}',),
        "cjson reads JSON; only whole numbers are returned.",
    ),
    Script(
        "read, compute, save",
        "local sum = redis.call('GET', KEYS[1]) + ARGV[1]\nredis.call('SET', KEYS[2], sum)\nreturn sum\n",
        ("key1", "key2"),
        ("5",),
        "Set key1 to a number first, then open key2.",
    ),
    Script(
        "grant a permission to a group",
        "if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then\n"
        "  return false\n"
        "end\n"
        "for _, user in ipairs(redis.call('SMEMBERS', KEYS[2])) do\n"
        "  redis.call('SADD', ARGV[2] .. user, ARGV[1])\n"
        "end\n"
        "return true\n",
        ("permissions", "users_group:2"),
        ("ADD_BOOKING", "user_permissions:"),
        "Every member of users_group:2 gets a set of its own; 1 when the permission exists.",
    ),
    Script(
        "count, by fingerprint",
        "return redis.call('INCR', KEYS[1])\n",
        ("n",),
        says="Run it twice: the second time only its SHA-1 is sent.",
    ),
)


class ScriptLibrary:
    """The scripts that people saved, for all who may use them."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self._redis: Any = client
        self._key = f"{namespace}explorer:scripts"

    def all(self) -> list[Script]:
        """Return every saved script, by name."""
        found = [_read(raw) for raw in self._redis.hvals(self._key)]
        return sorted(found, key=lambda script: (script.name.casefold(), script.id))

    def find(self, script_id: str) -> Script:
        """Return the script; raises ScriptNotFound."""
        raw = self._redis.hget(self._key, script_id)
        if raw is None:
            raise ScriptNotFound(script_id)
        return _read(raw)

    def save(self, script: Script, *, by: str) -> Script:
        """Keep *script*, in place of the one with its id or as a new one, and return it as kept.

        Raises:
            BadEdit: it has no name, is too long, or there are too many.
        """
        name = script.name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise BadEdit(f"A script needs a name of up to {LONGEST_NAME} characters.")
        if len(script.source) > LONGEST_SOURCE:
            raise BadEdit(f"A script has {LONGEST_SOURCE:,} characters at most.")
        if not script.id and self._redis.hlen(self._key) >= MOST_SAVED:
            raise BadEdit(f"{MOST_SAVED} scripts are saved already; remove one first.")
        kept = replace(
            script,
            id=script.id or secrets.token_urlsafe(9),
            name=name,
            saved_by=by,
            saved_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._redis.hset(self._key, kept.id, orjson.dumps(asdict(kept)))
        return kept

    def remove(self, script_id: str) -> None:
        """Forget the script; raises ScriptNotFound."""
        if not self._redis.hdel(self._key, script_id):
            raise ScriptNotFound(script_id)


def words(rows: Iterable[str]) -> tuple[str, ...]:
    """Return *rows* of a table of arguments without the empty ones at its end."""
    found = list(rows)
    while found and found[-1] == "":
        found.pop()
    return tuple(found)


def _read(raw: bytes) -> Script:
    told = orjson.loads(raw)
    return Script(**{**told, "keys": tuple(told["keys"]), "args": tuple(told["args"])})

"""What a user, a session and an API token are, and what a name, a role and a password must be."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from thumbapp.errors import BadPassword, BadRole, BadUserName

LONGEST_NAME: Final = 64
SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1_000
_MARKS: Final = frozenset("._-@+")


class Role(StrEnum):
    """What somebody may do; each role may all that the one before it may."""

    USER = "user"
    OPERATOR = "operator"
    ADMIN = "admin"

    @classmethod
    def parse(cls, text: str) -> "Role":
        """Return the role that *text* names, or raise BadRole."""
        try:
            return cls(text)
        except ValueError as error:
            raise BadRole(text) from error

    def covers(self, needed: "Role") -> bool:
        """Whether this role may what *needed* may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account; ``password_hash`` is "" until a password was set."""

    id: str
    name: str
    role: Role
    password_hash: str
    created_at: datetime
    seen_at: datetime | None = None

    @property
    def owner(self) -> str:
        """The word that stands in the jobs of this user."""
        return self.id

    @property
    def has_password(self) -> bool:
        """Whether name and password can be used to sign in."""
        return bool(self.password_hash)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which somebody is signed in; ``key`` is what Redis knows of its id."""

    key: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    data: str


@dataclass(frozen=True, slots=True)
class Token:
    """An API token, without its secret; ``user_id`` is "" for one of the installation itself."""

    id: str
    name: str
    role: Role
    user_id: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @property
    def owner(self) -> str:
        """The word that stands in the jobs made with this token: its user's, else its own."""
        return self.user_id or f"t-{self.id}"


def clean_user_name(text: str) -> str:
    """Return *text* as a user's name, or raise BadUserName.

    Letters and digits of any script, after NFKC, so that no two names look alike by way of
    compatibility forms; nothing invisible.
    """
    name = unicodedata.normalize("NFKC", text.strip())
    if not 1 <= len(name) <= LONGEST_NAME or not name[0].isalnum():
        raise BadUserName(LONGEST_NAME)
    if not all(char.isalnum() or char in _MARKS for char in name):
        raise BadUserName(LONGEST_NAME)
    return name


def folded(name: str) -> str:
    """Return what tells names apart: *name* without regard to capitals and compatibility forms."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def check_password(password: str, *, name: str) -> None:
    """Raise BadPassword for what *name* cannot have as a password."""
    is_long_enough = SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
    if not is_long_enough or len(set(password)) == 1 or folded(password) == folded(name):
        raise BadPassword(SHORTEST_PASSWORD, LONGEST_PASSWORD)


def moment(seconds: str | bytes | float | None) -> datetime | None:
    """Return the moment that *seconds* since 1970 mean, None for nothing."""
    return datetime.fromtimestamp(float(seconds), UTC) if seconds else None

"""What a page of a value is, what may be asked of it, and what is known of a key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from thumbapp.errors import BadParameter, KeyNotFound
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.names import shown
from thumbapp.explorer.reply_types import items, number
from thumbapp.explorer.resp import Reply
from thumbapp.explorer.scan import LENGTHS

PAGE: Final = 100
MOST_ITEMS: Final = 500
CUT_AT: Final = 512
_HEAVY: Final = 4_096
_MOST_PAGE_BYTES: Final = 400_000


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is known of a key without its value; None is what the server does not say."""

    name: bytes
    type: str
    encoding: str = ""
    length: int | None = None
    bytes: int | None = None
    ttl_ms: int | None = None
    idle_s: int | None = None
    frequency: int | None = None

    @property
    def item_bytes(self) -> int:
        """About how many bytes one element takes."""
        return (self.bytes or 0) // max(1, self.length or 1)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which part of a value to read.

    *cursor* is what the last page gave, *find* what an item must hold, *low* and *high* a range, *by* what
    it is a range of, *is_reversed* whether to begin at the other end.
    """

    cursor: str = ""
    find: bytes = b""
    limit: int = PAGE
    low: str = ""
    high: str = ""
    by: str = ""
    is_reversed: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_ITEMS:
            raise BadParameter("limit", str(self.limit), f"a number from 1 to {MOST_ITEMS}")

    def index(self) -> int:
        """Return the cursor as a place in a row of items, 0 at the beginning."""
        if not self.cursor:
            return 0
        if not self.cursor.isascii() or not self.cursor.isdecimal() or len(self.cursor) > 15:
            raise BadParameter("cursor", self.cursor, "what the last answer gave")
        return int(self.cursor)

    def affordable(self, facts: KeyFacts) -> int:
        """Return how many items to read: fewer when they are heavy, for a page stays light."""
        if facts.item_bytes <= _HEAVY:
            return self.limit
        return max(1, min(self.limit, _MOST_PAGE_BYTES // facts.item_bytes))


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a list, *index* counted from its head."""

    index: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a set."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Scored:
    """A member of a sorted set; *rank* is None when it was found by a search."""

    value: bytes
    score: str
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A field of a hash; ``ttl_ms`` None: the field does not expire."""

    field: bytes
    value: bytes
    ttl_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a stream."""

    id: str
    pairs: list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes of a string from *offset* on."""

    offset: int
    data: bytes


Item = Element | Member | Scored | Pair | Entry | Bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Items that stand together; ``cursor`` goes on, None at the end; *says* is what else to know."""

    items: Sequence[Item]
    cursor: str | None = None
    says: str = ""
    extra: dict[str, object] = field(default_factory=dict)


def facts_of(connection: Connection, name: bytes) -> KeyFacts:
    """Return what is known of the key *name*, without touching its time of use; raises KeyNotFound."""
    idle, frequency, encoding, kind, ttl, size = connection.exchange(
        ("OBJECT", "IDLETIME", name),
        ("OBJECT", "FREQ", name),
        ("OBJECT", "ENCODING", name),
        ("TYPE", name),
        ("PTTL", name),
        ("MEMORY", "USAGE", name),
    )
    word = str(said, "latin-1") if isinstance(said := unfailed(kind), bytes) else "none"
    if word == "none":
        raise KeyNotFound(shown(name))
    length = connection.exchange((LENGTHS[word], name))[0] if word in LENGTHS else None
    return KeyFacts(
        name=name,
        type=word,
        encoding=str(encoding, "latin-1") if isinstance(encoding, bytes) else "",
        length=number(length),
        bytes=number(size),
        ttl_ms=ttl if isinstance(ttl, int) and ttl >= 0 else None,
        idle_s=number(idle),
        frequency=number(frequency),
    )


def listed(reply: Reply) -> list[bytes]:
    """Return the strings of a list that the server answered; an error of the server is raised."""
    return [item for item in items(unfailed(reply)) if isinstance(item, bytes)]


def containing(find: bytes) -> bytes:
    """Return the pattern for items that hold *find*: a pattern as it is, a word with stars around it."""
    return find if any(mark in find for mark in b"*?[\\") else b"*" + find + b"*"

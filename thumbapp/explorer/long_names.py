"""Names too long for an address: their id is how they begin and a hash, and they are found by a search.

Servers and proxies refuse addresses of more than a few thousand bytes; a name may have half a gigabyte.
"""

import hashlib
import re
from typing import Final

from thumbapp.errors import KeyNotFound
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.names import from_id, shown, to_id
from thumbapp.explorer.scan import Search, walk_names

LONGEST: Final = 2_000
_HEAD: Final = 300
_MARK: Final = "~"
_WITHIN_S: Final = 10.0


def id_of(name: bytes) -> str:
    """Return the id of a key: `to_id`, or of a long name ``~``, the id of its beginning and its hash."""
    if len(name) <= LONGEST:
        return to_id(name)
    return f"{_MARK}{to_id(name[:_HEAD])}.{_digest(name)}"


def name_of(gate: Gate, key_id: str, *, db: int) -> bytes:
    """Return the name that `id_of` gave that id, looked for in the database when it is long.

    Raises:
        BadParameter: it is no id. KeyNotFound: no key of that long name is there.
    """
    if not key_id.startswith(_MARK):
        return from_id(key_id)
    head, _, digest = key_id.removeprefix(_MARK).partition(".")
    beginning = from_id(head)
    search = Search(re.split(rb"[*?\[\\]", beginning)[0] + b"*")  # many marks would make a wild pattern
    with gate.server.pool.connection(db) as connection:
        for names, _ in walk_names(gate, connection, search, within_s=_WITHIN_S):
            found = next((name for name in names if len(name) > LONGEST and _digest(name) == digest), None)
            if found is not None:
                return found
    raise KeyNotFound(f"{shown(beginning)[:100]} ...")


def _digest(name: bytes) -> str:
    return to_id(hashlib.sha256(name).digest())

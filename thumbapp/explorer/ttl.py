"""How long something shall live, typed as people say it."""

import re
from typing import Final

from thumbapp.errors import BadEdit

_UNITS_MS: Final = {
    "ms": 1,
    "s": 1_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_NAMES: Final = {
    "": "s",
    "millisecond": "ms",
    "sec": "s",
    "second": "s",
    "m": "min",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "week": "w",
}
_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)\s*", re.ASCII)
_LONGEST_MS: Final = 10**14


def parse_ttl(text: str) -> int:
    """Return the milliseconds that *text* means: ``90`` (seconds), ``15 min``, ``1h 30m``, ``3 days``.

    Raises:
        BadEdit: it is no time, not above nothing, or beyond three thousand years.
    """
    rest, total = text.strip().lower(), 0.0
    while rest and (found := _PART.match(rest)):
        word = found[2]
        unit = word if word in _UNITS_MS else _NAMES.get(word) or _NAMES.get(word.removesuffix("s"))
        if unit is None:
            break
        total, rest = total + float(found[1]) * _UNITS_MS[unit], rest[found.end() :]
    if rest or not 0.5 <= total < _LONGEST_MS:
        raise BadEdit(f"{text[:40]!r} is no time to live; write 90, 15 min, 2 h or 3 days.")
    return round(total)

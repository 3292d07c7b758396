"""What somebody typed, as what a command takes; BadEdit for what cannot be meant."""

import math
import re
from collections.abc import Sequence
from typing import Final

from thumbapp.errors import BadEdit

MOST_VALUES: Final = 1_000


def new_key(name: bytes, is_new: bool) -> tuple[bytes, ...]:
    """Return *name* among the keys that must not be there when it *is_new*."""
    return (name,) if is_new else ()


def some(values: Sequence[bytes]) -> Sequence[bytes]:
    """Return *values* when there are any, and not too many to send at once."""
    if not 1 <= len(values) <= MOST_VALUES:
        raise BadEdit(f"From 1 to {MOST_VALUES:,} values are taken at once.")
    return values


def as_score(text: str) -> str:
    """Return *text* as a number that the server reads; it may be infinite, and must be one."""
    try:
        value = float(text)
    except ValueError as error:
        raise BadEdit(f"{text[:40]!r} is no number.") from error
    if math.isnan(value) or "_" in text or not text.isascii():
        raise BadEdit(f"{text[:40]!r} is no number.")
    return text.strip()


def counting(by: str, *, whole: str, fraction: str) -> str:
    """Return the command that adds *by*: the one for whole numbers where it is one."""
    if re.fullmatch(r"-?\d{1,19}", by, re.ASCII) and -(2**63) <= int(by) < 2**63:
        return whole
    if re.fullmatch(r"-?\d{1,20}\.\d{1,17}(e[+-]?\d{1,3})?", by, re.IGNORECASE | re.ASCII):
        return fraction
    raise BadEdit(f"{by[:40]!r} is no number that can be added.")

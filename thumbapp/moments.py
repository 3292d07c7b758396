"""Moments: the present one, and how programs are told of one. Knows nothing else of the app."""

from datetime import UTC, datetime
from typing import overload


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


@overload
def rfc3339(moment: datetime) -> str: ...
@overload
def rfc3339(moment: datetime | None) -> str | None: ...
def rfc3339(moment: datetime | None) -> str | None:
    """Return *moment* as RFC 3339 in UTC, to the millisecond; None for none."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Moments are in UTC, and told to programs to the millisecond."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from thumbapp.moments import now, rfc3339

NOON = datetime(2026, 11, 27, 12, 0, 0, 123_900, UTC)


@pytest.mark.parametrize("moment", [NOON, NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))])
def test_a_moment_is_told_in_utc_to_the_millisecond(moment: datetime) -> None:
    assert rfc3339(moment) == "2026-11-27T12:00:00.123Z"


def test_no_moment_is_told_as_none() -> None:
    assert rfc3339(None) is None


def test_the_present_moment_is_in_utc() -> None:
    assert now().utcoffset() == timedelta(0)

"""A plan in words, and what may surprise about it."""

import pytest

from tests.schedules.conftest import utc
from thumbapp.schedules.descriptor import describe, remarks
from thumbapp.schedules.model import Kind, Plan


def cron(text: str) -> Plan:
    return Plan(name="one", task="hello", kind=Kind.CRON, cron=text, tz="Europe/Warsaw")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "every second"),
        (10, "every 10 seconds"),
        (60, "every minute"),
        (90, "every 1 minute 30 seconds"),
        (3600, "every hour"),
        (86_400, "every day"),
        (129_600, "every 1 day 12 hours"),
    ],
)
def test_an_interval_in_its_largest_units(seconds: int, words: str) -> None:
    assert describe(Plan(name="one", task="hello", kind=Kind.INTERVAL, every=seconds)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5 15 * * *", "at 15:05, Europe/Warsaw"),
        ("* * * * *", "every minute"),
        ("0 9 * * MON-FRI", "at 09:00, Monday through Friday, Europe/Warsaw"),
        ("0 0 1 1 *", "at 00:00, on day 1 of the month, only in January, Europe/Warsaw"),
        ("15 30 2 * * *", "at 02:30:15, Europe/Warsaw"),
    ],
)
def test_a_cron_expression_in_english_whatever_the_locale(text: str, words: str) -> None:
    assert describe(cron(text)) == words


def test_a_single_time_stands_on_its_own_clock() -> None:
    plan = Plan(name="one", task="hello", kind=Kind.ONCE, at=utc("2027-01-31T14:05:00"), tz="Europe/Warsaw")

    assert describe(plan) == "once, on 2027-01-31 at 15:05:00, Europe/Warsaw"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("* 15 * * *", "every minute of the hour 15"),
        ("*/7 * * * *", "begins anew each hour"),
        ("0 0 31 * *", "Months without that day"),
        ("0 0 13 * FRI", "also on the weekdays"),
        ("*/10 30 2 * * *", "follows the clock"),
    ],
)
def test_what_may_surprise_is_said(text: str, says: str) -> None:
    [remark] = remarks(cron(text))

    assert says in remark


@pytest.mark.parametrize("text", ["5 15 * * *", "* * * * *", "0 * * * *", "15 30 2 * * *"])
def test_what_surprises_nobody_is_not_remarked_on(text: str) -> None:
    assert remarks(cron(text)) == []

"""Published cases of cronsim, Celery and APScheduler, written anew, against ours; and Warsaw's own.

Where the meaning is another, the case says what theirs is.
"""

from datetime import UTC, datetime, timedelta
from itertools import islice, product
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from tests.schedules.conftest import utc
from thumbapp.errors import BadCron, NeverComes
from thumbapp.schedules.cron import Cron, changes_of_day, next_change, times

WARSAW = "Europe/Warsaw"


def local(cron: str, zone: str, start: str, count: int) -> list[str]:
    """Return the next *count* times after *start* (on *zone*'s clock, or with an offset) on that clock."""
    place = ZoneInfo(zone)
    moment = datetime.fromisoformat(start)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=place)
    found = islice(times(Cron.parse(cron), moment, place), count)
    return [time.astimezone(place).isoformat(timespec="minutes") for time in found]


# --- cronsim: changes of the clock in Riga (03:00 -> 04:00 in March, 04:00 -> 03:00 in October 2021) -----

RIGA = [
    ("0 * * * *", "2021-03-28T01:30", "02:00+02 04:00+03"),
    ("0 * * * *", "2021-10-31T01:30", "02:00+03 03:00+03 03:00+02 04:00+02"),
    ("*/30 * * * *", "2021-03-28T02:10", "02:30+02 04:00+03 04:30+03"),
    ("*/30 * * * *", "2021-10-31T02:10", "02:30+03 03:00+03 03:30+03 03:00+02 03:30+02 04:00+02"),
    ("*/15 * * * *", "2021-03-28T02:40", "02:45+02 04:00+03"),
    ("*/15 * * * *", "2021-10-31T03:20", "03:30+03 03:45+03 03:00+02 03:15+02 03:30+02 03:45+02 04:00+02"),
    ("0 */2 * * *", "2021-03-28T01:30", "02:00+02 04:00+03 06:00+03"),
    ("0 */2 * * *", "2021-10-31T01:30", "02:00+03 04:00+02 06:00+02"),
    ("30 */2 * * *", "2021-03-28T01:30", "02:30+02 04:30+03"),
    ("30 */2 * * *", "2021-10-31T01:30", "02:30+03 04:30+02"),
    ("0 */3 * * *", "2021-10-31T01:30", "03:00+03 03:00+02 06:00+02"),
    ("0 1,2,3,4,5 * * *", "2021-03-28T01:30", "02:00+02 04:00+03 05:00+03"),
    ("0 1,2,3,4,5 * * *", "2021-10-31T01:30", "02:00+03 03:00+03 04:00+02"),
    ("30 1,2,3,4,5 * * *", "2021-03-28T01:30", "02:30+02 04:00+03 04:30+03"),
    ("30 1,2,3,4,5 * * *", "2021-10-31T01:30", "02:30+03 03:30+03 04:30+02"),
    ("0 2 * * *", "2021-03-28T01:30", "02:00+02 29T02:00+03"),
    ("0 2 * * *", "2021-10-31T01:30", "02:00+03 01T02:00+02"),
    ("0 3 * * *", "2021-03-28T01:30", "04:00+03 29T03:00+03"),
    ("0 3 * * *", "2021-10-31T01:30", "03:00+03 01T03:00+02"),
    ("0 4 * * *", "2021-03-28T01:30", "04:00+03 29T04:00+03"),
    ("0 4 * * *", "2021-10-31T01:30", "04:00+02 01T04:00+02"),
    ("0 1,3,5,7 * * *", "2021-03-28T00:30", "01:00+02 04:00+03 05:00+03"),
    ("0 1,3,5,7 * * *", "2021-10-31T00:30", "01:00+03 03:00+03 05:00+02"),
    ("0 1-5 * * *", "2021-03-28T01:30", "02:00+02 04:00+03 05:00+03"),
    ("0 1-5 * * *", "2021-10-31T01:30", "02:00+03 03:00+03 04:00+02"),
    ("15 3 * * *", "2021-03-28T00:00", "04:00+03 29T03:15+03"),
    ("15 3 * * *", "2021-10-31T00:00", "03:15+03 01T03:15+02"),
    ("* * * * *", "2021-03-28T02:58", "02:59+02 04:00+03"),
    ("* * * * *", "2021-10-31T03:58", "03:59+03 03:00+02 03:01+02"),
    ("* 1-6 * * *", "2021-03-28T02:58", "02:59+02 04:00+03"),
    ("* 1-6 * * *", "2021-10-31T03:58", "03:59+03 03:00+02 03:01+02"),
]


@pytest.mark.parametrize(("cron", "start", "expected"), RIGA)
def test_cronsims_cases_of_riga(cron: str, start: str, expected: str) -> None:
    found = local(cron, "Europe/Riga", start, len(expected.split()))

    assert all(time[8:].endswith(f"{word}:00") for time, word in zip(found, expected.split(), strict=True)), (
        found
    )


@pytest.mark.parametrize(("cron", "expected"), [
    ("1 1 L * *", "01-31T01:01"),
    ("1 1 * * 5L", "01-31T01:01"),
    ("1 1 * * 0L", "01-26T01:01"),
    ("1 1 * * 7L", "01-26T01:01"),
    ("1 1 * * 1#2", "01-13T01:01"),
    ("1 1 1-7 * */7", "01-05T01:01"),
    ("1 1 */100,1-7 * MON", "01-06T01:01"),
    ("* * * * 7", "01-05T00:00"),
    ("* * * * sun-tue", "01-05T00:00"),
])  # fmt: skip
def test_cronsims_cases_of_special_days(cron: str, expected: str) -> None:
    assert local(cron, "UTC", "2020-01-01T00:00", 1) == [f"2020-{expected}+00:00"]


BAD_VALUES = ("-1", "61", "ABC", "2/", "/2", "2#", "#2", "1##1", "1//2", "¹")
PLACES = (
    "%s * * * *",
    "* %s * * *",
    "* * %s * *",
    "* * * %s *",
    "* * * * %s",
    "%s * * * * *",
    "1-%s * * * *",
)


@pytest.mark.parametrize("text", [
    *(place % value for place, value in product(PLACES, BAD_VALUES)),
    *("* * * *", "", "* * 5-1 * *", "1-1_0 * * * *", "*/0 * * * *", "* * * * 1#0", "* * * * 1#6"),
    *("* * * * 5L-6", "* * * * 5L#1", "* * * * 5L/3", "* * * * MONL", "61 * * * *", "0 0 32 2 *"),
    "0 24 * * *",
])  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadCron):
        Cron.parse(text)


NEVER = ["0 0 30 2 *", "0 0 31 4 *", "0 0 31 4,6,9,11 *", "0 0 0 30 2 *", "1 1 */100 * MON#4"]


@pytest.mark.parametrize("text", NEVER)
def test_a_date_that_never_comes_says_so(text: str) -> None:
    with pytest.raises(NeverComes, match="never comes"):
        Cron.parse(text)


def test_the_refusal_names_the_field_and_what_to_write() -> None:
    with pytest.raises(BadCron, match=r"'61' is no minute\. It is 0 to 59"):
        Cron.parse("61 * * * *")
    with pytest.raises(BadCron, match=r"write 0 0 \* \* \*"):
        Cron.parse("@daily")


# --- Celery: schedules around the ends of daylight saving, and its calendar ----------------------------

# The zone, and when its clock was set forward and back (UTC).
CHANGES = {
    "America/Los_Angeles": ("2024-03-10T10:00", "2024-11-03T09:00"),
    "Europe/Paris": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/Santiago": ("2026-09-06T04:00", "2026-04-05T03:00"),
}
# Minutes from the change at which it is asked, and seconds until the next run.
CELERY = [
    ("* * * * *", -1, 60), ("* * * * *", 0, 60), ("0 * * * *", -60, 3600), ("0 * * * *", 0, 3600),
    ("30 * * * *", -30, 3600), ("30 * * * *", -1, 1860), ("30 * * * *", 0, 1800), ("30 * * * *", 30, 3600),
    ("*/15 * * * *", -15, 900), ("*/15 * * * *", 0, 900), ("*/30 * * * *", 0, 1800),
    ("*/30 * * * *", -30, 1800),
]  # fmt: skip


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("which", [0, 1], ids=["start", "end"])
@pytest.mark.parametrize(("cron", "minutes", "seconds"), CELERY)
def test_celerys_cases_around_a_change(cron: str, minutes: int, seconds: int, zone: str, which: int) -> None:
    moment = datetime.fromisoformat(CHANGES[zone][which]).replace(tzinfo=UTC) + timedelta(minutes=minutes)

    assert Cron.parse(cron).after(moment, ZoneInfo(zone)) == moment + timedelta(seconds=seconds)


@pytest.mark.parametrize(("cron", "zone", "start", "expected"), [
    ("0 9 * * *", "Europe/Paris", "2017-10-29T07:00", "2017-10-29T09:00+01:00"),
    ("0 9 * * *", "Europe/Paris", "2017-03-26T07:00", "2017-03-26T09:00+02:00"),
    ("0 12 * * *", "Europe/Paris", "2024-03-30T12:00", "2024-03-31T12:00+02:00"),
    ("0 12 * * *", "Europe/Paris", "2024-10-26T12:00", "2024-10-27T12:00+01:00"),
    ("0 1 * * *", "America/Santiago", "2026-09-05T23:00", "2026-09-06T01:00-03:00"),
    ("0 1 * * *", "America/Santiago", "2026-09-06T01:00", "2026-09-07T01:00-03:00"),
    ("0 * 27-31 * *", "America/Los_Angeles", "2023-01-28T23:00", "2023-01-29T00:00-08:00"),
    ("40 8 * * *", "UTC", "2025-05-20T09:26:08+03:00", "2025-05-20T08:40+00:00"),
    # theirs: not that day, the hour being left out
    ("0 2 * * *", "Europe/Paris", "2024-03-31T01:59", "2024-03-31T03:00+02:00"),
    # theirs: a second time in the repeated hour
    ("0 2 * * *", "Europe/Paris", "2024-10-27T02:00+02:00", "2024-10-28T02:00+01:00"),
])  # fmt: skip
def test_celerys_cases_of_times_of_day(cron: str, zone: str, start: str, expected: str) -> None:
    assert local(cron, zone, start, 1) == [expected]


@pytest.mark.parametrize(("cron", "start", "expected"), [
    ("* * * * *", "2010-09-11T14:30:15", "2010-09-11T14:31"),
    ("* * * * *", "2010-09-11T14:59:15", "2010-09-11T15:00"),
    ("5,42 * * * *", "2010-09-11T14:30:15", "2010-09-11T14:42"),
    ("5,10,15 * * * *", "2010-09-11T14:30:15", "2010-09-11T15:05"),
    ("5,42 12,17 * * *", "2010-09-11T14:30:15", "2010-09-11T17:05"),
    ("5,42 12 * * *", "2010-09-11T14:30:15", "2010-09-12T12:05"),
    ("30 14 * * sat", "2010-09-11T14:30:15", "2010-09-18T14:30"),
    ("5,42 * * * mon-fri", "2010-09-11T14:30:15", "2010-09-13T00:05"),
    ("30 14 18 * *", "2010-09-11T14:30:15", "2010-09-18T14:30"),
    ("5,42 * 29 * *", "2010-01-22T14:30:15", "2010-01-29T00:05"),
    ("30 14 29 * *", "2012-01-29T14:30:15", "2012-02-29T14:30"),
    ("30 14 29 * *", "2010-01-29T14:30:15", "2010-03-29T14:30"),
    ("30 14 29 2 *", "2012-02-29T14:30:00", "2016-02-29T14:30"),
    # theirs: 2010-10-18, the first Monday that is an 18th; cron's rule is either
    ("30 14 18 * mon", "2010-01-18T14:30:15", "2010-01-25T14:30"),
])  # fmt: skip
def test_celerys_cases_of_the_calendar(cron: str, start: str, expected: str) -> None:
    assert local(cron, "UTC", start, 1) == [f"{expected}+00:00"]


# --- APScheduler ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cron", "zone", "start", "expected"), [
    ("0 8 * * *", "US/Eastern", "2013-03-09T12:00", "2013-03-10T08:00-04:00"),
    ("0 8 * * *", "US/Eastern", "2013-11-02T12:00", "2013-11-03T08:00-05:00"),
    ("*/30 * * * *", "US/Eastern", "2013-03-10T01:35", "2013-03-10T03:00-04:00"),
    ("*/30 * * * *", "US/Eastern", "2013-11-03T01:35", "2013-11-03T01:00-05:00"),
    ("0 * * * *", "Europe/Berlin", "2024-10-27T01:59",
     "2024-10-27T02:00+02:00 2024-10-27T02:00+01:00 2024-10-27T03:00+01:00"),
    ("1 * * * *", "Europe/Berlin", "2024-10-27T02:00",
     "2024-10-27T02:01+02:00 2024-10-27T02:01+01:00 2024-10-27T03:01+01:00"),
    ("0 30 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00",
     "2024-10-05T02:30+10:30 2024-10-06T02:30+11:00 2024-10-07T02:30+11:00"),
    ("59 0 1-3 * * *", "Antarctica/Troll", "2024-03-30T03:01", "2024-03-31T03:00+02:00"),
    ("*/5 11 * * *", "America/New_York", "2009-09-26T10:16-05:00", "2009-09-26T11:20-04:00"),
    ("0 0 30 * *", "Europe/Berlin", "2016-02-01T00:00", "2016-03-30T00:00+02:00 2016-04-30T00:00+02:00"),
    ("0 5-6 * * *", "Europe/Berlin", "2009-09-25T07:00", "2009-09-26T05:00+02:00"),
    # theirs: 2013-03-11, the hour being left out on the 10th
    ("0 2 * * *", "US/Eastern", "2013-03-09T20:00", "2013-03-10T03:00-04:00"),
])  # fmt: skip
def test_apschedulers_cases(cron: str, zone: str, start: str, expected: str) -> None:
    assert local(cron, zone, start, len(expected.split())) == expected.split()


# --- Warsaw, and the odd places -------------------------------------------------------------------------


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 30 2 * * *", "15 30 2 * * *"])
def test_half_past_two_runs_once_on_both_days(cron: str) -> None:
    second = timedelta(seconds=15 if cron.startswith("15") else 0)
    spring = islice(times(Cron.parse(cron), utc("2027-03-27T12:00"), ZoneInfo(WARSAW)), 2)
    autumn = islice(times(Cron.parse(cron), utc("2026-10-24T12:00"), ZoneInfo(WARSAW)), 2)

    assert list(spring) == [utc("2027-03-28T01:00") + second, utc("2027-03-29T00:30") + second]
    assert list(autumn) == [utc("2026-10-25T00:30") + second, utc("2026-10-26T01:30") + second]


def test_every_half_hour_runs_every_half_hour_through_both_changes() -> None:
    for start in (datetime(2027, 3, 27, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        found = islice(times(Cron.parse("*/30 * * * *"), start, ZoneInfo(WARSAW)), 12)
        assert list(found) == [start + timedelta(minutes=30 * number) for number in range(1, 13)]


def test_five_past_three_is_another_hour_in_utc_in_winter_and_summer() -> None:
    cron, winter, summer = Cron.parse("5 15 * * *"), utc("2027-01-10"), utc("2027-07-10")

    assert cron.after(winter, ZoneInfo(WARSAW)) == utc("2027-01-10T14:05")
    assert cron.after(summer, ZoneInfo(WARSAW)) == utc("2027-07-10T13:05")


@pytest.mark.parametrize(("cron", "start", "expected"), [
    ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00+01:00 2032-02-29T00:00+01:00"),
    ("0 0 31 * *", "2027-01-31T00:00", "2027-03-31T00:00+02:00 2027-05-31T00:00+02:00"),
    ("*/7 * * * *", "2027-01-01T00:50",
     "2027-01-01T00:56+01:00 2027-01-01T01:00+01:00 2027-01-01T01:07+01:00"),
    ("45 2 * * *", "2026-10-25T02:40+01:00", "2026-10-26T02:45+01:00"),
])  # fmt: skip
def test_warsaws_calendar(cron: str, start: str, expected: str) -> None:
    assert local(cron, WARSAW, start, len(expected.split())) == expected.split()


# Days on which the clock is set, by an hour, by half an hour, by two, at midnight; and one that was left out.
ODD_DAYS = [
    ("Australia/Lord_Howe", "2026-04-04T12:00"), ("Australia/Lord_Howe", "2026-10-03T12:00"),
    (WARSAW, "2026-10-24T22:00"), (WARSAW, "2027-03-27T22:00"),
    ("America/Santiago", "2026-04-04T20:00"), ("America/Santiago", "2026-09-05T20:00"),
    ("Antarctica/Troll", "2026-03-28T20:00"), ("Africa/Casablanca", "2026-02-14T20:00"),
    ("America/St_Johns", "2026-11-01T00:00"), ("Pacific/Apia", "2011-12-29T00:00"),
    ("UTC", "2026-11-01T00:00"),
]  # fmt: skip
BY_CLOCK = [
    *("*/30 * * * *", "*/7 * * * *", "0 */2 * * *", "*/15 2-4 * * *"),
    *("5 */3 * * *", "* 0 * * *", "0 */2 * * SAT,SUN"),
]


@pytest.mark.parametrize("cron", BY_CLOCK)
@pytest.mark.parametrize(("zone", "start"), ODD_DAYS)
def test_what_follows_the_clock_runs_at_each_minute_that_fits(cron: str, zone: str, start: str) -> None:
    place, begin = ZoneInfo(zone), datetime.fromisoformat(start).replace(tzinfo=UTC)
    minutes = [begin + timedelta(minutes=number) for number in range(1, 36 * 60)]
    read = CronSim(cron, begin)
    fitting = [minute for minute in minutes if fits(read, minute.astimezone(place))]

    assert list(islice(times(Cron.parse(cron), begin, place), len(fitting))) == fitting
    for minute in minutes[::41]:
        following = next((time for time in fitting if time > minute), None)
        assert following is None or Cron.parse(cron).after(minute, place) == following


def fits(read: CronSim, moment: datetime) -> bool:
    """Whether the clock's *moment* fits the expression that was *read*, field by field."""
    is_time = moment.minute in read.minutes and moment.hour in read.hours
    return is_time and moment.month in read.months and read.match_day(moment.date())


def test_a_change_of_the_clock_is_found_to_the_second() -> None:
    place = ZoneInfo(WARSAW)
    start, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)

    assert next_change(start, place, until=end) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert next_change(start, place, until=datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC)) is None
    assert changes_of_day(datetime(2027, 3, 28, 20, tzinfo=UTC), place)
    assert not changes_of_day(datetime(2027, 3, 28, 22, 30, tzinfo=UTC), place)

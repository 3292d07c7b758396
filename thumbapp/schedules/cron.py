"""Cron expressions, in a time zone: parsed, judged, and asked for the next time.

Two rules at a change of the clock. An expression whose minute and hour are both named (``30 2 * * *``)
is a job at a time of day, as in Debian's cron: in the skipped hour it runs once, just after; in the
repeated hour once, the first time. Any other (``*/30 * * * *``) follows the clock: it runs whenever the
clock shows a time that fits, so in the repeated hour twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from math import ceil
from typing import Final, Self

from cronsim import CronSim, CronSimError

from thumbapp.errors import BadCron, NeverComes

LONGEST: Final = 200
_FIELDS: Final = {
    "second": "0 to 59",
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, or L for the last",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7, or SUN to SAT; 5L is the last Friday, MON#2 the second Monday",
}
_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_ANY_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields, or of six, the first of which are seconds.

    ``text`` is as it was written but for spaces; ``minutes`` its five fields when ``second`` is the one
    second that it names, else all six.
    """

    text: str
    minutes: str
    second: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the expression that *text* is.

        Raises:
            BadCron: a field cannot be read.
            NeverComes: no date fits, such as 30 February.
        """
        words = text.split()
        if len(text) > LONGEST:
            raise BadCron(f"A cron expression has at most {LONGEST} characters.")
        _check(text.strip(), words)
        if len(words) == len(_FIELDS) and words[0].isdecimal():
            cron = cls(" ".join(words), " ".join(words[1:]), int(words[0]))
        else:
            cron = cls(" ".join(words), " ".join(words))
        if cron.after(_ANY_DAY, UTC) is None:
            raise NeverComes(cron.text)
        return cron

    @property
    def follows_clock(self) -> bool:
        """Whether it runs whenever the clock fits, not once at a time of day; see the module."""
        words = self.minutes.split()
        return len(words) == len(_FIELDS) or words[0].startswith("*") or words[1].startswith("*")

    @property
    def fields(self) -> dict[str, str]:
        """What stands for minute, hour and so on; the second too when it is written."""
        words = self.text.split()
        return dict(zip(list(_FIELDS)[-len(words) :], words, strict=True))

    def after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Return the first time later than *moment*, in UTC; None when none comes within fifty years."""
        offset = timedelta(seconds=self.second)
        find = self._by_clock if self.follows_clock else self._by_day
        found = find(moment.astimezone(UTC) - offset, zone)
        return None if found is None else found.astimezone(UTC) + offset

    def _by_day(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Return the next by Debian's rule, which is cronsim's for five fields."""
        found = CronSim(self.minutes, moment.astimezone(zone))
        # In the repeated hour it names the first of two equal times, which may have been.
        return next((time for time in found if time.astimezone(UTC) > moment), None)

    def _by_clock(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Return the next that the clock shows: searched from one change of the clock to the next.

        Asked across a change of half an hour, cronsim passes times over.
        """
        start = since = moment
        while True:
            offset = timezone(_offset(since, zone))
            found = next(CronSim(self.minutes, start.astimezone(offset)), None)
            change = None if found is None else next_change(since, zone, until=found)
            if change is None:
                return found
            start, since = change - _SECOND, change


def next_change(moment: datetime, zone: tzinfo, *, until: datetime) -> datetime | None:
    """Return when, after *moment* and up to *until*, the clock of *zone* is first set anew; UTC."""
    low, end = moment.astimezone(UTC), until.astimezone(UTC)
    before = _offset(low, zone)
    while low < end:
        high = min(low + _DAY, end)
        if _offset(high, zone) != before:
            return _bisected(low, high, zone)
        low = high
    return None


def changes_of_day(moment: datetime, zone: tzinfo) -> bool:
    """Whether the clock of *zone* is set anew on the day that *moment* falls on there."""
    midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return _offset(midnight, zone) != _offset(midnight + _DAY, zone)


def _bisected(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """Return the second, between *low* and *high*, from which *zone* has another offset than at *low*."""
    before = _offset(low, zone)
    left, right = int(low.timestamp()), ceil(high.timestamp())
    while right - left > 1:
        middle = (left + right) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == before:
            left = middle
        else:
            right = middle
    return datetime.fromtimestamp(right, UTC)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _check(text: str, words: list[str]) -> None:
    """Raise what is wrong with the *words* of *text*."""
    if text.startswith("@"):
        instead = _NICKNAMES.get(text.lower())
        hint = f"; write {instead}" if instead else ""
        raise BadCron(f"{text[:40]!r} is not understood{hint}.")
    if len(words) not in (len(_FIELDS) - 1, len(_FIELDS)):
        raise BadCron(
            "A cron expression has five fields: minute hour day-of-month month day-of-week, "
            f"or six with seconds in front. This one has {len(words)}."
        )
    try:
        CronSim(" ".join(words), _ANY_DAY)
    except CronSimError as error:
        raise _reason(words, str(error)) from error


def _reason(words: list[str], message: str) -> BadCron | NeverComes:
    """Return what cronsim's *message* means: "Bad minute", for one."""
    names = list(_FIELDS)[-len(words) :]
    name = message.removeprefix("Bad ")
    if name == "day-of-month" and _is_readable([*words[:-2], "*", words[-1]]):
        return NeverComes(" ".join(words))
    if name not in names:
        return BadCron("The expression is not understood.")
    return BadCron(
        f"{words[names.index(name)][:40]!r} is no {name}. It is {_FIELDS[name]}; "
        "a list is 1,5, a range 1-5, every third */3."
    )


def _is_readable(words: list[str]) -> bool:
    try:
        CronSim(" ".join(words), _ANY_DAY)
    except CronSimError:
        return False
    return True


def times(cron: Cron, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the times after *moment*, in UTC."""
    found = cron.after(moment, zone)
    while found is not None:
        yield found
        found = cron.after(found, zone)

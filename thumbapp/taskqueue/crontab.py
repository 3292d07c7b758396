"""Huey's ``crontab``, which also says what it was given, so that a schedule can be shown of it.

Huey wants both the day and the weekday to fit where both are named, cron either of them; such a one,
and any other function that judges a minute, is asked minute by minute.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from cronsim import CronSim, CronSimError
from huey import crontab as huey_crontab

_NAMES: Final = ("minute", "hour", "day", "month", "day_of_week")
_FIRSTS: Final = (0, 0, 1, 1, 0)
_LASTS: Final = (59, 23, 31, 12, 6)
# A Sunday on the first of a month that has 31 days, at midnight: each field can be tried alone.
_A_SUNDAY: Final = datetime(2023, 1, 1)  # noqa: DTZ001 - Huey asks with naive times of UTC


class Crontab:
    """A function that judges minutes (naive, UTC); ``expression`` is the same as cron has it, "" for none."""

    def __init__(self, judge: Callable[[datetime], bool], expression: str) -> None:
        self._judge = judge
        self.expression = expression

    def __call__(self, minute: datetime) -> bool:
        """Return whether *minute* is one of them."""
        return self._judge(minute)


def crontab(
    minute: str | int = "*",
    hour: str | int = "*",
    day: str | int = "*",
    month: str | int = "*",
    day_of_week: str | int = "*",
    *,
    strict: bool = True,
) -> Crontab:
    """Return what `huey.crontab` does, in UTC; with *strict* what it does not understand is a ValueError."""
    given = dict(zip(_NAMES, (minute, hour, day, month, day_of_week), strict=True))
    judge = huey_crontab(**given, strict=strict)
    words = [_word(place, str(given[name]), strict=strict) for place, name in enumerate(_NAMES)]
    is_both = words[2] != "*" and words[4] != "*"
    return Crontab(judge, "" if is_both else " ".join(words))


def _word(place: int, text: str, *, strict: bool) -> str:
    """Return one field as cron has it: as it was written where that means the same, else as a list."""
    judge = huey_crontab(**{_NAMES[place]: text}, strict=strict)
    values = range(_FIRSTS[place], _LASTS[place] + 1)
    chosen = [value for value in values if judge(_moment(place, value))]
    if len(chosen) == len(values):
        return "*"
    return text if _cron_means(place, text) == set(chosen) else ",".join(map(str, chosen))


def _moment(place: int, value: int) -> datetime:
    made = {"minute": 0, "hour": 0, "day": 1, "month": 1}
    name = _NAMES[place]
    made["day" if name == "day_of_week" else name] = value + (name == "day_of_week")
    return datetime(2023, made["month"], made["day"], made["hour"], made["minute"])  # noqa: DTZ001 - as above


def _cron_means(place: int, text: str) -> set[object]:
    """Return the values that cron reads in *text*; none where it does not understand it."""
    fields = ["*"] * len(_NAMES)
    fields[place] = text
    try:
        read = CronSim(" ".join(fields), _A_SUNDAY)
    except CronSimError:
        return set()
    found: set[object] = set((read.minutes, read.hours, read.days, read.months, read.weekdays)[place])
    return {0 if value == 7 and place == len(_NAMES) - 1 else value for value in found}

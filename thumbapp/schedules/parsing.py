"""Single values as people write them: a number, a word, a time, a zone, JSON; each refused in words."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import orjson

from thumbapp.errors import BadArguments, BadMoment, BadNumber, BadText, BadWord, FieldTooLong, UnknownZone
from thumbapp.schedules.model import Kind, cut

ARGUMENT_BYTES: Final = 100_000
_MOST_DIGITS: Final = 15
_MINUTE: Final = timedelta(minutes=1)
_YEARS: Final = range(1971, 2201)
_NO_PLACES: Final = {"localtime", "Factory"}
_YES: Final = {"1", "true", "on", "yes"}
_NO: Final = {"0", "false", "off", "no", ""}

_Choice = TypeVar("_Choice", bound=StrEnum)


def parse_line(name: str, value: Any, most: int) -> str:
    """Return the text *value*, of one line and up to *most* characters."""
    text = parse_text(name, value, most)
    if not text.isprintable():
        raise BadText(name)
    return text


def parse_text(name: str, value: Any, most: int) -> str:
    """Return the text *value* of up to *most* characters; "" for None."""
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value or not _is_utf8(value):
        raise BadText(name)
    if len(value.strip()) > most:
        raise FieldTooLong(name, most)
    return value.strip()


def parse_number(name: str, value: Any, least: int, most: int) -> int:
    """Return *value* as a whole number within the bounds; nothing is 0 where that may be."""
    if (value is None or value == "") and least <= 0:
        return 0
    number = _whole(value)
    if number is None or not least <= number <= most:
        raise BadNumber(name, value, least, most)
    return number


def parse_choice(name: str, value: Any, known: type[_Choice]) -> _Choice:
    """Return the one of *known* that *value* is; spaces, hyphens and capitals make no difference."""
    try:
        return known(str(value).strip().lower().replace(" ", "_").replace("-", "_"))
    except ValueError as error:
        raise BadWord(name, value, choices(known)) from error


def choices(known: type[StrEnum]) -> list[str]:
    """Return the words of *known* that people may choose."""
    return [word.value for word in known if word is not Kind.CODE]


def parse_flag(value: Any) -> bool:
    """Return whether *value* means yes."""
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        raise BadWord("switch", value, ("true", "false"))
    return text in _YES


def parse_zone(value: Any) -> str:
    """Return *value*, the name of a time zone."""
    if not isinstance(value, str) or value.strip() not in available_zones():
        raise UnknownZone(value)
    return value.strip()


@cache
def available_zones() -> tuple[str, ...]:
    """Return the names of all time zones, sorted; looking for them takes 20 ms, once."""
    return tuple(sorted(available_timezones() - _NO_PLACES))


def parse_moment(name: str, value: Any, zone: ZoneInfo) -> datetime | None:
    """Return the time *value* in UTC, None for an empty one; without an offset it is on *zone*'s clock.

    A time that the clock leaves out is the first one after the gap; of one that it shows twice, the first.
    """
    if value is None or value == "":
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        if moment.tzinfo is None:
            moment = _existing(moment, zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadMoment(name, value) from error
    if moment.year not in _YEARS:
        raise BadMoment(name, value)
    return cut(moment)


def parse_args(value: Any) -> tuple[Any, ...]:
    """Return the list *value*, or what it is as JSON."""
    found = _json("args", value, empty=[])
    if not isinstance(found, list | tuple):
        raise BadArguments("args must be a list, such as [2, 5]")
    return tuple(found)


def parse_kwargs(value: Any) -> dict[str, Any]:
    """Return the mapping *value*, or what it is as JSON."""
    found = _json("kwargs", value, empty={})
    if not isinstance(found, dict):
        raise BadArguments('kwargs must be an object with names, such as {"a": 2, "b": 5}')
    return found


def _json(name: str, value: Any, *, empty: Any) -> Any:
    try:
        found = orjson.loads(value) if isinstance(value, str) and value.strip() else value
        size = len(orjson.dumps(found))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadArguments(f"{name} is not JSON ({error})") from error
    if size > ARGUMENT_BYTES:
        raise BadArguments(f"they have more than {ARGUMENT_BYTES:,} bytes")
    return empty if found is None or found == "" or (isinstance(found, str) and not found.strip()) else found


def _whole(value: Any) -> int | None:
    """Return *value* when it is a whole number, or the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value) if not isinstance(value, str) or len(value) <= _MOST_DIGITS else 0.5
        return int(number) if number.is_integer() and abs(number) < 10**_MOST_DIGITS else None
    except (ValueError, OverflowError):
        return None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _existing(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the naive *moment* on *zone*'s clock, or the first after it that the clock shows."""
    while moment != moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None):
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    return moment.replace(tzinfo=zone)

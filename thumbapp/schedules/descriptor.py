"""What a plan says, as people would: "every 10 seconds", "at 15:05, Europe/Warsaw"."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from cron_descriptor import ExpressionDescriptor, Options

from thumbapp.schedules.model import Kind, Plan
from thumbapp.schedules.recurrence import parsed

_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def describe(plan: Plan) -> str:
    """Return when *plan* is due, in words; the zone too where it makes a difference."""
    if plan.kind is Kind.INTERVAL:
        return f"every {_span(plan.every)}"
    if plan.kind is Kind.CODE:
        return "when its function in the code says so, UTC"
    if plan.kind is Kind.ONCE:
        at = plan.at.astimezone(plan.zone) if plan.at else None
        return f"once, on {at:%Y-%m-%d at %H:%M:%S}, {plan.tz}" if at else "never"
    words = _described(plan.cron)
    return words if words in {"every second", "every minute"} else f"{words}, {plan.tz}"


def remarks(plan: Plan) -> list[str]:
    """Return what may surprise whoever wrote *plan*, a sentence each."""
    if plan.kind is not Kind.CRON:
        return []
    cron = parsed(plan.cron)
    fields = cron.fields
    return [
        text
        for is_so, text in (
            (_is_every_minute(fields), _EVERY_MINUTE.format(hour=fields["hour"])),
            (fields["minute"] == "*/7", "*/7 begins anew each hour: after minute 56 comes minute 0."),
            (fields["day-of-month"] in {"29", "30", "31"}, "Months without that day are passed over."),
            (_is_either(fields), "It runs on the days of the month and also on the weekdays, as cron does."),
            (len(cron.minutes.split()) == len(_FIELDS_WITH_SECONDS), _FOLLOWS),
        )
        if is_so
    ]


_FIELDS_WITH_SECONDS: Final = range(6)
_EVERY_MINUTE: Final = (
    "The minute is *, so it runs every minute of the hour {hour}. For once in that hour write 0 {hour} * * *."
)
_FOLLOWS: Final = (
    "With these seconds it follows the clock: when the clock is set back the hour runs twice, "
    "when it is set forward the skipped hour does not run."
)


def _is_every_minute(fields: dict[str, str]) -> bool:
    return fields["minute"] == "*" and fields["hour"].isdecimal() and fields.get("second", "0").isdecimal()


def _is_either(fields: dict[str, str]) -> bool:
    days = fields["day-of-month"], fields["day-of-week"]
    return not any(day.startswith("*") for day in days)


def _span(seconds: int) -> str:
    """Return *seconds* in the largest units: "1 hour 30 minutes", "second" for one."""
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}{'s' if count > 1 else ''}")
    text = " ".join(parts)
    return text.removeprefix("1 ") if len(parts) == 1 else text


@lru_cache(maxsize=20_000)
def _described(cron: str) -> str:
    """Return the library's words for *cron*; the expression itself where it has none."""
    options = Options(use_24hour_time_format=True, locale_code="en_US")
    try:
        text: str = _English(cron, options).get_description()
    except Exception:  # noqa: BLE001 - whatever it stumbles over, cronsim has understood the expression
        return f"by {cron}"
    return text[:1].lower() + text[1:]


class _English(ExpressionDescriptor):  # type: ignore[misc]  # the library is left untyped by our settings
    """The library's descriptor with names of its own, for it takes them from the process's locale."""

    _name: Callable[[str], str] | None = None

    def get_day_of_week_description(self) -> str:
        """Return the days of the week."""
        self._name = lambda text: _DAYS[int(text.partition("#")[0].rstrip("L")) % 7]
        try:
            words: str = super().get_day_of_week_description()
            return words
        finally:
            self._name = None

    def get_month_description(self) -> str:
        """Return the months."""
        self._name = lambda text: _MONTHS[int(text) - 1]
        try:
            words: str = super().get_month_description()
            return words
        finally:
            self._name = None

    def get_segment_description(self, expression: str, every: str, single: Any, *rest: Any) -> str:
        """Return one field in words."""
        words: str = super().get_segment_description(expression, every, self._name or single, *rest)
        return words

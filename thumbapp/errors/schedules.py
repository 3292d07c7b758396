"""Schedules that cannot be saved, changed or run; a cause each, said at the field it stands in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from thumbapp.errors.base import Refused, ThumbAppError


class ScheduleNotFound(ThumbAppError):
    """No schedule has that name or id."""

    code = "schedule-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no schedule {name[:100]!r}. It may have been removed.")


class StaleSchedule(ThumbAppError):
    """Somebody saved the schedule after it was read."""

    code = "stale-schedule"

    def __init__(self, version: int, who: str) -> None:
        self.version = version
        by = f" by {who}" if who else ""
        super().__init__(
            f"The schedule was changed meanwhile{by} (version {version}). Nothing was saved; compare the two."
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """The version that there is now."""
        return {"version": self.version}


class VersionNeeded(ThumbAppError):
    """A change does not say which version of the schedule it was made from."""

    code = "version-needed"

    def __init__(self, version: int) -> None:
        super().__init__(
            f"Send the version that you have read as the header If-Match (now {version}). Nothing was saved."
        )


class StillRunning(ThumbAppError):
    """The run before has not ended, and the schedule's overlap policy lets no second one begin."""

    code = "still-running"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A run of {name!r} has not ended, and its overlap policy is to skip. Wait, or change the policy."
        )


class NotFromCode(ThumbAppError):
    """Only what comes from the code can be reset to it."""

    code = "not-from-code"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The schedule {name!r} does not come from the code; there is nothing to reset it to."
        )


class FromCode(ThumbAppError):
    """What stands in the code cannot be removed here."""

    code = "from-code"

    def __init__(self, name: str) -> None:
        super().__init__(f"The schedule {name!r} comes from the code. Switch it off, or remove it there.")


class BadSchedule(Refused):
    """Fields of a schedule cannot mean anything; each says what is wrong with it."""

    code = "bad-schedule"

    def __init__(self, fields: Mapping[str, Refused]) -> None:
        self.fields = {name: str(error) for name, error in fields.items()}
        super().__init__(" ".join(self.fields.values()) + " Nothing was saved.")

    @property
    def facts(self) -> Mapping[str, Any]:
        """The sentence of each field."""
        return {"errors": self.fields}


class BadField(Refused):
    """A field of a schedule cannot mean anything."""

    code = "bad-field"


class MissingField(BadField):
    """A field that is needed was left empty."""

    code = "missing-field"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is needed.")


class FieldTooLong(BadField):
    """A text has more characters than are kept."""

    code = "field-too-long"

    def __init__(self, name: str, most: int) -> None:
        super().__init__(f"{name} has more than {most:,} characters, the most that are kept.")


class BadText(BadField):
    """A text is not of one line, or no text."""

    code = "bad-text"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} must be text on one line.")


class BadNumber(BadField):
    """A number is none, or out of its bounds."""

    code = "bad-number"

    def __init__(self, name: str, value: object, least: int, most: int) -> None:
        said = f"{value!r:.40}"
        field = (name[:1].upper() + name[1:]).replace("_", " ")
        super().__init__(f"{field} must be a whole number from {least:,} to {most:,}, not {said}.")


class BadWord(BadField):
    """A word is none of those that its field knows."""

    code = "bad-word"

    def __init__(self, name: str, value: object, known: Iterable[str]) -> None:
        super().__init__(f"{value!r:.40} is no {name}. There are: {', '.join(known)}.")


class BadMoment(BadField):
    """A time cannot be read."""

    code = "bad-moment"

    def __init__(self, name: str, value: object) -> None:
        super().__init__(
            f"{name} {value!r:.40} is no time. Write it as 2027-01-31 15:05, or with Z or +01:00."
        )


class MomentPassed(BadField):
    """A time lies in the past."""

    code = "moment-passed"

    def __init__(self, name: str, moment: datetime) -> None:
        super().__init__(f"{name} {moment:%Y-%m-%d %H:%M:%S} has passed. Choose a later time.")


class EndsTooEarly(BadField):
    """A schedule would end before it starts, or before its first run."""

    code = "ends-too-early"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The schedule would end before {reason}.")


class UnknownZone(BadField):
    """No time zone has that name."""

    code = "unknown-zone"

    def __init__(self, name: object) -> None:
        super().__init__(f"{name!r:.60} is no time zone. Write an IANA name such as Europe/Warsaw or UTC.")


class BadCron(BadField):
    """A cron expression, or one of its fields, cannot be read."""

    code = "bad-cron"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason.rstrip('.')}.")


class NeverComes(BadField):
    """A cron expression names a date that no calendar has."""

    code = "never-comes"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r:.80} names a date that never comes.")


class NameTaken(BadField):
    """Another schedule has the name; capitals do not tell names apart."""

    code = "name-taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a schedule {name[:100]!r} already. Choose another name.")


class NoSuchTask(BadField):
    """No task of that name is registered."""

    code = "no-such-task"

    def __init__(self, name: object, known: Iterable[str]) -> None:
        super().__init__(f"No task is called {name!r:.100}. There are: {', '.join(sorted(known))}.")


class BadArguments(BadField):
    """Arguments are no JSON of the right kind, or do not fit the task."""

    code = "bad-arguments"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The arguments do not fit: {reason.rstrip('.')}.")


class BadFile(Refused):
    """A file of schedules cannot be read."""

    code = "bad-file"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The file cannot be imported: {reason.rstrip('.')}. Nothing was saved.")

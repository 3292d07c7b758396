"""The names of everything that schedules keep in Redis."""

from typing import Final
from unicodedata import normalize

_TASK: Final = "sch"


class Keys:
    """The keys under *namespace*; docs/schedules.md says what each holds."""

    def __init__(self, namespace: str) -> None:
        self.prefix = f"{namespace}schedule:"
        self.due = f"{namespace}schedules:due"
        self.names = f"{namespace}schedules:names"
        self.alerts = f"{namespace}schedules:alerts"
        self.waiting = f"{namespace}schedules:waiting"
        self.wake = f"{namespace}schedules:wake"

    def record(self, schedule_id: str) -> str:
        """Return the key of a schedule's record."""
        return self.prefix + schedule_id

    def open(self, schedule_id: str) -> str:
        """Return the key of the slots of a schedule that have not ended."""
        return f"{self.prefix}{schedule_id}:open"

    def history(self, schedule_id: str) -> str:
        """Return the key of the slots of a schedule that have."""
        return f"{self.prefix}{schedule_id}:history"


def task_id(schedule_id: str, slot_ms: int, *, by_hand: str = "") -> str:
    """Return the id of the task that a slot runs, the same whoever fires it; *by_hand* tells runs apart."""
    return f"{_TASK}.{schedule_id}.{slot_ms}" + (f".{by_hand}" if by_hand else "")


def schedule_of(task: str) -> str:
    """Return the id of the schedule that the task with the id *task* belongs to; "" for any other task."""
    kind, _, rest = task.partition(".")
    return rest.partition(".")[0] if kind == _TASK else ""


def name_key(name: str) -> str:
    """Return what makes names equal: capitals and forms of the same letters do not tell them apart."""
    return normalize("NFKC", normalize("NFKC", name).casefold())

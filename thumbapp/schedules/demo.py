"""Two schedules to begin with: what a first visitor switches on by one button."""

from typing import Any, Final

from thumbapp.schedules.keys import name_key
from thumbapp.schedules.model import Schedule
from thumbapp.schedules.service import Schedules

DEMO: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "summary",
        "task": "summary",
        "kind": "interval",
        "every": 10,
        "description": "Says hello every ten seconds.",
    },
    {
        "name": "test",
        "task": "test",
        "kind": "cron",
        "cron": "5 15 * * *",
        "tz": "Europe/Warsaw",
        "description": "Says hello at 15:05 on the clock of Warsaw, summer and winter.",
    },
)


def add_demo(schedules: Schedules, *, who: str = "") -> list[Schedule]:
    """Save and switch on those of the demo's schedules whose name is free; return them."""
    taken = schedules.store.names()
    wanted = [told for told in DEMO if name_key(told["name"]) not in taken]
    return [schedules.create(told, who=who) for told in wanted]

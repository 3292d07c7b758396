"""A few lines of the table of `schedules`, shorter; and that its judge can say no."""

import sys
from dataclasses import replace

import pytest

from tests.faults.machine_faults import CannotTry
from tests.faults.schedule_site import ScheduleSite
from tests.faults.schedules import FAULTS, run
from tests.faults.test_matrix import binary_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are Linux's here")
KILLS = "four consumers, kill -9 of any of them twice a second"
LINES = [
    (KILLS, "valkey"),
    (KILLS, "redis5"),
    ("kill -9 of Redis, started again with its file", "valkey"),
    ("switched off, edited and on again 100 times while they fire", "valkey"),
    ("the clock of one of two consumers a day behind", "valkey"),
]


@pytest.mark.parametrize(("name", "kind"), LINES)
def test_each_slot_is_fired_once_or_told_why_not(name: str, kind: str) -> None:
    try:
        outcome = run(FAULTS[name], binary_of(kind), seconds=4)
    except CannotTry as reason:
        pytest.skip(str(reason))

    assert outcome.verdict.wrong == []
    assert outcome.verdict.slots["done"] >= 20


def test_the_judge_sees_a_slot_that_misses_and_one_that_is_there_twice() -> None:
    def act(site: ScheduleSite, seconds: float) -> None:
        [bell] = site.each_second(1)
        keys = site.schedules.store.keys
        for slot in (1_000, 2_000, 2_000, 4_000):
            told = {"due": slot, "outcome": "done", "slots": "", "task": f"sch.{bell.id}.{slot}"}
            site.server.client.xadd(keys.history(bell.id), told)
        site.schedules.switch(bell.id, on=False)
        for entry in ("1-1", "2-1"):
            site.server.client.rpush("test:runs", f"sch.{bell.id}.1000 {entry} 5")

    found = run(replace(FAULTS[KILLS], act=act), binary_of("valkey")).verdict

    ends = ("2000 stands there twice", "3000 is missing", "1000 was fired twice")
    assert all(text.endswith(end) for text, end in zip(found.wrong, ends, strict=True))

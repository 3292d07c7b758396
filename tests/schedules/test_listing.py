"""Schedules as a list: searched, narrowed, counted, a page at a time."""

import pytest

from tests.schedules.conftest import Bench
from thumbapp.schedules.demo import DEMO, add_demo
from thumbapp.schedules.listing import ScheduleFilter, Show, list_schedules


@pytest.fixture
def bench(one_bench: Bench) -> Bench:
    """Return six schedules: one off, one over, one in trouble, one of a task that is not there."""
    for name in ("Łódź", "alpha", "beta"):
        one_bench.create(name, description=f"about {name}")
    one_bench.create("off", enabled=False)
    over = one_bench.create("over", max_runs=1)
    one_bench.shift(over.id, 0.1)
    one_bench.ticker.tick()
    one_bench.create("lost", task="slow")
    del one_bench.queue.tasks["slow"]
    failing = one_bench.store.named("beta")
    one_bench.client.hset(one_bench.store.keys.alerts, failing.id, "It failed 3 times running.")
    return one_bench


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (ScheduleFilter(), ["alpha", "beta", "lost", "off", "over", "Łódź"]),
        (ScheduleFilter("ŁÓDŹ"), ["Łódź"]),
        (ScheduleFilter("ABOUT A"), ["alpha"]),
        (ScheduleFilter("slow"), ["lost"]),
        (ScheduleFilter(task="slow"), ["lost"]),
        (ScheduleFilter(show=Show.OFF), ["off"]),
        (ScheduleFilter(show=Show.OVER), ["over"]),
        (ScheduleFilter(show=Show.TROUBLE), ["beta", "lost"]),
        (ScheduleFilter("about", show=Show.TROUBLE), ["beta"]),
        (ScheduleFilter("nothing like it"), []),
    ],
)
def test_what_is_wanted_is_shown_by_name(bench: Bench, wanted: ScheduleFilter, names: list[str]) -> None:
    assert [row.schedule.name for row in list_schedules(bench.schedules, wanted).rows] == names


def test_pages_go_on_by_name_and_counts_are_of_all(bench: Bench) -> None:
    first = list_schedules(bench.schedules, ScheduleFilter(), limit=4)
    second = list_schedules(bench.schedules, ScheduleFilter(), after=first.cursor or "", limit=4)

    assert [len(first.rows), len(second.rows)] == [4, 2]
    assert (first.cursor, second.cursor) == ("off", None)
    assert first.counts == second.counts == {"all": 6, "on": 5, "off": 1, "trouble": 2, "over": 1}


def test_a_row_says_what_is_wrong(bench: Bench) -> None:
    flags = {row.schedule.name: row.flag for row in list_schedules(bench.schedules, ScheduleFilter()).rows}

    assert flags["lost"] == "No task is called 'slow'."
    assert flags["beta"] == "It failed 3 times running."
    assert flags["alpha"] == ""


def test_the_demo_adds_only_what_is_not_there(one_bench: Bench) -> None:
    one_bench.queue.tasks |= {"summary": "", "test": ""}
    one_bench.create("SUMMARY")

    made = [add_demo(one_bench.schedules, who="ala") for _ in range(2)]

    assert [[one.name for one in some] for some in made] == [["test"], []]
    assert made[0][0].updated_by == "ala"
    assert len(DEMO) == 2

"""Schedules as a file: whole, once, and nothing at all when anything in it is wrong."""

from typing import Any

import pytest
import yaml

from tests.schedules.conftest import Bench
from thumbapp.errors import BadFile
from thumbapp.schedules.import_export import Action, carry_out, compare, read, worth_keeping, write

FILE = """
schedules:
- name: nightly
  task: hello
  kind: cron
  cron: 30 2 * * *
  tz: Europe/Warsaw
  start: 2027-01-01
- name: sum
  task: add
  kind: interval
  every: 60
  args: [2, 5]
  enabled: false
"""


def imported(bench: Bench, text: str) -> list[Action]:
    steps = compare(bench.schedules, read(text))
    carry_out(bench.schedules, steps, who="ala")
    return [step.action for step in steps]


def test_a_file_is_carried_out_once(one_bench: Bench) -> None:
    first, second = imported(one_bench, FILE), imported(one_bench, FILE)

    assert (first, second) == ([Action.ADD] * 2, [Action.KEEP] * 2)
    [nightly, total] = one_bench.store.all()
    assert (nightly.plan.tz, nightly.plan.start.isoformat()) == ("Europe/Warsaw", "2026-12-31T23:00:00+00:00")
    assert (total.plan.args, total.plan.enabled, total.updated_by) == ((2, 5), False, "ala")


def test_what_is_written_is_read_back_and_holds_no_defaults(one_bench: Bench) -> None:
    imported(one_bench, FILE)

    text = write(worth_keeping(one_bench.store.all()))

    assert imported(one_bench, text) == [Action.KEEP] * 2
    assert "grace" not in text
    assert "every: 60" in text


def test_a_field_that_goes_from_the_file_is_as_new_again(one_bench: Bench) -> None:
    imported(one_bench, FILE.replace("every: 60", "every: 60\n  grace: 5"))

    steps = compare(one_bench.schedules, read(FILE))

    assert [step.action for step in steps] == [Action.KEEP, Action.CHANGE]
    assert steps[1].diff() == [" - name: sum", "-  grace: 5"] or "-  grace: 5" in steps[1].diff()


BOMB = "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nschedules: [*b,*b]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "alias"),
        ("schedules: 7", "a list of schedules"),
        ("{", "no YAML"),
        ("[" * 3000, "no YAML"),
        ("schedules: [!!python/object/apply:os.system [ls]]", "no YAML"),
        (b"\xff\xfe\x00", "no YAML"),
        ("schedules: [{name: a, task: hello, kind: interval, every: 5, colour: red}]", "no field 'colour'"),
        ("schedules: [{name: a, task: hello, kind: interval, every: 0}]", "a, every: Every must be"),
        ("schedules: [{task: hello, kind: interval, every: 1}]", "number 1, name: A name is needed"),
        ("schedules:\n" + "- {name: a, task: hello, kind: interval, every: 5}\n" * 2, "a, name: There is"),
        (FILE + "- {name: x, task: went, kind: interval, every: 5}", "x, task: No task is called 'went'"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_file_with_anything_wrong_changes_nothing(one_bench: Bench, text: Any, says: str) -> None:
    with pytest.raises(BadFile, match="Nothing was saved") as error:
        imported(one_bench, text)

    assert says in str(error.value)
    assert one_bench.store.all() == []


def test_the_file_is_plain_yaml() -> None:
    assert yaml.safe_load(write([])) == {"schedules": []}

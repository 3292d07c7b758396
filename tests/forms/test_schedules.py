"""The form of a schedule: what a plan becomes in it, and back."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from tests.schedules.conftest import Queue, utc
from thumbapp.forms.schedules import ScheduleForm
from thumbapp.schedules.draft import read_plan
from thumbapp.schedules.model import Kind, Misfire, Overlap, Plan

NOW = utc("2026-11-24T12:00:00")
PLANS = [
    Plan(name="one", task="hello", kind=Kind.INTERVAL, every=10, tz="UTC"),
    Plan(name="ten years", task="hello", kind=Kind.INTERVAL, every=86_400 * 3650, jitter=5),
    Plan(
        name="cron", task="hello", kind=Kind.CRON, cron="*/10 5 15 * * MON", tz="Europe/Warsaw", enabled=False
    ),
    Plan(
        name="once",
        task="add",
        kind=Kind.ONCE,
        at=utc("2027-03-28T01:30:05"),
        tz="Australia/Lord_Howe",
        args=(1,),
        kwargs={"b": [None, "ż", {"c": 1.5}]},
        description="two words",
    ),
    Plan(
        name="all of it",
        task="hello",
        kind=Kind.INTERVAL,
        every=5400,
        tz="Europe/Warsaw",
        start=utc("2027-01-01T00:00"),
        end=utc("2028-01-01T00:00"),
        max_runs=7,
        jitter=60,
        misfire=Misfire.SKIP,
        grace=0,
        overlap=Overlap.QUEUE,
        expires=30,
        priority=-5,
        retries=2,
        retry_delay=9,
        timeout=8,
        alert_after=0,
    ),
]


@pytest.fixture(autouse=True)
def request_at_hand() -> Iterator[None]:
    """Let forms be made."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="x", WTF_CSRF_ENABLED=False)
    with app.test_request_context():
        yield


def sent(form: ScheduleForm) -> MultiDict[str, str]:
    """Return what a browser sends of *form* as it is shown."""
    values: dict[str, Any] = {item.name: item.data for item in form if item.name != "enabled"}
    ticked = {"enabled": "1"} if form.enabled.data else {}
    return MultiDict({name: str(value or "") for name, value in values.items()} | ticked)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_a_plan_that_is_shown_and_sent_is_the_same(plan: Plan) -> None:
    back = ScheduleForm(formdata=sent(ScheduleForm.of(plan, version=3)))

    assert back.seen_version == 3
    assert read_plan(back.told_with(None, {}), tasks=Queue(), now=NOW) == plan


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(10, ("10", "1")), (90, ("90", "1")), (5400, ("90", "60")), (172_800, ("2", "86400"))],
)
def test_an_interval_stands_in_its_largest_unit(seconds: int, shown: tuple[str, str]) -> None:
    plan = Plan(name="one", task="hello", kind=Kind.INTERVAL, every=seconds)

    form = ScheduleForm.of(plan, version=1)

    assert (form.every.data, form.every_unit.data) == shown


@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 40, "1.5"])
def test_a_version_that_is_none_is_never_the_newest(text: str) -> None:
    assert ScheduleForm(formdata=MultiDict({"version": text})).seen_version == 0

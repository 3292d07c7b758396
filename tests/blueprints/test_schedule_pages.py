"""The pages of schedules: the list, the form, one schedule, and what their buttons do."""

import re
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role
from thumbapp.schedules.model import Kind, Plan, Schedule

EVERY_10_S = {"name": "Marik1234", "task": "give", "arg-value": "7", "kind": "interval", "every": "10"}
FORM = EVERY_10_S | {"tz": "Europe/Warsaw", "misfire": "run_once", "overlap": "allow", "enabled": "1"}


class Office:
    """An operator's browser in front of the schedules."""

    def __init__(self, site: Site) -> None:
        self.site, self.schedules = site, site.parts.schedules
        self.browser: Browser = site.signed_in(Role.OPERATOR)
        self.browser.get("/schedules")

    def get(self, path: str = "") -> str:
        answer = self.browser.get(f"/schedules{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, **form: Any) -> TestResponse:
        return self.browser.post(f"/schedules{path}", **form)

    def make(self, name: str = "one", **told: Any) -> Schedule:
        plan = {"name": name, "task": "give", "args": [7], "kind": "interval", "every": 60}
        return self.schedules.create(plan | told, who="ala")

    def now(self, schedule: Schedule) -> Schedule:
        return self.schedules.store.find(schedule.id)


@pytest.fixture
def office(people: Site) -> Office:
    """Return the pages as an operator sees them."""
    return Office(people)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_empty_page_switches_the_demo_on_once(office: Office) -> None:
    empty = office.get()
    for task in ("summary", "test"):
        office.schedules.queue._huey.task(name=task)(lambda: None)

    office.send("/demo")
    office.send("/demo")

    assert "Switch on the demo" in empty
    assert "Switch on the demo" not in office.get()
    plans = {one.name: one.plan for one in office.schedules.store.all()}
    assert (plans["summary"].every, plans["test"].cron, plans["test"].tz) == (
        10,
        "5 15 * * *",
        "Europe/Warsaw",
    )
    assert all(plan.enabled for plan in plans.values())


def test_the_form_saves_a_schedule_and_leads_to_its_page(office: Office) -> None:
    answer = office.send("/new", **FORM)

    [made] = office.schedules.store.all()
    assert (answer.status_code, answer.location) == (303, f"/schedules/{made.id}")
    assert (made.plan.every, made.plan.args, made.plan.tz) == (10, (7,), "Europe/Warsaw")
    assert made.slot is not None
    page = text_of(office.get(f"/{made.id}"))
    assert "Marik1234 was saved." in page
    assert "every 10 seconds" in page


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"name": ""}, "A name is needed."),
        ({"task": "gone"}, "No task is called &#39;gone&#39;"),
        ({"every": "0"}, "from 1 to"),
        ({"every": "often"}, "not &#39;often&#39;"),
        ({"every": "0.5", "every_unit": "1"}, "not &#39;0.5&#39;"),
        ({"kind": "cron", "cron": "61 * * * *"}, "is no minute"),
        ({"kind": "cron", "cron": "0 0 30 2 *"}, "a date that never comes"),
        ({"tz": "Krakow"}, "is no time zone"),
        ({"task": "add", "arg-a": "1", "arg-b": "five"}, "This is no number."),
        ({"arg-value": ""}, "This is needed."),
        ({"arguments_as": "json", "args": "{}"}, "must be a list"),
        ({"kind": "once", "at": "2020-01-01T10:00"}, "has passed"),
        ({"start": "2031-01-01T10:00", "end": "2030-01-01T10:00"}, "end before it starts"),
        ({"jitter": "x"}, "not &#39;x&#39;"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    office: Office, form: dict[str, str], says: str
) -> None:
    answer = office.send("/new", **(FORM | {"description": "typed before"} | form))

    assert answer.status_code == 422
    assert re.search(r'class="field-error".*?' + re.escape(says), answer.text, re.DOTALL), text_of(
        answer.text
    )
    assert 'value="typed before"' in answer.text
    assert "Nothing was saved" in answer.text
    assert office.schedules.store.all() == []


def test_without_scripts_a_button_asks_for_the_arguments_and_the_next_runs(office: Office) -> None:
    chosen = office.send("/new", look="arguments", name="sum", task="add", kind="interval", every="10")

    assert chosen.status_code == 200
    assert 'name="arg-a"' in chosen.text
    assert "every 10 seconds" in chosen.text
    assert chosen.text.count("<time datetime=") >= 10
    assert office.schedules.store.all() == []
    assert all(entry.action != "schedule.create" for entry in office.site.audited())


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("kind=cron&cron=*+15+*+*+*&tz=Europe/Warsaw", "every minute of the hour 15"),
        (
            "kind=cron&cron=30+2+*+*+*&tz=Europe/Warsaw&start=2027-03-27T10:00",
            "the clock is changed that day",
        ),
        ("kind=cron&cron=61+*+*+*+*", "is no minute"),
        ("kind=interval&every=90&every_unit=60", "every 1 hour 30 minutes"),
        ("kind=interval&every=", "the next five runs stand here"),
        ("kind=once&at=2031-01-01T10:00:00&tz=Europe/Warsaw", "2031-01-01 10:00:00"),
        ("kind=interval&every=5&of=unknown&name=", "every 5 seconds"),
    ],
)
def test_the_preview_follows_what_is_typed(office: Office, query: str, says: str) -> None:
    assert says in text_of(office.get(f"/preview?{query}"))


def test_the_arguments_of_a_chosen_task_are_asked_for(office: Office) -> None:
    assert 'name="arg-b"' in office.get("/arguments?task=add")
    assert "takes no arguments" in office.get("/arguments?task=refuse")
    assert "Choose a task" in office.get("/arguments?task=")


def test_an_edit_is_saved_and_keeps_what_it_does_not_touch(office: Office) -> None:
    made = office.make(kind="cron", cron="5 15 * * *", tz="Europe/Warsaw", every=None)
    form = office.get(f"/{made.id}")
    version = re.findall(r'name="version" value="(\d+)"', form)[0]

    cron = FORM | {"kind": "cron", "cron": "5 16 * * *", "grace": "5", "version": version}
    answer = office.send(f"/{made.id}", **cron)

    plan = office.now(made).plan
    assert answer.status_code == 303
    assert (plan.cron, plan.grace, plan.every, plan.name) == ("5 16 * * *", 5, 0, "Marik1234")
    assert 'value="5 15 * * *"' in form


@pytest.mark.parametrize("value", ["7", 7, "seven", '"7"', [1, {"a": None}], "", True])
def test_an_argument_stays_what_it_is_when_the_form_is_saved_as_it_came(office: Office, value: Any) -> None:
    made = office.make(args=[value])
    shown = re.findall(r'name="arg-value"[^>]*?value="([^"]*)"', office.get(f"/{made.id}"))[0]

    office.send(f"/{made.id}", **(FORM | {"version": "1", "arg-value": unescape(shown)}))

    assert office.now(made).plan.args == (value,)


def test_arguments_that_do_not_fit_any_more_are_shown_as_json(office: Office) -> None:
    made = office.make()
    key = office.schedules.store.keys.record(made.id)
    client = office.site.parts.redis
    client.hset(key, "plan", client.hget(key, "plan").replace(b'"args":[7]', b'"args":[7,8,9]'))

    page = office.get(f"/{made.id}")

    assert re.search(r'value="json"[^>]*checked', page)
    assert "[7,8,9]" in page


def test_who_saves_second_sees_both_and_can_save_again(office: Office) -> None:
    made = office.make()
    office.schedules.edit(made.id, {"every": 120, "description": "theirs"}, version=1, who="ola")

    mine = FORM | {"version": "1", "every": "30", "arg-value": "8"}
    refused = office.send(f"/{made.id}", **mine)
    shown = text_of(refused.text)
    version = re.findall(r'name="version" value="(\d+)"', refused.text)[0]
    again = office.send(f"/{made.id}", **(FORM | {"version": version, "every": "30"}))

    assert (refused.status_code, version, again.status_code) == (409, "2", 303)
    assert "ola saved this schedule while you edited it" in shown
    assert "Every, in seconds 120 30" in shown
    assert "What for theirs empty" in shown
    assert "Arguments value = 7 value = 8" in shown
    assert 'value="30"' in refused.text
    assert office.now(made).plan.every == 30


def test_the_buttons_do_what_they_say_and_lead_back(office: Office) -> None:
    made = office.make()

    off = office.send(f"/{made.id}/switch", on="0", back=f"/schedules/{made.id}")
    is_off = not office.now(made).plan.enabled
    office.send(f"/{made.id}/switch", on="1")
    office.send(f"/{made.id}/run")
    copy = office.send(f"/{made.id}/duplicate")
    gone = office.send(f"/{made.id}/delete")

    assert (off.status_code, off.location, is_off) == (303, f"/schedules/{made.id}", True)
    [left] = office.schedules.store.all()
    assert (left.name, left.plan.enabled) == ("one (copy)", False)
    assert copy.location == f"/schedules/{left.id}#edit"
    assert (gone.location, office.browser.get(f"/schedules/{made.id}").status_code) == ("/schedules", 404)


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/schedules\\evil", "/jobs", ""])
def test_a_button_leads_to_no_foreign_page(office: Office, back: str) -> None:
    made = office.make()

    assert office.send(f"/{made.id}/run", back=back).location in {"/schedules", "/"}


def test_a_run_that_may_not_begin_says_why_and_is_audited_as_refused(office: Office) -> None:
    made = office.make(overlap="skip")
    office.send(f"/{made.id}/run")

    office.send(f"/{made.id}/run")

    assert "has not ended, and its overlap policy is to skip" in office.get()
    newest = office.site.audited()[0]
    assert (newest.action, newest.target, newest.result) == ("schedule.run", "one", "still-running")


def test_many_at_once_are_switched_run_and_deleted_after_a_question(office: Office) -> None:
    ids = [office.make(f"number {number}").id for number in range(3)]
    office.make("stays")

    office.send("/bulk", action="disable", id=ids)
    off = sum(not one.plan.enabled for one in office.schedules.store.all())
    office.send("/bulk", action="run", id=ids)
    run = sum(len(office.schedules.store.open_slots(one)) for one in ids)
    asked = office.send("/bulk", action="delete", id=ids)
    before = len(office.schedules.store.all())
    office.send("/bulk", action="delete", id=ids, sure="1")

    assert (off, run, asked.status_code, before) == (3, 3, 200, 4)
    assert "Delete 3 schedules?" in asked.text
    assert [one.name for one in office.schedules.store.all()] == ["stays"]
    assert office.send("/bulk", action="explode", id=ids).status_code == 400


def test_the_list_says_what_is_what(office: Office) -> None:
    office.make("by the clock", kind="cron", cron="5 15 * * *", tz="Europe/Warsaw")
    office.make("broken", enabled=False)
    office.schedules.store._redis.hset(office.schedules.store.keys.alerts, "nobody", "x")

    page = text_of(office.get())
    found = text_of(office.get("?q=BROKEN"))

    assert "at 15:05, Europe/Warsaw" in page
    assert "all 2 on 1 off 1" in page
    assert "by the clock" not in found.partition("Tick")[2]


def test_a_schedule_in_trouble_shows_on_every_page_of_an_operator_alone(office: Office) -> None:
    made = office.make()
    keys = office.schedules.store.keys
    office.site.parts.redis.hset(keys.alerts, made.id, "It failed 3 times running: no paper")

    elsewhere, here = office.browser.get("/jobs").text, office.get(f"/{made.id}")
    visitor = office.site.visitor().get("/").text

    assert "1 schedule</strong> failed again and again" in elsewhere
    assert "It failed 3 times running: no paper" in here
    assert "failed again and again" not in visitor


def test_what_the_code_has_is_edited_kept_reset_and_not_deleted(office: Office) -> None:
    plan = Plan(name="hourly", task="give", kind=Kind.CRON, cron="0 * * * *")
    office.schedules.queue._huey.periodic["give"] = type("Hourly", (), {"expression": plan.cron})()
    office.schedules.sync_code()
    [made] = office.schedules.store.all()

    office.schedules.edit(made.id, {"cron": "30 * * * *"}, version=1)
    edited = office.get(f"/{made.id}")
    kept = office.send(f"/{made.id}/delete", back=f"/schedules/{made.id}")
    office.send(f"/{made.id}/reset")

    assert "Reset to code" in edited
    assert "edited, from the code" in edited
    assert "comes from the code" in office.get() or kept.status_code == 303
    assert office.now(made).plan.cron == "0 * * * *"


HOSTILE = ["<script>alert(1)</script>", '" autofocus onfocus="x', "</textarea><b>", "\u202egnp.exe"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(office: Office, text: str) -> None:
    made = office.make(description=text, args=[text])

    for path in ("", f"/{made.id}", f"?q={text}"):
        page = office.get(path)
        assert "<script>alert" not in page
        assert 'onfocus="x' not in page
        assert "</textarea><b>" not in page

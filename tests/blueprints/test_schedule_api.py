"""The JSON API for schedules: the contract's calls and fields, and what is refused in which words."""

from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.blueprints.people import Site
from thumbapp.accounts.model import Role

BASE = "/api/v1/schedules"
EVERY_10_S = {"name": "Marik1234", "task": "give", "args": [7], "kind": "interval", "every": 10}
FIELDS = [
    "id",
    "version",
    "name",
    "task",
    "args",
    "kwargs",
    "kind",
    "every",
    "cron",
    "at",
    "tz",
    "enabled",
    "start",
    "end",
    "max_runs",
    "misfire",
    "grace",
    "overlap",
    "runs",
    "failures",
    "last",
    "next",
]


class Program:
    """A program with a token of an operator."""

    def __init__(self, site: Site) -> None:
        self.site, self.headers = site, site.token(Role.OPERATOR)
        self.client = site.app.test_client()

    def send(self, method: str, path: str = "", body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(BASE + path, method=method, json=body, headers=self.headers | named)

    def create(self, **told: Any) -> Any:
        answer = self.send("POST", body=EVERY_10_S | told)
        assert answer.status_code == 201, answer.text
        return answer.get_json()

    def refusal(self, **told: Any) -> dict[str, str]:
        """Return the sentence of each field that is wrong."""
        answer = self.send("POST", body=EVERY_10_S | told)
        assert answer.status_code == 422, answer.text
        assert answer.mimetype == "application/problem+json"
        assert self.send("GET").get_json()["items"] == []
        errors: dict[str, str] = answer.get_json()["errors"]
        return errors


@pytest.fixture
def program(people: Site) -> Program:
    """Return a program in front of the application."""
    return Program(people)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_what_is_created_is_answered_with_its_next_run(program: Program) -> None:
    answer = program.send("POST", body=EVERY_10_S)
    made = answer.get_json()

    assert [name for name in FIELDS if name not in made] == []
    assert (made["version"], made["every"], made["cron"], made["runs"]) == (1, 10, None, 0)
    assert 0 < (moment(made["next"]) - datetime.now(UTC)).total_seconds() <= 10
    assert answer.headers["Location"] == made["url"] == f"{BASE}/{made['id']}"
    assert program.send("GET", f"/{made['id']}").get_json() == made


@pytest.mark.parametrize("quote", ["{}", '"{}"', 'W/"{}"'])
def test_the_object_is_taken_back_as_it_was_given(program: Program, quote: str) -> None:
    made = program.create()

    body = made | {"every": 60, "runs": 99, "id": "other", "version": 7}
    answer = program.send("PUT", f"/{made['id']}", body, If_Match=quote.format(made["version"]))

    changed = answer.get_json()
    assert answer.status_code == 200
    assert (changed["every"], changed["runs"], changed["id"], changed["version"]) == (60, 0, made["id"], 2)


def test_a_stale_version_is_refused_and_nothing_is_lost(program: Program) -> None:
    made = program.create()
    path = f"/{made['id']}"
    program.send("PUT", path, {"every": 20}, If_Match="1")

    stale = program.send("PUT", path, {"every": 30}, If_Match="1")
    without = program.send("PUT", path, {"every": 30})
    odd = program.send("PUT", path, {"every": 30}, If_Match="*")
    unremoved = program.send("DELETE", path, If_Match="1")

    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale-schedule")
    assert stale.get_json()["version"] == 2
    assert [answer.status_code for answer in (without, odd, unremoved)] == [428, 400, 409]
    assert program.send("GET", path).get_json()["every"] == 20


def test_a_schedule_is_removed_with_its_address(program: Program) -> None:
    path = f"/{program.create()['id']}"

    assert program.send("DELETE", path).status_code == 204
    assert [program.send(way, path).status_code for way in ("GET", "DELETE")] == [404, 404]
    assert program.send("GET", f"{path}/history").status_code == 404
    assert program.send("POST", f"{path}/run").status_code == 404


def test_run_now_answers_with_its_task_and_moves_nothing(program: Program) -> None:
    made = program.create()

    answer = program.send("POST", f"/{made['id']}/run")
    [slot] = program.send("GET", f"/{made['id']}/history").get_json()["items"]

    assert answer.status_code == 202
    assert (slot["task_id"], slot["outcome"], slot["is_manual"]) == (answer.get_json()["id"], "queued", True)
    assert program.send("GET", f"/{made['id']}").get_json()["next"] == made["next"]


def test_the_list_is_searched_narrowed_and_paged(program: Program) -> None:
    for number in range(5):
        program.create(name=f"number {number}", enabled=number > 1)

    def names(query: str) -> list[str]:
        return [item["name"] for item in program.send("GET", query).get_json()["items"]]

    first = program.send("GET", "?limit=3").get_json()
    assert names("?q=NUMBER+3") == ["number 3"]
    assert names("?show=off") == ["number 0", "number 1"]
    assert names(f"?cursor={first['cursor']}") == ["number 3", "number 4"]
    assert program.send("GET").get_json()["cursor"] is None
    assert program.send("GET", "?show=odd").status_code == 400


def test_a_preview_needs_no_name_saves_nothing_and_marks_the_change(program: Program) -> None:
    told = {"kind": "cron", "cron": "30 2 * * *", "tz": "Europe/Warsaw", "start": "2027-03-27"}
    answer = program.send("POST", "/preview", told).get_json()

    assert [run["utc"] for run in answer["next"]][:2] == [
        "2027-03-27T01:30:00.000Z",
        "2027-03-28T01:00:00.000Z",
    ]
    assert [run["clock_change"] for run in answer["next"]] == [False, True, False, False, False]
    assert answer["next"][1]["local"] == "2027-03-28T03:00:00+02:00"
    assert answer["words"] == "at 02:30, Europe/Warsaw"
    assert program.send("GET").get_json()["items"] == []
    assert program.site.audited() == []


def test_a_preview_of_a_schedule_shows_what_a_change_would_do(program: Program) -> None:
    made = program.create()

    as_it_is = program.send("POST", f"/{made['id']}/preview").get_json()
    changed = program.send("POST", f"/{made['id']}/preview?count=2", {"every": 3600}).get_json()
    wrong = program.send("POST", f"/{made['id']}/preview", {"every": 0})

    assert (as_it_is["words"], changed["words"]) == ("every 10 seconds", "every hour")
    assert len(changed["next"]) == 2
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["every"])


CRON = {"kind": "cron", "every": None}
BAD = [
    ({"name": ""}, "name", "A name is needed"),
    ({"name": "two\nlines"}, "name", "one line"),
    ({"name": "x" * 101}, "name", "more than 100 characters"),
    ({"task": "no_such"}, "task", "No task is called 'no_such'"),
    ({"task": ""}, "task", "A task is needed"),
    ({"every": 0}, "every", "from 1 to"),
    ({"every": 10**12}, "every", "from 1 to"),
    ({"every": 1.5}, "every", "whole number"),
    ({"every": None}, "every", "How many seconds apart"),
    ({"args": []}, "args", "missing a required argument"),
    ({"task": "add", "args": [1, "b"]}, "args", "b must be float"),
    ({"args": {"value": 1}}, "args", "must be a list"),
    ({"kwargs": [1]}, "kwargs", "must be an object"),
    ({"tz": "Europe/Krakow"}, "tz", "is no time zone"),
    ({"kind": "often"}, "kind", "is no kind"),
    ({"kind": "code"}, "kind", "is no kind"),
    (CRON | {"cron": "61 * * * *"}, "cron", "is no minute. It is 0 to 59"),
    (CRON | {"cron": "*/0 * * * *"}, "cron", "is no minute"),
    (CRON | {"cron": "* * 5-1 * *"}, "cron", "is no day-of-month"),
    (CRON | {"cron": "0 0 32 2 *"}, "cron", "is no day-of-month"),
    (CRON | {"cron": "0 0 30 2 *"}, "cron", "a date that never comes"),
    (CRON, "cron", "A cron expression is needed"),
    ({"start": "2030-01-02", "end": "2030-01-01"}, "end", "would end before it starts"),
    ({"end": "2020-01-01"}, "end", "has passed"),
    ({"kind": "once", "at": "2020-01-01 10:00"}, "at", "has passed"),
    ({"kind": "once", "at": "tomorrow"}, "at", "is no time"),
    ({"misfire": "sometimes"}, "misfire", "is no misfire policy"),
    ({"jitter": 10}, "jitter", "from 0 to 9"),
    ({"max_runs": -1}, "max_runs", "Max runs must be"),
]


@pytest.mark.parametrize(("told", "field", "sentence"), BAD, ids=[f"{case[1]}: {case[2]}" for case in BAD])
def test_bad_input_is_a_sentence_at_its_field(
    program: Program, told: dict[str, Any], field: str, sentence: str
) -> None:
    errors = program.refusal(**told)

    assert list(errors) == [field]
    assert sentence in errors[field]


def test_a_name_is_had_once_whatever_its_capitals(program: Program) -> None:
    program.create(name="Straße")

    answer = program.send("POST", body=EVERY_10_S | {"name": "STRASSE"})

    assert answer.status_code == 422
    assert answer.get_json()["errors"]["name"].startswith("There is a schedule 'STRASSE' already")


@pytest.mark.parametrize("body", ["[]", "7", "{", "", '{"a":' * 5000, '"\ud83d"'], ids=range(6))
def test_a_body_that_is_no_object_is_refused(program: Program, body: str) -> None:
    data = body.encode("utf-8", "surrogatepass")
    answer = program.client.post(BASE, data=data, headers=program.headers, content_type="application/json")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "no-json-object")


@pytest.mark.parametrize("query", ["cursor=x", "cursor=1", "limit=0", "limit=501", "limit=x"])
def test_a_question_about_the_history_that_makes_no_sense_is_refused(program: Program, query: str) -> None:
    path = f"/{program.create()['id']}/history?{query}"

    assert program.send("GET", path).status_code == 400


def test_every_write_is_in_the_audit(program: Program) -> None:
    path = f"/{program.create()['id']}"
    program.send("PUT", path, {"every": 20}, If_Match="1")
    program.send("PUT", path, {"every": 0}, If_Match="2")
    program.send("POST", f"{path}/run")
    program.send("DELETE", path)

    assert [(entry.action, entry.target, entry.result) for entry in reversed(program.site.audited())] == [
        ("schedule.create", "Marik1234", "ok"),
        ("schedule.edit", "Marik1234", "ok"),
        ("schedule.edit", "Marik1234", "bad-schedule"),
        ("schedule.run", "Marik1234", "ok"),
        ("schedule.delete", "Marik1234", "ok"),
    ]


def test_a_task_that_is_not_there_any_more_is_flagged_and_does_not_run(program: Program) -> None:
    made = program.create()
    name = program.site.parts.schedules.store.keys.record(made["id"])
    program.site.parts.redis.hset(
        name, "plan", program.site.parts.redis.hget(name, "plan").replace(b"give", b"gone")
    )

    shown = program.send("GET", f"/{made['id']}").get_json()
    run = program.send("POST", f"/{made['id']}/run")
    renamed = program.send("PUT", f"/{made['id']}", {"name": "still mine"}, If_Match="1")

    assert shown["trouble"] == "No task is called 'gone'."
    assert [item["id"] for item in program.send("GET", "?show=trouble").get_json()["items"]] == [made["id"]]
    assert (run.status_code, list(run.get_json()["errors"])) == (422, ["task"])
    assert renamed.status_code == 200

"""The pages around tasks: the list, one task, the form that runs one, dead letters, bulk."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role
from thumbapp.taskqueue.queue import StreamHuey

Queue = Callable[..., str]
Work = Callable[[], None]


def ids(page: str) -> list[str]:
    return re.findall(r'<tr id="task-([^"]+)"', page)


def test_the_list_is_newest_first_with_counts(operator: Browser, queue: Queue, work: Work) -> None:
    done = [queue("add", 1, number) for number in range(3)]
    work()
    waiting = queue("nap", 5)

    page = operator.get("/tasks").text

    assert ids(page) == [waiting, *reversed(done)]
    assert re.search(r'done <span class="number">3<', page)
    assert re.search(r'queued <span class="number">1<', page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=failed", ["fail"]),
        ("name=add", ["add"]),
        ("q=no luck", ["fail"]),
        ("q=NEEDLE", ["give"]),
        ("since=1h", ["fail", "give", "add"]),
        ("until=2020-01-01T00:00:00Z", []),
        ("worker=nobody", []),
        ("state=done&name=give", ["give"]),
    ],
)
def test_the_list_is_filtered(
    operator: Browser, queue: Queue, work: Work, query: str, found: list[str]
) -> None:
    names = {queue("add", 1, 2): "add", queue("give", "a needle"): "give", queue("fail", "no luck"): "fail"}
    work()

    page = operator.get(f"/tasks?{query}").text

    assert [names[task_id] for task_id in ids(page)] == found
    assert found or "No such task" in page


def test_a_task_is_found_by_the_beginning_of_its_id(operator: Browser, queue: Queue) -> None:
    wanted, _ = queue("add", 1, 2), queue("add", 3, 4)

    assert ids(operator.get(f"/tasks?q={wanted[:8]}").text) == [wanted]


def test_the_list_goes_on_where_it_ended(operator: Browser, queue: Queue) -> None:
    made = [queue("add", 0, number) for number in range(60)]
    first = operator.get("/tasks").text
    older = re.search(r'href="([^"]+)">Older', first)

    assert older is not None
    rest = operator.get(older[1].replace("&amp;", "&")).text
    assert ids(first) + ids(rest) == made[::-1]


def test_long_and_hostile_values_are_shortened_and_escaped(
    operator: Browser, queue: Queue, work: Work
) -> None:
    queue("give", "<script>alert(1)</script>" + "x" * 20_000)
    work()

    page = operator.get("/tasks").text

    assert "<script>alert" not in page
    assert len(page) < 20_000


def test_a_task_s_page_tells_everything(operator: Browser, queue: Queue, work: Work) -> None:
    task_id = queue("fail", "no <luck>", priority=2)
    work()

    page = operator.get(f"/tasks/{task_id}").text

    for words in ("ValueError: no &lt;luck&gt;", "raise ValueError", "Try again", "priority 2", task_id):
        assert words in page


def test_a_failed_task_is_tried_again_by_its_button(
    operator: Browser, people: Site, queue: Queue, work: Work, huey: StreamHuey
) -> None:
    task_id = queue("fail", "no luck")
    work()
    operator.get(f"/tasks/{task_id}")

    answer = operator.post(f"/tasks/{task_id}/retry")

    assert (answer.status_code, answer.location) == (303, f"/tasks/{task_id}")
    assert huey.pending_count() == 1
    assert (people.audited()[0].action, people.audited()[0].target) == ("task.retry", task_id)


def test_what_cannot_be_done_is_said_and_changes_nothing(operator: Browser, queue: Queue, work: Work) -> None:
    task_id = queue("add", 2, 5)
    work()
    operator.get("/tasks/new")

    operator.post(f"/tasks/{task_id}/cancel")

    assert "A task that is done cannot be cancelled" in operator.get(f"/tasks/{task_id}").text


def test_all_failed_of_a_filter_are_counted_then_tried_again(
    operator: Browser, people: Site, queue: Queue, work: Work, huey: StreamHuey
) -> None:
    for reason in ("red", "red", "blue"):
        queue("fail", reason)
    work()

    asked = operator.get("/tasks/retry?q=red").text
    until = re.search(r'name="until" value="([^"]+)"', asked)
    assert until is not None
    operator.post("/tasks/retry", q="red", until=until[1])

    assert "Try 2 failed tasks again?" in asked
    assert huey.pending_count() == 2
    assert people.audited()[0].target == f"2 queued, 0 not (q=red until={until[1]})"


def test_dead_letters_are_shown_put_back_and_purged(
    operator: Browser, people: Site, huey: StreamHuey
) -> None:
    task = huey.task_named("add")((2, 5))
    huey.storage.bury(huey.serialize_task(task), "its worker died", attempts=3)
    huey.storage.bury(b"<b>junk</b>", "it is not signed")
    shown = operator.get("/tasks/dead").text
    entries = re.findall(r'href="/tasks/dead/([0-9-]+)"', shown)
    one = operator.get(f"/tasks/dead/{entries[0]}").text

    back = operator.post(f"/tasks/dead/{entries[1]}/retry")
    asked = operator.get("/tasks/dead/purge").text
    purged = operator.post("/tasks/dead/purge", until=entries[0])

    assert "its worker died" in shown
    assert "&lt;b&gt;junk" in one
    assert (back.status_code, back.location, huey.pending_count()) == (303, f"/tasks/{task.id}", 1)
    assert "Delete 1 dead letter?" in asked
    assert (purged.status_code, huey.client.xlen(huey.storage.dead_key)) == (303, 0)
    assert [entry.action for entry in people.audited()[:2]] == ["task.purge-dead", "task.put-back"]


def test_a_task_is_run_from_the_form_made_of_its_signature(operator: Browser, huey: StreamHuey) -> None:
    form = operator.get("/tasks/new?name=nap").text

    answer = operator.post("/tasks/new", **{"name": "nap", "arg-seconds": "0", "arg-mark": ""})
    task = huey.dequeue()

    assert "naps when empty" in form
    assert answer.location == f"/tasks/{task.id}"
    assert (task.args, task.kwargs) == ((0,), {})


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "add", "arg-a": "1", "arg-b": ""}, "This is needed."),
        ({"name": "add", "arg-a": "1", "arg-b": "two"}, "This is no number."),
        ({"name": "add", "mode": "json", "args": "[1", "kwargs": "{}"}, "This is no JSON"),
        ({"name": "add", "mode": "json", "args": "{}", "kwargs": "{}"}, "This is to be a JSON list."),
        ({"name": "add", "mode": "json", "args": "[1]", "kwargs": "{}"}, "missing a required argument"),
    ],
    ids=["empty", "no number", "no json", "no list", "does not fit"],
)
def test_a_form_that_cannot_be_run_says_why_and_keeps_what_was_typed(
    operator: Browser, huey: StreamHuey, form: dict[str, str], words: str
) -> None:
    operator.get("/tasks/new?name=add")

    answer = operator.post("/tasks/new", **form)

    assert answer.status_code == 422
    assert words in answer.text
    assert form.get("args", 'value="1"').replace('"', '"') in answer.text.replace("&#34;", '"')
    assert huey.pending_count() == 0


def test_a_task_is_run_again_with_edited_arguments(operator: Browser, queue: Queue) -> None:
    task_id = queue("add", 2.5, 5)

    form = operator.get(f"/tasks/new?from={task_id}").text

    assert re.search(r'name="arg-a" value="2.5"', form)
    assert re.search(r'<option value="add" selected', form)


def test_the_parts_for_the_live_update_are_there(operator: Browser, queue: Queue) -> None:
    before = operator.get("/tasks/news")
    task_id = queue("add", 2, 5)
    after = operator.get("/tasks/news", headers={"If-None-Match": before.headers["ETag"]})
    same = operator.get("/tasks/news", headers={"If-None-Match": after.headers["ETag"]})

    assert (after.status_code, same.status_code) == (200, 304)
    assert f'id="task-{task_id}"' in operator.get("/tasks/rows").text
    assert 'data-words="add: queued"' in operator.get(f"/tasks/{task_id}/panel").text
    assert operator.get(f"/tasks/{task_id}/events?poll=1").get_json()["state"] == "queued"


def test_a_visitor_and_a_user_see_no_task(people: Site, queue: Queue) -> None:
    task_id = queue("add", 2, 5)

    for browser, status in ((people.visitor(), 302), (people.signed_in(Role.USER), 403)):
        assert browser.get(f"/tasks/{task_id}").status_code == status
        assert 'href="/tasks"' not in browser.get("/").text


def test_an_unknown_task_is_a_page_with_404(operator: Browser) -> None:
    answer = operator.get("/tasks/none")

    assert answer.status_code == 404
    assert "There is no record of a task" in answer.text


def test_a_page_stays_small_however_many_tasks_there_are(
    operator: Browser, people: Site, queue: Queue
) -> None:
    huey: Any = people.huey
    for number in range(400):
        huey.enqueue(huey.task_named("give")((f"some argument {number}",)))

    page = operator.get("/tasks").get_data()

    assert len(page) < 150_000
    assert len(ids(page.decode())) == 50

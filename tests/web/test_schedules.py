"""Schedules in the browser: made, watched, edited and stopped while the worker runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.conftest import BrowserContext, Page, sync_api
from tests.web.signing_in import sign_in
from tests.web.test_policy import VIOLATIONS

expect = sync_api.expect
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(start_site: Callable[..., tuple[str, Path]]) -> tuple[str, Path]:
    """Return the address and the folder of a site with a worker and the demo."""
    return start_site("--workers", "2", "--demo")


def signed_in(open_browser: Callable[..., BrowserContext], office: tuple[str, Path], **options: bool) -> Page:
    """Return a tab in which the administrator is signed in."""
    site, data_dir = office
    context = open_browser(site, **options)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    sign_in(page, site, data_dir)
    return page


@pytest.fixture
def operator(open_browser: Callable[..., BrowserContext], office: tuple[str, Path]) -> Page:
    """Return a tab in which somebody is signed in who may change schedules."""
    return signed_in(open_browser, office)


def add(page: Page, name: str, *, task: str = "AdminPanel", every: str = "1") -> None:
    """Fill in the form of a new schedule and save it."""
    page.goto("/schedules/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Task", exact=True).select_option(task)
    page.get_by_label("Every", exact=True).fill(every)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/new"))


def test_a_schedule_is_added_runs_without_a_restart_and_stops_at_once(operator: Page) -> None:
    add(operator, "Marik1234")
    expect(operator.locator(".note-ok")).to_contain_text("Marik1234 was saved.")
    history = operator.locator("table[aria-label=History] tbody tr")
    expect(history.nth(2)).to_contain_text("done")
    assert operator.evaluate("violations") == []

    operator.get_by_role("button", name="Pause", exact=True).click()

    expect(operator.locator(".note-ok")).to_contain_text("is off")
    stopped_at = operator.locator("#panel dd.number").first.inner_text()
    operator.wait_for_timeout(1_500)
    assert operator.locator("#panel dd.number").first.inner_text() == stopped_at
    expect(operator.locator("#panel")).to_contain_text("None while it is off.")


def test_the_form_says_what_it_would_do_while_one_types(operator: Page) -> None:
    operator.goto("/schedules/new")
    operator.get_by_label("by the clock").check()
    operator.get_by_label("Time zone").fill("Europe/Warsaw")
    operator.get_by_label("Cron expression").fill("* 15 * * *")
    expect(operator.locator("#preview")).to_contain_text("every minute of the hour 15")

    operator.get_by_label("Cron expression").fill("5 15 * * *")

    expect(operator.locator("#preview")).to_contain_text("at 15:05, Europe/Warsaw")
    expect(operator.locator("#preview tbody tr")).to_have_count(5)
    expect(operator.locator("#preview .remark")).to_have_count(0)
    assert operator.evaluate("violations") == []


def test_a_task_asks_for_its_arguments_and_what_was_typed_survives_a_refusal(operator: Page) -> None:
    operator.goto("/schedules/new")
    operator.get_by_label("Task", exact=True).select_option("add")
    operator.get_by_label("a", exact=True).fill("2")
    operator.get_by_label("b", exact=True).fill("five")
    operator.get_by_label("Name", exact=True).fill("sum")
    operator.get_by_label("Every", exact=True).fill("3600")
    operator.get_by_role("button", name="Save", exact=True).click()

    expect(operator.locator(".field-error").first).to_contain_text("This is no number.")
    expect(operator.get_by_label("a", exact=True)).to_have_value("2")
    operator.get_by_label("b", exact=True).fill("5")
    operator.get_by_role("button", name="Save", exact=True).click()
    expect(operator.locator("h1")).to_have_text("sum")


def test_the_list_counts_down_and_ticks_survive_its_updates(operator: Page) -> None:
    operator.goto("/schedules")
    row = operator.locator("tr", has_text="summary")
    expect(row.locator("time[data-until]")).to_contain_text("in ")
    row.get_by_role("checkbox").check()
    expect(operator.locator("#ticked")).to_have_text("1 schedule ticked")
    with operator.expect_response("**/schedules/panel*"):
        pass

    expect(row.get_by_role("checkbox")).to_be_checked()
    operator.get_by_role("button", name="Switch off").click()

    expect(operator.locator(".note-ok")).to_have_text("1 schedule switched off.")
    expect(operator.locator("tr", has_text="summary").get_by_role("switch")).to_have_attribute(
        "aria-checked", "false"
    )


def test_watching_can_be_paused_and_goes_on(operator: Page) -> None:
    operator.goto("/schedules")
    expect(operator.locator("#live-words")).to_contain_text("asks every few seconds, updated")

    operator.get_by_role("button", name="Pause the updates").click()
    expect(operator.locator("#live-words")).to_contain_text("paused")
    operator.get_by_role("button", name="Go on with the updates").click()

    expect(operator.locator("#live-words")).to_contain_text("asks every few seconds")


def test_two_people_editing_the_second_sees_both(
    operator: Page, open_browser: Callable[..., BrowserContext], office: tuple[str, Path]
) -> None:
    add(operator, "shared", every="3600")
    other = signed_in(open_browser, office)
    other.goto(operator.url)
    other.get_by_label("Every", exact=True).fill("7200")
    other.get_by_role("button", name="Save", exact=True).click()
    other.locator(".note-ok").wait_for()

    operator.get_by_label("What for").fill("mine")
    operator.get_by_role("button", name="Save", exact=True).click()

    differences = operator.locator("table[aria-label='What differs']")
    expect(differences).to_contain_text("Every, in seconds")
    expect(differences).to_contain_text("mine")
    operator.get_by_role("button", name="Save", exact=True).click()
    expect(operator.locator(".note-ok")).to_contain_text("shared was saved.")


def test_without_scripts_a_schedule_is_made_watched_and_deleted(
    open_browser: Callable[..., BrowserContext], office: tuple[str, Path]
) -> None:
    page = signed_in(open_browser, office, java_script_enabled=False)
    page.goto("/schedules/new")
    page.get_by_label("Task", exact=True).select_option("add")
    page.get_by_role("button", name="Ask for its arguments").click()
    page.get_by_label("a", exact=True).fill("2")
    page.get_by_label("b", exact=True).fill("5")
    page.get_by_label("Name", exact=True).fill("by hand")
    page.get_by_label("by the clock").check()
    page.get_by_label("Cron expression").fill("5 15 * * *")
    page.get_by_role("button", name="Show the next runs").click()
    expect(page.locator("#preview tbody tr")).to_have_count(5)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".note-ok")).to_have_text("by hand was put into the queue.")

    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete this schedule").click()

    expect(page.locator(".note-ok")).to_have_text("by hand was deleted.")

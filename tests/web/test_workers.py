"""Workers, queues and the overview in the browser: they change by themselves, and act on buttons."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.conftest import PATIENCE_MS, BrowserContext, Page, sync_api
from tests.web.signing_in import sign_in
from tests.web.test_policy import VIOLATIONS

expect = sync_api.expect
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def plant(start_site: Callable[..., tuple[str, Path]]) -> tuple[str, Path]:
    """Return the address and the folder of a site with a worker."""
    return start_site("--workers", "2")


@pytest.fixture
def operator(open_browser: Callable[..., BrowserContext], plant: tuple[str, Path]) -> Page:
    """Return a tab in which somebody is signed in who may see workers."""
    site, data_dir = plant
    context = open_browser(site)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    sign_in(page, site, data_dir)
    return page


def run_add(page: Page) -> None:
    """Queue the task that adds, from its form."""
    page.goto("/tasks/new?name=add")
    page.locator("#arg-a").fill("2")
    page.locator("#arg-b").fill("5")
    page.get_by_role("button", name="Run add", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/tasks/new?name=add"))


def test_a_stopped_worker_goes_and_the_next_one_comes_without_a_reload(operator: Page) -> None:
    operator.goto("/")
    operator.locator("#worker-light a").click()
    first = operator.locator(".worker-name .number").inner_text()

    operator.get_by_text("Stop", exact=True).click()
    operator.get_by_role("button", name="Stop this worker").click()

    expect(operator.locator(".note-ok")).to_contain_text("was asked to stop", timeout=PATIENCE_MS)
    expect(operator.locator(".worker-name .number")).not_to_have_text(first, timeout=PATIENCE_MS)
    assert operator.evaluate("violations") == []


def test_what_is_queued_while_paused_waits_and_is_done_when_it_is_resumed(operator: Page) -> None:
    operator.goto("/workers")
    operator.get_by_label("Pause the queue normal").click()
    expect(operator.locator("#queue-normal")).to_contain_text("paused")

    run_add(operator)
    operator.goto("/workers")
    expect(operator.locator("#queue-normal [data-label=Waiting]")).not_to_have_text("0")
    operator.get_by_label("Resume the queue normal").click()

    expect(operator.locator("#queue-normal [data-label=Waiting]")).to_have_text("0", timeout=PATIENCE_MS)


def test_the_overview_draws_what_was_done_with_the_numbers_under_a_fold(operator: Page) -> None:
    run_add(operator)
    operator.goto("/overview?over=24h")

    done = operator.locator(".chart", has_text="Done in 30 min")
    expect(done.locator("svg[role=img] title").first).to_have_text("Done in 30 min")
    done.get_by_text("the numbers").click()
    expect(done.get_by_role("table").get_by_role("row")).to_have_count(49)
    assert operator.evaluate("violations") == []

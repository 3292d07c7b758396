"""A job, a batch and the list in the browser: live, shared, cancelled, tried again, deleted."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import until
from tests.runtime.up_process import clean_environment

sync_api = pytest.importorskip("playwright.sync_api")
expect, BrowserContext, Page = sync_api.expect, sync_api.BrowserContext, sync_api.Page

pytestmark = pytest.mark.browser


def send(page: Page, *paths: Path) -> str:
    """Send files from the first page; returns the address it leads to."""
    page.goto("/")
    page.set_input_files("#image", paths)
    page.get_by_role("button", name="Make thumbnails").click()
    page.wait_for_url("**/batches/*" if len(paths) > 1 else "**/jobs/*")
    return page.url


@contextmanager
def worker(data_dir: Path) -> Iterator[None]:
    """Run `thumbapp worker` on the server of *data_dir*."""
    process = subprocess.Popen(
        [sys.executable, "-m", "thumbapp", "worker", "--until-eof"],
        env=clean_environment() | {"THUMBAPP_DATA_DIR": str(data_dir)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.communicate(timeout=20)


def test_an_open_page_becomes_done_by_itself_once_a_worker_runs(
    open_browser: Callable[..., BrowserContext],
    start_site: Callable[..., tuple[str, Path]],
    picture: Callable[..., Path],
) -> None:
    address, data_dir = start_site("--no-worker")
    page = open_browser(address).new_page()
    send(page, picture("rob.jfif"))
    expect(page.locator(".state")).to_have_text("queued")
    expect(page.locator(".banner")).to_contain_text("No worker is running.")
    page.evaluate("window.isSamePage = true")

    with worker(data_dir):
        expect(page.get_by_role("link", name="Download zip")).to_be_visible()
        expect(page.locator(".tile")).to_contain_text("101 \N{MULTIPLICATION SIGN} 128 px")
        expect(page.locator("#announcer")).to_have_text("rob.jfif: done")
        expect(page.locator(".banner")).to_have_count(0)

    assert page.evaluate("window.isSamePage")


def test_a_batch_shows_its_pictures_done_one_by_one(page: Page, picture: Callable[..., Path]) -> None:
    send(page, *[picture(f"{number}.jpg") for number in range(1, 13)])

    expect(page.locator(".state-done")).to_have_count(12)
    names = page.locator(".job-name").all_inner_texts()
    assert names == [f"{number}.jpg" for number in range(1, 13)]


def test_a_finished_job_offers_each_thumbnail_and_its_link(
    open_browser: Callable[..., BrowserContext], site: str, picture: Callable[..., Path]
) -> None:
    context = open_browser(site, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    send(page, picture("rob.jfif"))

    page.get_by_role("button", name="Copy link to rob_128x128.jfif").click()
    copied = f"{site}/api/v1/jobs/"
    until(lambda: page.evaluate("navigator.clipboard.readText()").startswith(copied))
    with page.expect_download() as download:
        page.get_by_role("link", name="Save rob_128x128.jfif").click()

    assert download.value.suggested_filename == "rob_128x128.jfif"


def test_a_waiting_job_shows_its_place_survives_reload_and_is_cancelled(
    idle_page: Page, picture: Callable[..., Path]
) -> None:
    send(idle_page, picture("first.jpg"))
    send(idle_page, picture("second.jpg"))
    idle_page.reload()
    expect(idle_page.locator("#panel")).to_contain_text("in the queue.")

    idle_page.get_by_role("button", name="Cancel").click()

    expect(idle_page.locator(".state")).to_have_text("cancelled")
    expect(idle_page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_picture_that_cannot_be_read_to_its_end_fails_with_a_reason(
    page: Page, noise: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(noise.read_bytes()[:400_000])

    send(page, cut)

    expect(page.locator(".note-danger")).to_contain_text("damaged or cut off")
    expect(page.get_by_role("link", name="Download zip")).to_have_count(0)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_job_is_deleted_after_a_question_in_the_page(
    scripts: bool, open_browser: Callable[..., BrowserContext], idle_site: str, picture: Callable[..., Path]
) -> None:
    page = open_browser(idle_site, java_script_enabled=scripts).new_page()
    send(page, picture("gone.jpg"))
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("button", name="Delete this job")).to_be_hidden()
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete this job").click()

    expect(page.locator(".note-ok")).to_have_text("gone.jpg and its thumbnails were deleted.")
    expect(page.locator("h2")).to_have_text("No jobs yet")


def test_who_has_the_address_sees_the_job_without_its_buttons(
    open_browser: Callable[..., BrowserContext], page: Page, site: str, picture: Callable[..., Path]
) -> None:
    address = send(page, picture("shared.jpg"))
    page.get_by_role("link", name="Download zip").wait_for()

    guest = open_browser(site).new_page()
    guest.goto(address)

    expect(guest.get_by_role("link", name="Download zip")).to_be_visible()
    expect(guest.locator("form")).to_have_count(0)
    expect(guest.locator("summary", has_text="Delete")).to_have_count(0)


def test_a_fold_that_was_opened_stays_open_while_the_page_is_updated(
    idle_page: Page, picture: Callable[..., Path]
) -> None:
    send(idle_page, picture("a.jpg"))
    idle_page.locator("summary", has_text="Details").click()
    panel = idle_page.locator("#panel")

    idle_page.evaluate(
        """async () => {
            const {swap} = await import("/static/js/lib/swap.js");
            const html = await (await fetch(panel.dataset.url)).text();
            swap(panel, html.replace("queued", "running"));
        }"""
    )

    expect(panel).to_have_attribute("data-state", "running")
    expect(idle_page.locator("dl")).to_be_visible()


def test_watching_can_be_paused(idle_page: Page, picture: Callable[..., Path]) -> None:
    send(idle_page, picture("a.jpg"))
    idle_page.get_by_role("button", name="Pause").click()
    expect(idle_page.locator("#live-words")).to_contain_text("paused")

    idle_page.get_by_role("button", name="Go on").click()

    expect(idle_page.locator("#live-words")).not_to_contain_text("paused")


def test_the_list_shows_own_jobs_and_filters_them(idle_page: Page, picture: Callable[..., Path]) -> None:
    send(idle_page, picture("a.jpg"))
    idle_page.goto("/jobs")
    expect(idle_page.locator(".job-name")).to_have_text("a.jpg")

    idle_page.get_by_role("link", name="failed").click()

    expect(idle_page.locator("h2")).to_have_text("No failed jobs")

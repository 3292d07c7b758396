"""The task monitor in a real browser, on the real site: nobody reloads anything."""

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.conftest import BrowserContext, Page, sync_api
from thumbapp.accounts.model import Role
from thumbapp.accounts.service import Accounts
from thumbapp.config import Settings
from thumbapp.runtime.connection import connect
from thumbapp.taskqueue.queue import StreamHuey

pytestmark = pytest.mark.browser
expect = sync_api.expect


@pytest.fixture(scope="session")
def monitored(start_site: Callable[..., tuple[str, Path]]) -> tuple[str, Path]:
    """Return address and data folder of a site without a worker of its own."""
    return start_site("--no-worker")


@pytest.fixture
def huey(monitored: tuple[str, Path]) -> Iterator[StreamHuey]:
    """Return the site's queue with a task that climbs when it is told to, and slips the first time."""
    settings = Settings(data_dir=monitored[1]).completed()
    huey = StreamHuey.from_settings(settings)

    @huey.task(name="add")
    def add(a: float, b: float) -> float:
        return a + b

    @huey.task(name="climb")
    def climb(steps: int) -> str:
        huey.progress(1, steps)
        huey.client.blpop("test:go", timeout=20)
        print("on the way")
        if huey.client.incr("test:climbed") == 1:
            raise ValueError("slipped")
        return "on top"

    yield huey
    huey.client.delete("test:climbed", "test:go")
    huey.close()


@pytest.fixture
def work(huey: StreamHuey) -> Iterator[Callable[[], None]]:
    """Return what starts a real worker of *huey*; it has ended when the test has."""
    consumer = huey.create_consumer(workers=1)

    def start() -> None:
        consumer.start()

    yield start
    consumer.stop(graceful=True)


@pytest.fixture
def tab(open_browser: Callable[..., BrowserContext], monitored: tuple[str, Path]) -> Page:
    """Return a tab in which an operator is signed in."""
    address, data_dir = monitored
    settings = Settings(data_dir=data_dir).completed()
    with connect(settings, name="test") as client:
        accounts = Accounts(client, namespace=settings.namespace)
        user = accounts.add(f"op-{secrets.token_hex(4)}", role=Role.OPERATOR)
        path = accounts.invite(user)
    page: Page = open_browser(address).new_page()
    page.goto(path)
    page.locator("main form button[type=submit]").click()
    return page


def test_a_task_appears_progresses_fails_is_tried_again_and_succeeds(
    tab: Page, huey: StreamHuey, work: Callable[[], None]
) -> None:
    tab.goto("/tasks")
    expect(tab.locator("#live-words")).to_contain_text("live", timeout=15_000)
    tab.evaluate("window.isTheSame = true")
    work()

    task = huey.task_named("climb")((3,))
    huey.enqueue(task)
    row = tab.locator(f"#task-{task.id}")
    expect(row).to_contain_text("1 of 3")
    huey.client.rpush("test:go", 1)
    expect(row).to_contain_text("failed")
    expect(row).to_contain_text("ValueError: slipped")
    assert tab.evaluate("window.isTheSame")

    row.locator("a").click()
    tab.wait_for_url(f"**/tasks/{task.id}")
    tab.evaluate("window.isTheSame = true")
    expect(tab.locator("#block-traceback")).to_contain_text("slipped")
    tab.get_by_role("button", name="Try again").click()
    expect(tab.locator(".facts .state")).to_have_text("running")
    expect(tab.get_by_role("progressbar").first).to_be_visible()
    huey.client.rpush("test:go", 1)
    expect(tab.locator(".facts .state")).to_have_text("done")
    expect(tab.locator("#block-result")).to_contain_text('"on top"')
    assert tab.evaluate("window.isTheSame")


def test_new_tasks_do_not_move_what_is_read(tab: Page, huey: StreamHuey) -> None:
    seen = huey.task_named("add")((1, 1))
    huey.enqueue(seen)
    tab.goto("/tasks")
    expect(tab.locator("#live-words")).to_contain_text("live", timeout=15_000)
    row = tab.locator(f"#task-{seen.id}")
    row.hover()
    before = row.bounding_box()

    huey.enqueue(task := huey.task_named("add")((2, 2)))
    expect(tab.locator("#live-new")).to_have_text("show 1 new")
    assert row.bounding_box() == before

    tab.locator("#live-new").click()
    tab.mouse.move(0, 0)
    expect(tab.locator(f"#task-{task.id}")).to_be_visible()
    expect(tab.locator("#live-new")).to_be_hidden()


def test_a_task_is_run_and_cancelled_without_scripts(
    open_browser: Callable[..., BrowserContext], monitored: tuple[str, Path], tab: Page
) -> None:
    cookies = tab.context.cookies()
    context = open_browser(monitored[0], java_script_enabled=False)
    context.add_cookies(cookies)
    page: Page = context.new_page()

    page.goto("/tasks/new")
    page.select_option("#task-name", "add")
    page.get_by_role("button", name="Choose").click()
    page.fill("#arg-a", "2")
    page.fill("#arg-b", "5")
    page.get_by_role("button", name="Run add").click()
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".facts .state")).to_have_text("cancelled")
    assert re.search(r"/tasks/[0-9a-f-]{36}$", page.url)


@pytest.mark.parametrize("path", ["/tasks", "/schedules"])
def test_a_slash_goes_to_the_search(tab: Page, path: str) -> None:
    tab.goto(path)
    tab.keyboard.press("/")

    expect(tab.locator("input[name=q]")).to_be_focused()

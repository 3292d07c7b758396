"""The explorer in a real browser: by mouse, by keyboard, on a phone and without scripts."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.web.conftest import PATIENCE_MS, BrowserContext, Page
from tests.web.signing_in import sign_in
from tests.web.test_policy import VIOLATIONS

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

pytestmark = pytest.mark.browser

MANY = 12_000
HOSTILE = "<img src=x onerror=document.title='run'>"


class Place:
    """A site whose explorer is looked at, with an administrator signed in."""

    def __init__(self, site: str, data_dir: Path, state: dict[str, object]) -> None:
        self.site = site
        self.state = state
        told = json.loads((data_dir / "server.json").read_text("utf-8"))
        self.url = re.sub(r"/\d+$", "/0", told["url"])
        self.keys = redis.Redis.from_url(self.url, protocol=2)


@pytest.fixture(scope="module")
def place(start_site: Callable[..., tuple[str, Path]], browser: sync_api.Browser) -> Place:
    """Return a site with many keys in its first database, and the cookies of an administrator."""
    site, data_dir = start_site("--no-worker")
    context = browser.new_context(base_url=site)
    page = context.new_page()
    sign_in(page, site, data_dir)
    made = Place(site, data_dir, context.storage_state())
    context.close()
    pipe = made.keys.pipeline(transaction=False)
    for number in range(MANY):
        pipe.set(f"app:user:{number:05}", number)
    pipe.mset({f"user_permissions:{number}": 1 for number in range(50)})
    pipe.rpush("Pierwsza lista w Redisie", *range(5))
    pipe.set(HOSTILE, HOSTILE)
    pipe.set("expires", 1, ex=3_600)
    pipe.execute()
    return made


@pytest.fixture
def open_page(place: Place, open_browser: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Return what opens a tab in which the administrator is signed in."""

    def open_tab(**options: object) -> Page:
        context = open_browser(place.site, storage_state=place.state, **options)
        context.add_init_script(VIOLATIONS)
        return context.new_page()

    return open_tab


def lines(page: Page) -> list[str]:
    """Return the names in the lines that are drawn."""
    return page.locator(".key-line .key-name").all_inner_texts()


def test_the_line_about_the_server_says_when_it_was_asked_and_can_be_paused(
    open_page: Callable[..., Page],
) -> None:
    page, asked = open_page(), list[str]()
    page.clock.install()
    page.goto("/redis")
    words = page.locator("#live-words")
    page.on("request", lambda request: asked.append(request.url) if "/redis/status" in request.url else None)

    page.get_by_role("button", name="Pause the updates").click()
    expect(words).to_contain_text("paused, updated")
    page.clock.run_for(30_000)
    assert asked == []
    page.get_by_role("button", name="Go on with the updates").click()
    with page.expect_response("**/redis/status?*"):
        page.clock.run_for(6_000)
    expect(words).to_have_text(re.compile("^updated"))


def test_the_tree_is_walked_by_keyboard_and_back_closes_the_key(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?match=user_perm*")
    expect(page.locator(".key-line[aria-expanded]")).to_have_text("user_permissions (50)")

    page.locator("#key-list").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)

    expect(page.locator(".pane-name")).to_contain_text("user_permissions:1")
    assert "key=" in page.url
    expect(page.locator(".key-line[aria-current]")).to_have_count(1)
    page.go_back()
    expect(page.locator(".pane-name")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".pane-name")).to_contain_text("user_permissions:1")
    assert page.evaluate("violations") == []


def test_left_closes_a_folder_from_within(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?match=user_perm*")
    page.locator(".key-line").click()
    expect(page.locator(".key-line[aria-expanded=true]")).to_have_count(1)

    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.locator("#key-list").press(key)

    expect(page.locator(".key-line")).to_have_count(1)
    expect(page.locator(".key-line[aria-expanded=false]")).to_have_count(1)


def test_thousands_of_keys_are_in_the_list_and_few_in_the_page(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?view=list")
    more = page.get_by_role("link", name="Scan more")
    more.click()
    expect(page.locator("#key-count")).to_have_text(re.compile(r"scanned 12,\d+ of 12,\d+"))

    page.locator("[data-sort=name]").click()
    page.locator("#key-list").press("End")

    expect(page.locator("[data-active] .key-name")).to_have_text("user_permissions:9")
    assert 10 < page.locator(".key-line").count() < 100
    expect(more).to_be_hidden()


def test_a_search_shows_what_it_finds_and_an_exact_name_too(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?view=list")

    page.keyboard.press("/")
    page.keyboard.type("*user:0555*")
    page.keyboard.press("Enter")
    expect(page.locator("#key-count")).to_contain_text("10 found")
    found = lines(page)
    page.fill("#match", "Pierwsza lista w Redisie")
    page.press("#match", "Enter")

    assert sorted(found) == [f"app:user:{number:05}" for number in range(5550, 5560)]
    expect(page.locator(".key-line .key-name")).to_have_text("Pierwsza lista w Redisie")


def test_an_empty_list_says_why_and_what_to_do(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page()
    page.goto("/redis?db=7")
    expect(page.locator("#key-none")).to_contain_text("This database is empty.")
    page.goto("/redis?match=nothing*")
    expect(page.locator("#key-none")).to_contain_text("No key fits.")
    place.keys.set("nothing at all", 1)

    page.keyboard.press("F5")

    expect(page.locator(".key-line .key-name")).to_have_text("nothing at all")
    expect(page.locator("#key-none")).to_be_hidden()
    place.keys.delete("nothing at all")


def test_delete_asks_and_deletes_and_can_be_undone(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page()
    place.keys.set("short-lived", "value")
    page.goto("/redis?match=short*")
    switch(page, "Edit mode")
    expect(page.locator(".key-line[aria-posinset] .key-name")).to_have_text("short-lived")

    page.locator("#key-list").focus()
    for key in ("ArrowDown", "Delete"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Delete the key").click()
    undo = page.get_by_role("button", name=re.compile("undo", re.IGNORECASE)).first
    expect(undo).to_be_visible()
    gone = place.keys.exists("short-lived")
    undo.click()
    page.wait_for_load_state("networkidle")

    assert gone == 0
    expect(page.locator(".pane-name, .key-line .key-name").first).to_contain_text("short-lived")
    assert place.keys.get("short-lived") == b"value"
    place.keys.delete("short-lived")
    switch(page, "View mode")
    expect(page.locator(".mode")).to_have_text("view mode")


def switch(page: Page, mode: str) -> None:
    """Switch the mode of the session, which the tests share, by mouse."""
    page.locator(".explorer-mode summary").click()
    page.get_by_role("button", name=mode).click()


def test_f5_looks_again_without_leaving_the_page(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page()
    page.goto("/redis?view=list&match=fresh*")
    expect(page.locator("#scan-stop")).to_be_hidden()
    page.evaluate("window.stays = true")
    place.keys.set("fresh", 1)

    page.keyboard.press("F5")

    expect(page.locator(".key-line .key-name")).to_have_text("fresh")
    assert page.evaluate("window.stays") is True
    place.keys.delete("fresh")


def test_a_stopped_search_goes_on_from_its_address(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?view=list")
    expect(page.locator("#scan-more")).to_be_visible()
    rest = page.locator("#scan-more").get_attribute("href")

    page.goto(rest)

    assert "cursor=" in rest
    expect(page.locator("#key-count")).to_have_text(re.compile(r"scanned 4,\d+ of"))


def test_the_divider_moves_by_mouse_and_keyboard_and_stays(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis")
    width = "document.getElementById('keys').getBoundingClientRect().width"
    before = page.evaluate(width)

    page.locator("#splitter").press("ArrowRight")
    page.locator("#splitter").press("ArrowRight")
    after = page.evaluate(width)
    page.reload()

    assert after > before + 40
    assert page.evaluate(width) == after
    assert page.evaluate("violations") == []


def test_edit_mode_is_switched_on_by_mouse(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?match=expires")

    switch(page, "Edit mode")

    expect(page.locator(".mode")).to_have_text("edit mode")
    assert "match=expires" in page.url
    switch(page, "View mode")
    expect(page.locator(".mode")).to_have_text("view mode")


def test_a_name_that_is_a_script_is_only_a_name(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/redis?view=list&match=<img*")

    page.locator(".key-line").click()

    expect(page.locator(".pane-name")).to_contain_text("onerror=")
    assert page.title().startswith("Redis")
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("violations") == []


def test_without_scripts_keys_are_found_opened_and_gone_on_with(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/redis?view=list")
    first = lines(page)
    page.get_by_role("link", name="Scan more").click()
    second = lines(page)

    page.fill("#match", "Pierwsza*")
    page.get_by_role("button", name="Search").click()
    page.locator(".key-line").click()

    assert (len(first), len(second), set(first) & set(second)) == (100, 100, set())
    expect(page.locator(".pane-name")).to_contain_text("Pierwsza lista w Redisie")
    expect(page.locator(".value-table, .pane table").first).to_contain_text("4")


def test_on_the_phone_a_key_takes_the_screen_and_leads_back(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto("/redis?match=expires")
    wide = page.evaluate("document.documentElement.scrollWidth")

    page.locator(".key-line").click()
    expect(page.locator(".pane-name")).to_be_visible()
    expect(page.locator("#key-list")).to_be_hidden()
    page.get_by_role("link", name="All keys").click()

    expect(page.locator("#key-list")).to_be_visible()
    assert wide <= 390


def test_the_words_about_the_server_stay_true(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page()
    page.clock.install()
    page.goto("/redis")
    before = clients_shown(page)
    others = [redis.Redis.from_url(place.url, protocol=2) for _ in range(20)]
    assert all(other.ping() for other in others)

    page.clock.run_for(6_000)

    old = re.compile(rf"\b{before} clients")
    expect(page.locator("#connection")).not_to_contain_text(old, timeout=PATIENCE_MS)
    assert clients_shown(page) >= before + 15
    for other in others:
        other.close()


def clients_shown(page: Page) -> int:
    """Return how many clients of the server the page speaks of."""
    found = re.search(r"(\d+) clients", page.locator("#connection").inner_text())
    assert found
    return int(found[1])

"""What holds for every page: nothing from outside, colours, width, weight, keyboard."""

from collections.abc import Callable
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect, BrowserContext, Page = sync_api.expect, sync_api.BrowserContext, sync_api.Page

pytestmark = pytest.mark.browser

FIRST_PAGE_BYTES = 150_000
CONTRASTS = """() => {
    const read = (color) => color.match(/[0-9.]+/g).map(Number);
    const part = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const probe = document.body.appendChild(document.createElement("i"));
    const lightOf = (name) => {
        probe.style.color = `var(--${name})`;
        return light(read(getComputedStyle(probe).color));
    };
    const contrast = (one, two) => {
        const [dark, bright] = [lightOf(one), lightOf(two)].sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const grounds = ["surface", "surface-raised", "surface-sunken"];
    const lowest = (ink, on = grounds) => Math.min(...on.map((ground) => contrast(ink, ground)));
    return {
        body: lowest("ink"),
        soft: Math.min(...["ink-soft", "accent", "ok", "warn", "danger", "info"].map((ink) => lowest(ink))),
        buttons: Math.min(contrast("accent-ink", "accent"), contrast("danger-ink", "danger")),
        washes: Math.min(contrast("accent", "accent-wash"), contrast("danger", "danger-wash")),
        banner: contrast("ink", "danger-wash"),
    };
}"""


def wider_than_the_screen(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.fixture
def addresses(page: Page, picture: Callable[..., Path]) -> list[str]:
    """Return an address of each kind of page, with names as bad as they come."""
    files = [
        {"name": name, "mimeType": "image/jpeg", "buffer": picture("a.jpg").read_bytes()}
        for name in ("zażółć " * 20 + "x" * 156 + ".jpg", "b.jpg")
    ]
    page.goto("/")
    page.set_input_files("#image", files)
    page.get_by_role("button", name="Make thumbnails").click()
    page.wait_for_url("**/batches/*")
    expect(page.locator(".state-done")).to_have_count(2)
    job = page.locator(".job-name").first.get_attribute("href")
    assert job
    return ["/", "/jobs", "/jobs?state=failed", page.url, job, "/jobs/unknown"]


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_no_page_is_wider_than_the_screen_or_asks_another_host(
    width: int, page: Page, addresses: list[str], site: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": width, "height": 800})

    for address in addresses:
        page.goto(address)
        assert wider_than_the_screen(page) <= 0, address

    assert [url for url in asked if not url.startswith((site, "blob:", "data:"))] == []


def test_the_first_page_is_light(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

    page.goto("/", wait_until="networkidle")

    assert 10_000 < sum(received) < FIRST_PAGE_BYTES


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str, open_browser: Callable[..., BrowserContext], site: str) -> None:
    page = open_browser(site, color_scheme=scheme, bypass_csp=True).new_page()
    page.goto("/")

    contrasts = page.evaluate(CONTRASTS)

    assert contrasts["body"] >= 7
    assert contrasts["banner"] >= 7
    assert min(contrasts["soft"], contrasts["buttons"], contrasts["washes"]) >= 4.5


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_choice_of_colours_is_remembered_and_can_be_left_to_the_system(page: Page) -> None:
    page.goto("/")
    light = ground(page)

    page.get_by_role("button", name="Dark").click()
    page.goto("/jobs")
    dark = ground(page)
    page.get_by_role("button", name="As the system").click()
    page.reload()

    assert dark != light
    assert ground(page) == light


def test_the_system_s_dark_needs_no_scripts_and_is_the_chosen_dark(
    open_browser: Callable[..., BrowserContext], site: str, page: Page
) -> None:
    page.goto("/")
    page.get_by_role("button", name="Dark").click()
    system = open_browser(site, color_scheme="dark").new_page()
    system.goto("/")

    styles = "[...document.styleSheets].flatMap(s => [...s.cssRules]).map(r => r.style).filter(Boolean)"
    names = page.evaluate(f"{styles}.flatMap(s => [...s]).filter(n => /^--(?!bs)/.test(n))")
    read = "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue(n).trim())"

    assert len(names) > 30
    assert system.evaluate(read, names) == page.evaluate(read, names)


def test_the_keyboard_skips_to_the_content_and_chooses_files(page: Page) -> None:
    page.on("filechooser", lambda chooser: None)  # asked for early: the browser is told in its own time
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("#image")).to_be_focused()
    with page.expect_file_chooser():
        page.keyboard.press("Enter")


def test_on_the_phone_the_links_are_in_a_menu_that_needs_no_scripts(
    open_browser: Callable[..., BrowserContext], site: str
) -> None:
    phone = {"width": 390, "height": 844}
    page = open_browser(site, viewport=phone, java_script_enabled=False).new_page()
    page.goto("/")
    expect(page.get_by_role("link", name="Jobs")).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Jobs").click()

    expect(page.locator("h1")).to_have_text("Jobs")


def test_every_control_has_a_name(page: Page, addresses: list[str]) -> None:
    for address in addresses:
        page.goto(address)
        tree = page.locator("body").aria_snapshot()
        nameless = [line for line in tree.splitlines() if line.strip() in {"- button", "- link", "- textbox"}]
        assert nameless == [], address


def test_keys_list_themselves_and_go_to_pages(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Jobs")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.keyboard.press("g")
    page.keyboard.press("j")

    page.wait_for_url("**/jobs")


def test_what_is_typed_into_a_field_is_no_shortcut(page: Page) -> None:
    page.goto("/")
    page.locator("input[placeholder*='w1200']").press_sequentially("gj?")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url.endswith("/")

"""A real browser opens every page of the site: none asks for anything that the policy forbids."""

import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import hostile
from tests.web.conftest import BrowserContext, Page
from tests.web.signing_in import link
from thumbapp.app import create_app
from thumbapp.config import Settings

pytestmark = pytest.mark.browser

VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});
"""


def settings_of(data_dir: Path) -> Settings:
    """Return what the site over *data_dir* was started with."""
    return replace(Settings(), data_dir=data_dir, min_free_mb=0).completed()


class Inline(HTMLParser):
    """What in a page would run or style by itself, and elements that a name has smuggled in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_code = tag == "script" and "src" not in given and given.get("type") != "application/json"
        acts = [name for name in given if name.startswith("on") or name == "style"]
        leads = [name for name, value in given.items() if value.strip().lower().startswith("javascript:")]
        if is_code or acts or leads or tag in {"style", "x-evil"}:
            self.found.append(self.get_starttag_text() or tag)


def sound(page: Page, path: str) -> None:
    """Open *path* and look for what the policy forbids."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("violations") == [], path
    assert page.locator("x-evil").count() == 0, path


def addresses(settings: Settings) -> list[str]:
    """Return every address that can be read, with the ids of what was planted where it has one."""
    ids, app = hostile.plant(settings), create_app(settings)
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    with app.test_request_context():
        return [
            app.url_for(rule.endpoint, **{name: ids.get(name, "x") for name in rule.arguments})
            for rule in rules
            if not rule.endpoint.endswith("static")
        ]


def html_at(context: BrowserContext, address: str) -> str:
    """Return the HTML that *address* answers with, "" for anything else; no stream is waited for."""
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())
    asked = urllib.request.Request(address, headers={"Cookie": cookie})
    try:
        answer = urllib.request.urlopen(asked, timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        is_html = answer.headers.get_content_type() == "text/html"
        return answer.read().decode() if is_html else ""


def test_no_page_breaks_the_policy_or_holds_code_of_its_own(
    open_browser: Callable[..., BrowserContext], start_site: Callable[..., tuple[str, Path]]
) -> None:
    site, data_dir = start_site("--workers", "1")
    context = open_browser(site)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    sound(page, "/login")
    sound(page, link(data_dir))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")

    found = {path: html_at(context, site + path) for path in addresses(settings_of(data_dir))}

    assert {path: inline for path, text in found.items() if (inline := Inline(text).found)} == {}
    pages = [path for path, text in found.items() if "</html>" in text]
    for path in pages:
        sound(page, path)
    assert len(pages) > 8


def test_a_picture_is_shown_without_breaking_the_policy(
    open_browser: Callable[..., BrowserContext], site: str, picture: Callable[..., Path]
) -> None:
    context = open_browser(site)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    page.goto("/")
    page.set_input_files("input[type=file]", picture("a.jpg"))
    page.click("form#upload button[type=submit]")
    page.wait_for_url("**/jobs/*")
    page.get_by_role("link", name="Download zip").wait_for()

    sound(page, page.url)


def test_signing_in_by_hand_and_out_again(
    open_browser: Callable[..., BrowserContext], start_site: Callable[..., tuple[str, Path]]
) -> None:
    site, data_dir = start_site("--no-worker")
    page = open_browser(site, java_script_enabled=False).new_page()
    page.goto(link(data_dir))
    page.fill("input[name=password]", "correct horse battery")
    page.fill("input[name=again]", "correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()

    page.goto("/audit")
    page.fill("#name", "admin")
    page.fill("#password", "correct horse battery")
    page.locator("main").get_by_role("button", name="Sign in").click()

    assert page.url == f"{site}/audit"
    assert page.locator("h1").inner_text() == "Audit"

"""A real browser opens every page of the site: none asks for anything that the policy forbids."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.up_process import clean_environment
from tests.web.conftest import BrowserContext, Page

pytestmark = pytest.mark.browser

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+\s*=|javascript:|<script(?![^>]*(\ssrc=|application/json))", re.I
)
VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});
"""


def link(data_dir: Path) -> str:
    """Return an address that signs the administrator in."""
    done = subprocess.run(
        [sys.executable, "-m", "thumbapp", "users", "link", "admin"],
        env=clean_environment() | {"THUMBAPP_DATA_DIR": str(data_dir)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return done.stdout.split()[-1]


def sound(page: Page, path: str) -> None:
    """Open *path* and look for what the policy forbids."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("violations") == [], path
    assert INLINE.search(page.content()) is None, path


def test_no_page_breaks_the_policy_or_holds_code_of_its_own(
    open_browser: Callable[..., BrowserContext],
    start_site: Callable[..., tuple[str, Path]],
    picture: Callable[..., Path],
) -> None:
    site, data_dir = start_site("--workers", "1")
    context = open_browser(site)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    sound(page, "/login")
    address = link(data_dir)
    sound(page, address)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")
    page.set_input_files("input[type=file]", picture("a.jpg"))
    page.click("form#upload button[type=submit]")
    page.wait_for_url("**/jobs/*")
    job = page.url

    for path in (job, "/", "/jobs", "/jobs?whose=mine", "/account", "/users", "/audit", "/audit?q=nothing"):
        sound(page, path)


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

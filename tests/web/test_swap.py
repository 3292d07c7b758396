"""What the server sends anew is put in place without taking anything from who uses the page."""

from collections.abc import Callable

import pytest

from tests.web.conftest import Page, sync_api

pytestmark = pytest.mark.browser
expect = sync_api.expect

SWAP = """async ([id, html]) => {
    const {swap} = await import("/static/js/lib/swap.js");
    swap(document.getElementById(id), html);
}"""
HIDDEN = '<input type="hidden" name="by" value="text">'
ENDS = '<input name="low"> <input name="high"> <button>Show</button>'
SHORT, LONG = f'<form id="place">{ENDS}</form>', f'<form id="place">{HIDDEN} {ENDS}</form>'


@pytest.fixture
def show(idle_page: Page, idle_site: str) -> Callable[[str], Page]:
    """Return what shows some HTML in a page of the site."""

    def show(html: str) -> Page:
        idle_page.goto("/login")
        idle_page.evaluate("html => document.querySelector('main').setHTMLUnsafe(html)", html)
        return idle_page

    return show


@pytest.mark.parametrize(("old", "fresh"), [(SHORT, LONG), (LONG, SHORT)], ids=["more", "fewer"])
def test_what_was_typed_stays_in_its_field_and_under_the_caret(
    show: Callable[[str], Page], old: str, fresh: str
) -> None:
    page = show(old)
    page.locator("[name=low]").fill("from")
    page.locator("[name=high]").fill("to")

    page.evaluate(SWAP, ["place", fresh])

    assert page.locator("[name=low]").input_value() == "from"
    assert page.locator("[name=high]").input_value() == "to"
    expect(page.locator("[name=high]")).to_be_focused()
    expect(page.locator("[name=by]")).to_have_count(fresh.count("hidden"))

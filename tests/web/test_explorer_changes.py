"""By mouse, in a browser: each row about strings, numbers, lists, sets, sorted sets, hashes and streams is
done, seen to change, and undone.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.patience import until
from tests.web.conftest import BrowserContext, Page, sync_api
from tests.web.signing_in import sign_in

pytestmark = pytest.mark.browser
expect = sync_api.expect


class Explorer:
    """The key explorer in front of somebody in edit mode, and what is really in the server."""

    def __init__(self, page: Page, server: redis.Redis) -> None:
        self.page = page
        self.server = server

    def make(self, kind: str, name: str, **typed: str) -> None:
        """Make a key of a type by the form for it."""
        self.page.get_by_role("link", name="new key").click()
        self.page.get_by_label("Type").get_by_role("link", name=kind, exact=True).click()
        self._fill(self.page.locator("form.change"), {"name": name} | typed)
        self.page.get_by_role("button", name="Make the key").click()
        self.page.wait_for_url("**/redis?*key=*")  # its scripts are there

    def do(self, fold: str, button: str = "", **typed: str) -> None:
        """Unfold a form of the open key, fill it in, and press its button."""
        opened = self.page.locator("details.change-fold", has=self.page.get_by_text(fold, exact=True))
        opened.locator("summary").first.click()
        self._fill(opened, typed)
        opened.get_by_role("button", name=button or fold, exact=True).first.click()

    def slow_down(self) -> None:
        """Let everything that the page asks for take a while longer."""
        self.page.evaluate(
            """() => {
                const ask = window.fetch;
                window.fetch = async (...asked) => {
                    await new Promise((resolve) => setTimeout(resolve, 300));
                    return ask(...asked);
                };
            }"""
        )

    def row(self, verb: str, name: str) -> None:
        """Press a button of a row: open or remove."""
        self.page.get_by_role("button", name=f"{verb} {name}", exact=True).click()

    def says(self, *words: str) -> None:
        """Wait until the bar of the last change says all *words*."""
        for text in words:
            expect(self.page.locator(".done-bar")).to_contain_text(text)

    def shows(self, *words: str) -> None:
        """Wait until the open key shows all *words*."""
        for text in words:
            expect(self.page.locator("#pane")).to_contain_text(text)

    def undo(self) -> None:
        """Press the bar's undo and wait until it was done."""
        self.page.locator(".done-bar").get_by_role("button", name="Undo").click()
        self.says("Undone:")

    def look_at(self, name: str) -> None:
        """Find a key by its whole name and open it."""
        self.page.wait_for_load_state()
        self.page.fill("#match", name)
        self.page.press("#match", "Enter")
        self.page.locator("#key-list .key-line", has_text=name).first.click()
        expect(self.page.locator("#pane .pane-name")).to_contain_text(name)

    @staticmethod
    def _fill(form: "sync_api.Locator", typed: dict[str, str]) -> None:
        for name, text in typed.items():
            field = form.locator(f"[name={name}]").first
            if field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)


@pytest.fixture(scope="module")
def signed_in(
    start_site: Callable[..., tuple[str, Path]], browser: "sync_api.Browser"
) -> tuple[str, Path, dict[str, object]]:
    """Return a site, its folder, and the state of a browser that has switched edit mode on there."""
    site, data_dir = start_site("--no-worker")
    context = browser.new_context(base_url=site)
    page = context.new_page()
    sign_in(page, site, data_dir)
    page.goto("/redis")
    page.locator(".explorer-mode summary").click()
    page.get_by_role("button", name="Edit mode").click()
    expect(page.locator(".explorer-mode")).to_contain_text("edit mode")
    state = context.storage_state()
    context.close()
    return site, data_dir, state


@pytest.fixture
def explorer(
    signed_in: tuple[str, Path, dict[str, object]], open_browser: Callable[..., BrowserContext]
) -> Iterator[Explorer]:
    """Return the explorer of an empty database, in edit mode."""
    site, data_dir, state = signed_in
    url = json.loads((data_dir / "server.json").read_text("utf-8"))["url"]
    server = redis.Redis.from_url(re.sub(r"/15$", "/0", url), protocol=2)
    page = open_browser(site, storage_state=state).new_page()
    page.goto("/redis")
    yield Explorer(page, server)
    server.flushdb()
    server.close()


def test_strings_are_stored_appended_to_and_deleted(explorer: Explorer) -> None:
    explorer.make("string", "test2", value="hello world!")
    explorer.says("SET test2")
    explorer.shows("hello world!")

    explorer.do("Append", value=" Redis Test101, again")
    explorer.says("(integer) 33")
    explorer.undo()
    explorer.shows("12 bytes")

    explorer.do("Delete", "Delete the key")
    explorer.says("UNLINK test2", "(integer) 1")
    assert explorer.server.get("test2") is None
    explorer.undo()
    assert explorer.server.get("test2") == b"hello world!"


def test_a_number_is_added_to_and_subtracted_from(explorer: Explorer) -> None:
    explorer.make("string", "k", value="1300")
    form = explorer.page.locator("form.change", has_text="Take away")
    explorer.page.evaluate("window.isSamePage = true")

    form.locator("[name=by]").fill("25")
    form.get_by_role("button", name="Add", exact=True).click()
    explorer.says("(integer) 1325")
    form.locator("[name=by]").fill("30")
    form.get_by_role("button", name="Take away").click()
    explorer.says("(integer) 1295")
    explorer.undo()
    assert explorer.page.evaluate("window.isSamePage")
    assert explorer.server.get("k") == b"1325"

    explorer.do("Edit", "Save", value="text")
    explorer.do("Add a number", "Add", by="1")
    explorer.shows("value is not an integer or out of range")


def test_a_list_is_filled_read_by_ranges_and_popped(explorer: Explorer) -> None:
    name = "Pierwsza lista w Redisie"
    explorer.make("list", name, values="1\n2\n3\n4\n5")
    explorer.says("(integer) 5")

    explorer.page.locator("[name=v_low]").fill("1")
    explorer.page.locator("[name=v_high]").fill("-2")
    explorer.page.get_by_role("button", name="Show").click()
    expect(explorer.page.locator(".value-table tbody tr")).to_have_count(3)

    explorer.do("Push", values="six", end="head")
    explorer.says("(integer) 6")
    explorer.undo()
    explorer.do("Pop", count="1", end="tail")
    explorer.says('"5"')
    explorer.undo()
    assert explorer.server.lrange(name, 0, -1) == [b"1", b"2", b"3", b"4", b"5"]


def test_an_emptied_list_disappears_and_comes_back(explorer: Explorer) -> None:
    explorer.make("list", "Pop", values="4\n2", end="head")

    explorer.do("Pop", count="2", end="tail")
    explorer.says('"4"', '"2"')
    explorer.shows("There is no key Pop")
    explorer.undo()

    explorer.shows("2 elements")
    assert explorer.server.lrange("Pop", 0, -1) == [b"2", b"4"]


def test_sets_are_added_to_and_combined(explorer: Explorer) -> None:
    explorer.make("set", "fruit", values="apple\npear\nplum")
    explorer.says("(integer) 3")
    explorer.do("Add members", "Add", values="apple")
    explorer.says("(integer) 0")
    explorer.server.sadd("red", "apple", "tomato")

    explorer.page.get_by_text("With another set").click()
    explorer.page.fill("#v-with", "red")
    explorer.page.locator("form.change[method=get]").get_by_role("button", name="Show").click()
    explorer.shows("intersection with red: 1 member")
    explorer.row("remove", "pear")
    explorer.says("(integer) 1")
    explorer.undo()
    assert explorer.server.smembers("fruit") == {b"apple", b"pear", b"plum"}


def test_sorted_sets_are_in_order_and_read_by_text(explorer: Explorer) -> None:
    explorer.make("zset", "z", value="minus", score="-5")
    members = explorer.page.locator(".value-table tbody tr td:nth-child(3)")
    for count, member in enumerate(("b", "a"), 2):
        explorer.do("Add a member", "Add", value=member, score="0")
        explorer.says("(integer) 1")
        expect(members).to_have_count(count)

    expect(members).to_have_text(["minus", "a", "b"])
    explorer.page.get_by_role("link", name="by text").click()
    explorer.page.get_by_label("from text").fill("b")
    explorer.page.get_by_role("button", name="Show").click()
    expect(members.last).to_have_text("b")
    explorer.row("open", "b")
    explorer.do("Set the score", "Save the score", score="-9")
    explorer.says("ZADD z -9")
    assert explorer.server.zrank("z", "b") == 0
    explorer.undo()
    assert explorer.server.zscore("z", "b") == 0


def test_hashes_are_read_searched_and_changed(explorer: Explorer) -> None:
    explorer.make("hash", "user", field="name", value="Ala")
    explorer.do("Add a field", "Add the field", field="age", value="7")
    explorer.says("(integer) 1")

    explorer.page.get_by_label("Find fields, such as na*").fill("na*")
    explorer.page.get_by_label("Search in the value").click()
    expect(explorer.page.locator(".value-table tbody tr")).to_have_count(1)
    explorer.row("open", "name")
    explorer.page.locator("#pane textarea:visible").fill("Ola")
    explorer.page.get_by_role("button", name="Save").click()
    explorer.says("HSET user name")
    assert explorer.server.hget("user", "name") == b"Ola"
    explorer.undo()
    assert explorer.server.hgetall("user") == {b"name": b"Ala", b"age": b"7"}


def test_streams_are_added_to_followed_and_removed_from(explorer: Explorer) -> None:
    explorer.make("stream", "events", pairs="kind=first", id="1-1")
    explorer.do("Add an entry", "Add the entry", pairs="kind=second\npage=/a=b", id="2-1")
    explorer.says('"2-1"')
    explorer.page.get_by_role("link", name="newest first").click()
    explorer.page.get_by_role("button", name="Follow").click()
    explorer.server.xadd("events", {"kind": "from elsewhere"}, id="3-1")
    expect(explorer.page.locator("#entries")).to_contain_text("from elsewhere")

    explorer.row("remove", "3-1")
    explorer.says("XDEL events 3-1")
    assert explorer.server.xlen("events") == 2
    explorer.undo()
    assert explorer.server.xlen("events") == 3


def test_what_is_pending_in_a_group_is_seen_and_acknowledged(explorer: Explorer) -> None:
    explorer.make("stream", "events", pairs="kind=first", id="1-1")
    explorer.do("Make a group", "Make the group", new_group="crew", start="0")
    explorer.says("XGROUP CREATE events crew")
    explorer.server.xreadgroup("crew", "ann", {"events": ">"})

    explorer.page.locator(".groups summary").click()
    explorer.page.get_by_role("link", name="crew").click()
    explorer.shows("ann", "deliveries")
    explorer.page.get_by_role("button", name="Acknowledge 1-1").click()
    explorer.says("XACK events crew 1-1")
    assert explorer.server.xpending("events", "crew")["pending"] == 0
    explorer.undo()
    assert explorer.server.xpending("events", "crew")["pending"] == 1


def test_all_that_is_pressed_while_the_site_is_slow_is_done_in_order_and_once(explorer: Explorer) -> None:
    explorer.server.zadd("z", {"a": 0, "b": 0, "c": 0})
    explorer.look_at("z")
    explorer.slow_down()

    explorer.do("Add a member", "Add", value="new", score="0")
    explorer.page.get_by_role("link", name="by text").click()
    explorer.row("remove", "b")
    explorer.row("remove", "c")
    explorer.row("remove", "c")

    expect(explorer.page.get_by_label("from text")).to_be_visible()
    expect(explorer.page.locator(".value-table tbody tr")).to_have_count(2)
    assert explorer.server.zrange("z", 0, -1) == [b"a", b"new"]
    explorer.says("ZREM z c", "(integer) 1")


def test_a_click_under_which_the_page_changes_is_not_lost(explorer: Explorer) -> None:
    explorer.server.zadd("z", {"a": 0})
    explorer.look_at("z")
    explorer.slow_down()
    tab = explorer.page.get_by_role("link", name="by text")

    with explorer.page.expect_response(lambda answer: "key=" in answer.url and answer.ok):
        explorer.do("Add a member", "Add", value="b", score="0")
        tab.hover()
        explorer.page.mouse.down()
    explorer.page.wait_for_timeout(100)
    explorer.page.mouse.up()

    expect(explorer.page.get_by_label("from text")).to_be_visible()


def test_a_refused_change_is_sent_once_and_the_page_stays(explorer: Explorer) -> None:
    explorer.server.set("k", "text")
    explorer.look_at("k")
    explorer.server.delete("k")
    explorer.server.rpush("k", "a list now")
    sent: list[str] = []
    explorer.page.on(
        "request", lambda request: sent.append(request.url) if request.method == "POST" else None
    )

    explorer.do("Append", value="typed by hand")
    explorer.shows("Append: not done")
    assert (
        explorer.page.locator("#pane textarea:visible, #pane input[name=value]").first.input_value()
        == "typed by hand"
    )
    explorer.page.get_by_role("link", name="Leave it").click()

    explorer.shows("a list now")
    assert len(sent) == 1


def test_a_site_that_goes_away_takes_nothing_that_was_typed(explorer: Explorer) -> None:
    explorer.server.set("k", "text")
    explorer.look_at("k")
    explorer.page.evaluate(
        "() => { window.real = fetch; window.fetch = () => Promise.reject(new TypeError()); }"
    )
    explorer.do("Append", value="typed by hand")

    explorer.shows("The site did not answer, so it is not known whether this was done.")
    explorer.page.evaluate("() => { window.fetch = window.real; }")
    explorer.page.locator("form.change", has_text="Append").get_by_role("button", name="Append").click()

    explorer.says("APPEND k")
    assert explorer.server.get("k") == b"texttyped by hand"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(explorer: Explorer) -> None:
    explorer.make("string", "k", value="before")
    explorer.page.locator("summary", has_text="Edit").click()
    explorer.page.locator("#pane textarea:visible").fill("mine")
    explorer.server.set("k", "theirs")

    explorer.page.get_by_role("button", name="Save").click()
    expect(explorer.page.locator("main")).to_contain_text("Somebody else changed it meanwhile")
    expect(explorer.page.get_by_label("Difference")).to_contain_text("+mine")
    assert explorer.server.get("k") == b"theirs"
    explorer.page.get_by_role("button", name="Overwrite it with mine").click()
    explorer.says("SET k")
    assert explorer.server.get("k") == b"mine"


def test_many_keys_are_deleted_after_a_yes_with_the_number(explorer: Explorer) -> None:
    explorer.server.mset({f"user_permissions:{number}": 1 for number in range(50)} | {"other": 1})
    explorer.page.get_by_role("link", name="many keys").click()
    explorer.page.fill("#match", "user_permissions:*")
    explorer.page.get_by_role("button", name="Count").click()
    expect(explorer.page.locator("main")).to_contain_text("50 keys found")

    explorer.page.get_by_role("button", name="Delete ...").click()
    expect(explorer.page.locator("main")).to_contain_text("50 keys are deleted")
    explorer.page.get_by_role("button", name="Delete them").click()

    expect(explorer.page.locator("main")).to_contain_text("50 keys changed.")
    assert list(explorer.server.scan_iter()) == [b"other"]


def test_work_on_many_keys_that_the_server_refuses_says_why(explorer: Explorer) -> None:
    explorer.server.mset({"user:1": 1, "user:2": 2})
    explorer.page.goto("/redis/bulk?db=0&match=user:*")
    explorer.page.fill("[name=to_db]", "1")
    explorer.page.get_by_role("button", name="Copy ...").click()
    yes = explorer.page.get_by_role("button", name="Copy them")
    yes.wait_for()
    explorer.server.execute_command("ACL", "SETUSER", "default", "-restore")

    yes.click()

    try:
        expect(explorer.page.locator("#bulk-says")).to_contain_text(
            "The user that the explorer signs in as may not"
        )
    finally:
        explorer.server.execute_command("ACL", "SETUSER", "default", "+restore")


def test_an_import_says_how_far_it_is_and_can_be_stopped(explorer: Explorer) -> None:
    page, lines = explorer.page, b"".join(b"SET k:%d v\n" % number for number in range(200_000))
    page.goto("/redis/import")
    page.get_by_label("Only say what it would do").uncheck()
    page.set_input_files("#file", {"name": "keys.txt", "mimeType": "text/plain", "buffer": lines})

    page.get_by_role("button", name="Import").click()
    expect(page.locator("#import-says")).to_contain_text(re.compile(r"[1-9]\d* keys made"))
    page.get_by_role("button", name="Stop").click()

    expect(page.locator("#import-error")).to_contain_text("Stopped. Keys that were whole by then are in")
    assert 0 < explorer.server.dbsize() < 200_000
    until(
        lambda: not any(b"import:" in name for name in explorer.server.scan_iter(b"*import:*", count=10_000))
    )
    page.get_by_role("button", name="Back to the form").click()
    expect(page.locator("#file")).to_have_value(re.compile("keys.txt"))

"""The console and the pages beside it in two windows: what one of them sends is seen in the other."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.patience import until
from tests.web.conftest import BrowserContext, Page, sync_api
from tests.web.signing_in import sign_in

pytestmark = pytest.mark.browser
expect = sync_api.expect

GRANT = "grant a permission to a group"


class Windows:
    """Windows of one administrator in admin mode, and what is really in the server."""

    def __init__(self, context: BrowserContext, server: redis.Redis) -> None:
        self._context = context
        self.server = server

    def open(self, address: str) -> Page:
        """Return a new window on *address*."""
        page = self._context.new_page()
        page.goto(address)
        return page

    def blocked(self, command: str) -> int:
        """Return how many wait in *command* for keys of this database; the app itself waits in another."""
        waits = [one for one in self.server.client_list() if "b" in one["flags"] and one["db"] == "0"]
        return sum(one["cmd"] == command for one in waits)


@pytest.fixture(scope="module")
def signed_in(
    start_site: Callable[..., tuple[str, Path]], browser: "sync_api.Browser"
) -> tuple[str, str, Any]:
    """Return a site, its server's address, and the state of a browser that is in admin mode there."""
    site, data_dir = start_site("--no-worker")
    context = browser.new_context(base_url=site)
    page = context.new_page()
    sign_in(page, site, data_dir)
    page.goto("/redis")
    page.locator(".explorer-mode summary").click()
    page.get_by_role("button", name="Admin mode").click()
    expect(page.locator(".explorer-mode")).to_contain_text("admin mode")
    url = json.loads((data_dir / "server.json").read_text("utf-8"))["url"]
    state = context.storage_state()
    context.close()
    return site, re.sub(r"/15$", "/0", url), state


@pytest.fixture
def windows(
    signed_in: tuple[str, str, Any], open_browser: Callable[..., BrowserContext]
) -> Iterator[Windows]:
    """Return what opens windows on an empty database."""
    site, url, state = signed_in
    server = redis.Redis.from_url(url, protocol=2)
    yield Windows(open_browser(site, storage_state=state), server)
    server.flushdb()
    server.close()


def typed(page: Page, line: str) -> str:
    """Type *line* into the console, press Enter, and return what it brought."""
    entries = page.locator("#transcript .entry")
    before = entries.count()
    page.fill("#console-line", line)
    page.press("#console-line", "Enter")
    expect(entries).to_have_count(before + len(line.splitlines()))
    return str(entries.last.locator(".reply").last.inner_text())


def refused(page: Page, line: str) -> str:
    """Type *line* into the console and return why it was not run."""
    page.fill("#console-line", line)
    page.press("#console-line", "Enter")
    return str(page.locator("#transcript .entry .reply-error").inner_text())


def waits(page: Page, line: str, *, follow: bool = False) -> None:
    """Have the second pane wait for *line*."""
    page.fill("#wait-line", line)
    page.set_checked("#wait-form [name=follow]", follow)
    page.click("#wait-start")
    expect(page.locator("#wait-state")).to_have_text("waiting")


def test_an_element_pushed_in_one_window_wakes_the_other(windows: Windows) -> None:
    first, second = windows.open("/redis/console"), windows.open("/redis/console")
    assert "runs in the second pane" in refused(first, "BRPOP example-list 0")
    first.get_by_role("link", name="Wait for it there").click()
    first.click("#wait-start")
    until(lambda: windows.blocked("brpop") == 1)

    assert typed(second, 'RPUSH example-list "hello"') == "(integer) 1"

    expect(first.locator("#wait-log .reply")).to_have_text('1) "example-list"\n2) "hello"')
    expect(first.locator("#wait-state")).to_have_text("ended")


@pytest.mark.parametrize("end", ["stop", "close"])
def test_a_wait_that_is_stopped_or_whose_window_is_closed_ends(end: str, windows: Windows) -> None:
    page = windows.open("/redis/console")
    waits(page, "BRPOP example-list 0")
    until(lambda: windows.blocked("brpop") == 1)

    page.click("#wait-stop") if end == "stop" else page.close()

    until(lambda: windows.blocked("brpop") == 0)


def test_a_stream_is_followed_and_nothing_is_lost(windows: Windows) -> None:
    page = windows.open("/redis/console")
    windows.server.xadd("race", {"lap": "0"})
    waits(page, "XREAD BLOCK 0 STREAMS race $", follow=True)
    until(lambda: windows.blocked("xread") == 1)

    for lap in range(1, 21):
        windows.server.xadd("race", {"lap": f"lap-{lap}"})

    expect(page.locator("#wait-log")).to_contain_text("lap-20")
    shown = re.findall(r"lap-(\d+)", page.locator("#wait-log").inner_text())
    assert shown == [str(lap) for lap in range(1, 21)]


def test_a_stream_is_written_read_and_opened(windows: Windows) -> None:
    page = windows.open("/redis/console")
    added = typed(page, 'XADD strumienTestowy * strumienKlucz "strumien wartosc testowa"')

    read = typed(page, "XREAD COUNT 1 STREAMS strumienTestowy 0-0")
    page.goto("/redis")
    page.get_by_text("strumienTestowy").first.click()

    assert added in read
    assert '"strumien wartosc testowa"' in read
    expect(page.locator("#entries")).to_contain_text(added.strip('"'))
    expect(page.locator("#entries")).to_contain_text("strumien wartosc testowa")


def test_a_long_reply_is_read_to_its_end_and_a_deep_one_unfolded(windows: Windows) -> None:
    page = windows.open("/redis/console")
    typed(page, "EVAL_RO 'local a = {} for i = 1, 12000 do a[i] = i end return a' 0")
    entry = page.locator("#transcript .entry").last
    entry.locator("summary").click()
    for line in ("10000) (integer) 10000", "12000) (integer) 12000"):
        entry.locator("[data-more]").click()
        expect(entry.locator(".reply")).to_contain_text(line)
    expect(entry.locator("[data-more]")).to_have_count(0)

    typed(page, "EVAL_RO 'local a = {} for i = 1, 30 do a[i] = {i, {\"deep\"}} end return a' 0")
    entry = page.locator("#transcript .entry").last
    entry.get_by_text("30) 2 items").click()
    entry.get_by_text('2) 1 item "deep"').last.click()

    expect(entry.get_by_text('1) "deep"').locator("visible=true")).to_have_count(1)


def test_a_message_is_seen_by_who_subscribed(windows: Windows) -> None:
    page, other = windows.open("/redis/pubsub?channels=news&patterns=user:*"), windows.open("/redis/console")
    until(lambda: windows.server.pubsub_numsub("news")[0][1] == 1 and windows.server.pubsub_numpat() >= 1)

    assert typed(other, 'PUBLISH news hello\nPUBLISH user:1 "<b>\\xff"') == "(integer) 1"

    expect(page.locator("#feed-rows .feed-row")).to_have_count(2)
    expect(page.locator("#feed-rows .feed-text")).to_have_text(["hello", r"<b>\xff"])


def test_what_one_publishes_is_seen_on_the_same_page(windows: Windows) -> None:
    page = windows.open("/redis/pubsub?channels=news")
    until(lambda: windows.server.pubsub_numsub("news")[0][1] == 1)
    page.fill("#channel", "news")
    for text in ("first", "second"):
        page.fill("#message", text)
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#message")).to_have_value("")

    expect(page.locator("#feed-rows .feed-text")).to_have_text(["first", "second"])
    expect(page.locator("#publish-state")).to_have_text("1 heard it on news.")


def test_events_of_keys_arrive_as_they_happen(windows: Windows) -> None:
    page = windows.open("/redis/events")
    for letter in "KE$":
        page.check(f"[name=letter][value='{letter}']")
    page.get_by_role("button", name="Tell this").click()
    page.get_by_role("button", name="Change it for the server").click()
    other = windows.open("/redis/console")
    until(lambda: windows.server.pubsub_numpat() >= 1)

    typed(other, "SET marathon 1\nAPPEND marathon 2\nINCR marathon")

    for event in ("set", "append", "incrby"):
        expect(page.locator("#feed-rows")).to_contain_text(event)
    expect(page.locator("#feed-rows")).to_contain_text("__keyspace@0__:marathon")
    expect(page.locator("#feed-rows")).to_contain_text("__keyevent@0__:incrby")
    page.get_by_role("button", name="Put it back now").click()
    expect(page.get_by_text("The server tells nothing")).to_be_visible()
    assert windows.server.config_get("notify-keyspace-events") == {"notify-keyspace-events": ""}


def test_a_script_grants_a_permission_to_a_group(windows: Windows) -> None:
    windows.server.sadd("users_group:2", *range(50))
    windows.server.sadd("permissions", "ADD_BOOKING")
    page = windows.open("/redis/scripts")
    page.get_by_role("link", name=GRANT).click()

    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Run it all the same").click()

    expect(page.get_by_label("Result").locator(".reply").first).to_have_text("(integer) 1")
    assert len(list(windows.server.scan_iter("user_permissions:*"))) == 50


@pytest.mark.parametrize(
    ("sample", "reply"),
    [
        ("KEYS and ARGV", '1) "1"\n2) "2"\n3) "first"\n4) "second"'),
        ("read, compute, save", "(integer) 15"),
    ],
)
def test_a_sample_runs(sample: str, reply: str, windows: Windows) -> None:
    windows.server.set("key1", 10)
    page = windows.open("/redis/scripts")
    page.get_by_role("link", name=sample).click()

    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Run it all the same").click()

    result = page.get_by_label("Result")
    expect(result.locator(".reply").first).to_have_text(reply, use_inner_text=True)
    if sample == "read, compute, save":
        result.get_by_role("link", name="key2").click()
        expect(page.locator("main")).to_contain_text("15")


def test_a_script_is_called_by_its_fingerprint(windows: Windows) -> None:
    page = windows.open("/redis/console")
    sha = typed(page, "SCRIPT LOAD \"return redis.call('PING')\"").strip('"')

    unknown = typed(page, f"EVALSHA_RO {'0' * 40} 0")

    assert typed(page, f"EVALSHA_RO {sha} 0") == "PONG"
    assert unknown.startswith("(error) NOSCRIPT")


def test_pipelining_is_measured(windows: Windows) -> None:
    page = windows.open("/redis/bench")
    page.fill("#count", "300")
    page.fill("#rounds", "2")

    page.get_by_role("button", name="Measure").click()

    expect(page.locator("#bench-result table[aria-label=Times] tbody tr")).to_have_count(7)
    expect(page.locator("#bench-start")).to_be_visible()
    assert windows.server.dbsize() == 0
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_console_is_used_by_keyboard(windows: Windows) -> None:
    page = windows.open("/redis/console")
    line = page.locator("#console-line")
    typed(page, "SET user:1 Ala\nSET other 2")
    typed(page, "GET other")

    line.press_sequentially("GET us")
    line.press("Tab")
    expect(line).to_have_value("GET user:1 ")
    expect(page.locator("#console-usage")).to_contain_text("GET key")
    line.fill("")
    line.press("ArrowUp")
    expect(line).to_have_value("GET other")
    line.fill("user")
    line.press("Control+r")
    expect(line).to_have_value("SET user:1 Ala\nSET other 2")
    line.press("Escape")
    expect(line).to_have_value("user")
    line.press("Control+l")
    expect(page.locator("#transcript .entry")).to_have_count(0)


def test_a_transaction_is_shown_and_a_question_is_answered(windows: Windows) -> None:
    page = windows.open("/redis/console")
    typed(page, "MULTI\nSET a 1\nINCR a")
    expect(page.locator("#console-prompt")).to_contain_text("(TX)>")
    expect(page.locator("#console-queue")).to_contain_text("INCR a")
    assert typed(page, "EXEC") == "1) OK\n2) (integer) 2"

    page.fill("#console-line", "FLUSHDB")
    page.press("#console-line", "Enter")
    page.get_by_role("button", name="Run it").click()

    expect(page.locator("#transcript .entry").last.locator(".reply")).to_have_text("OK")
    assert windows.server.dbsize() == 0


def test_what_is_no_wait_is_refused_in_a_sentence(windows: Windows) -> None:
    page = windows.open("/redis/console")

    page.fill("#wait-line", "GET test")
    page.click("#wait-start")

    expect(page.locator("#wait-state")).to_contain_text("GET")
    expect(page.locator("#wait-stop")).to_be_hidden()


def test_rules_of_a_user_are_written_by_switches(windows: Windows) -> None:
    page = windows.open("/redis/acl")
    page.fill("#commands", "+config|get -flushall")
    expect(page.get_by_role("button", name="flushall: forbidden")).to_be_visible()

    page.get_by_role("button", name="@read: not named").click()
    page.get_by_role("button", name="@dangerous: not named").press("Enter")
    page.get_by_role("button", name="@dangerous: allowed").press("Enter")
    page.get_by_role("button", name="flushall: forbidden").click()

    expect(page.locator("#commands")).to_have_value("+config|get +@read -@dangerous")

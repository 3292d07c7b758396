"""The console's page: lines run and are kept, transactions are shown, what waits is streamed and stopped."""

import re
import threading

import orjson
import redis

from tests.blueprints.explorer.conftest import OTHER_DB, editing
from tests.blueprints.people import Browser, Site
from tests.patience import until
from thumbapp.accounts.model import Role

PAGE = f"/redis/console?db={OTHER_DB}"
CONSOLE = "c" * 22


def typed(browser: Browser, line: str, **fields: str) -> str:
    """Return what the page puts into the transcript for *line*."""
    return browser.post(f"/redis/console/run?db={OTHER_DB}", console=CONSOLE, line=line, **fields).text


def test_without_scripts_the_transcript_is_on_the_page(browser: Browser) -> None:
    answer = browser.post(PAGE, console=CONSOLE, line='SET test "hello <b>"\nGET test')

    page = browser.get(answer.headers["Location"]).text

    assert answer.status_code == 303
    assert ">OK<" in page
    assert "&#34;hello &lt;b&gt;&#34;" in page
    assert re.search(r"127\.0\.0\.1:\d+\[9\]&gt;</label>", page)


def test_a_console_keeps_its_transaction_between_requests(browser: Browser, keys: redis.Redis) -> None:
    typed(browser, "MULTI")
    queued = typed(browser, "SET a 1")
    before = keys.get("a")

    done = typed(browser, "EXEC")

    assert "(TX)&gt;" in queued
    assert "In the transaction: 1 command" in queued
    assert (before, keys.get("a")) == (None, b"1")
    assert "In the transaction" not in done


def test_a_line_that_is_refused_ends_the_lines_after_it(browser: Browser, keys: redis.Redis) -> None:
    page = typed(browser, "SET a 1\nCONFIG GET *\nSET b 1")

    assert "CONFIG GET needs admin mode" in page
    assert (keys.exists("a"), keys.exists("b")) == (1, 0)


def test_a_confirmation_is_asked_and_given(site: Site) -> None:
    browser = editing(site, Role.ADMIN, "admin")
    asked = typed(browser, "CONFIG SET slowlog-max-len 77")
    token = re.search(r'name="confirm" value="([^"]+)"', asked)
    assert token is not None

    assert ">OK<" in typed(browser, "CONFIG SET slowlog-max-len 77", confirm=token[1])


def test_somebody_elses_console_is_not_to_be_had(site: Site, browser: Browser) -> None:
    typed(browser, "MULTI")
    other = editing(site, Role.ADMIN)

    answer = other.post(f"/redis/console/run?db={OTHER_DB}", console=CONSOLE, line="PING")

    assert answer.status_code == 404
    assert "no such console" in answer.text
    assert CONSOLE not in other.get(f"{PAGE}&console={CONSOLE}").text


def test_what_was_typed_is_remembered_but_for_secrets(browser: Browser) -> None:
    for line in ("PING", "AUTH hunter2", "ACL SETUSER a >hunter3", 'GET "open', "GET a"):
        typed(browser, line)

    page = browser.get(PAGE).text

    assert '["PING", "GET a"]' in page
    assert "hunter" not in re.search(r"console-history.*?</script>", page, re.DOTALL)[0]
    browser.post("/redis/console/forget")
    assert '["PING"' not in browser.get(PAGE).text


def test_a_line_is_completed(browser: Browser, keys: redis.Redis) -> None:
    keys.set("user:1", "a")

    told = browser.get(f"/redis/console/complete?db={OTHER_DB}&line=GET+us").json

    assert told["lines"] == ["GET user:1"]
    assert told["usage"]["syntax"] == "GET key"


def test_a_long_reply_comes_in_portions(browser: Browser, keys: redis.Redis) -> None:
    page = typed(browser, "EVAL_RO 'local a = {} for i = 1, 6000 do a[i] = i end return a' 0")
    number = re.search(r'data-number="(\d+)"', page)
    assert number is not None

    start = re.findall(r'data-from="(\d+)"', page)[0]
    rest = browser.get(f"/redis/console/reply?console={CONSOLE}&number={number[1]}&said=0&from={start}").json

    assert "6,000 lines" in page
    assert "(integer) 5001" not in page
    assert rest["text"].splitlines()[0] == "5001) (integer) 5001"
    assert rest["text"].splitlines()[-1] == "6000) (integer) 6000"
    assert rest["next"] is None


def test_a_deep_reply_is_a_tree_to_fold(browser: Browser) -> None:
    page = typed(
        browser, """EVAL_RO "local a = {} for i = 1, 30 do a[i] = {'row ' .. i, i} end return a" 0"""
    )

    assert page.count('<details class="reply-branch"') == 31
    assert re.search(r"30\).{,40}2 items.{,20}&#34;row 30&#34;", page)


def test_a_reply_of_one_long_line_comes_in_portions(browser: Browser) -> None:
    page = typed(browser, "EVAL_RO 'return string.rep(\"x\", 2500000)' 0")

    assert len(page) < 1_100_000
    assert 'data-from="1000000"' in page


def blocked(client: redis.Redis) -> int:
    """Return how many wait in BRPOP; the site's own listener waits too."""
    return sum(one["cmd"] == "brpop" for one in client.client_list())


def waiting(browser: Browser, line: str, wait: str = "w" * 22) -> tuple[threading.Thread, list[bytes]]:
    """Start to wait in a thread and return it with the list that takes what comes."""
    came: list[bytes] = []

    def run() -> None:
        answer = browser.post(f"/redis/console/waits?db={OTHER_DB}", line=line, wait=wait)
        came.extend(row for row in answer.data.splitlines() if row)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


def test_a_wait_shows_what_another_window_pushes(site: Site, browser: Browser, keys: redis.Redis) -> None:
    thread, came = waiting(browser, "BRPOP example-list 0")
    until(lambda: blocked(keys))

    keys.rpush("example-list", "hello")
    thread.join(10)

    told = [orjson.loads(row) for row in came]
    assert [row["kind"] for row in told] == ["waiting", "reply", "ended"]
    assert told[1]["text"] == '1) "example-list"\n2) "hello"'


def test_a_wait_is_stopped_at_the_server_too(site: Site, browser: Browser, keys: redis.Redis) -> None:
    thread, came = waiting(browser, "BRPOP example-list 0")
    until(lambda: blocked(keys))

    assert browser.post("/redis/console/waits/stop", wait="w" * 22).status_code == 204
    thread.join(10)

    assert [orjson.loads(row)["kind"] for row in came] == ["waiting", "ended"]
    assert blocked(keys) == 0


def test_what_does_not_wait_is_a_sentence(browser: Browser) -> None:
    answer = browser.post(f"/redis/console/waits?db={OTHER_DB}", line="GET a", wait="w" * 22)

    assert answer.status_code == 403
    assert "does not wait" in answer.text


def test_in_view_mode_nothing_is_changed(site: Site, keys: redis.Redis) -> None:
    browser = site.signed_in(Role.OPERATOR)
    browser.get(PAGE)

    assert "SET needs edit mode" in typed(browser, "SET a 1")
    assert keys.exists("a") == 0

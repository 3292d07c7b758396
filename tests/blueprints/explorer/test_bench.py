"""The benchmark's page: measured with and without scripts, bounded, in edit mode."""

import html
import re

import orjson
import pytest
import redis

from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role
from thumbapp.explorer.bench import WAYS

PLAN = {"command": "INCR", "count": "50", "rounds": "2"}


def test_without_scripts_the_result_is_on_the_page(browser: Browser, redis_client: redis.Redis) -> None:
    page = browser.post("/redis/bench?db=9", **PLAN).text

    assert all(way.name in page for way in WAYS)
    assert "<svg" in page
    assert list(redis_client.scan_iter("thumbapp-bench*")) == []


def test_results_come_while_it_runs(browser: Browser) -> None:
    lines = browser.post("/redis/bench/run?db=9", **PLAN).data.splitlines()

    told = [orjson.loads(line) for line in lines]
    assert len(told) == 2 * len(WAYS)
    assert (told[0]["part"] < 1, told[-1]["part"]) == (True, 1)
    assert [row["way"] for row in told[-1]["ways"]] == [way.name for way in WAYS]
    assert told[-1]["ways"][0]["ratio"] == 1


@pytest.mark.parametrize(
    "wrong", [{"count": "1000000"}, {"count": "x"}, {"command": "FLUSHALL"}, {"rounds": "0"}]
)
def test_what_could_hurt_is_a_sentence(wrong: dict[str, str], browser: Browser) -> None:
    page = browser.post("/redis/bench?db=9", **PLAN | wrong).text

    assert "is not understood" in page


def test_in_view_mode_nothing_is_measured(site: Site) -> None:
    browser = site.signed_in(Role.OPERATOR)
    browser.get("/redis/bench?db=9")

    assert "needs edit mode" in browser.post("/redis/bench?db=9", **PLAN).text


def result_of(page: str) -> str:
    """Return what the page holds to be saved."""
    found = re.search(r'name="result" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize(("kind", "begin"), [("json", b"{"), ("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_result_is_saved_as_a_file(kind: str, begin: bytes, browser: Browser) -> None:
    result = result_of(browser.post("/redis/bench?db=9", **PLAN).text)

    answer = browser.post("/redis/bench/file?db=9", kind=kind, result=result)

    assert answer.data.startswith(begin)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="redis-benchmark.{kind}"'
    assert kind != "json" or orjson.loads(answer.data) == orjson.loads(result)


@pytest.mark.parametrize(
    "result", ["", "[]", "x" * 30_000, '{"ways": 1}', '{"count":1,"command":"GET","rounds":1,"ways":[{}]}']
)
def test_what_is_no_result_is_refused(result: str, browser: Browser) -> None:
    assert browser.post("/redis/bench/file?db=9", kind="png", result=result).status_code == 400

"""The benchmark's page: measured with and without scripts, bounded, in edit mode."""

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

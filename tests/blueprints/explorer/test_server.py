"""The page about the server: every part shows, settings and clients change after a question."""

import re

import pytest
import redis

from tests.blueprints.explorer.conftest import editing
from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role

PAGE = "/redis/server?db=9"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("charts", "Commands a second"),
        ("info", "used_memory"),
        ("slow", "latency-monitor-threshold"),
        ("clients", "thumbapp-web"),
        ("settings", "slowlog-max-len"),
        ("commands", "CONFIG"),
    ],
)
def test_every_part_shows(part: str, words: str, admin: Browser) -> None:
    page = admin.get(f"{PAGE}&part={part}").text

    assert words in page


def test_an_operator_sees_all_but_the_settings(site: Site) -> None:
    operator = editing(site, Role.OPERATOR)

    assert "needs admin mode" in operator.get(f"{PAGE}&part=settings").text
    assert "used_memory" in operator.get(f"{PAGE}&part=info").text


def test_a_setting_is_changed_after_a_question(admin: Browser, redis_client: redis.Redis) -> None:
    address, form = "/redis/server/setting?db=9&part=settings", {"name": "slowlog-max-len", "value": "77"}
    asked = admin.post(address, **form).text
    token = re.search(r'name="confirm" value="([^"]+)"', asked)
    assert token is not None

    done = admin.post(address, **form, confirm=token[1])

    assert done.status_code == 303
    assert redis_client.config_get("slowlog-max-len") == {"slowlog-max-len": "77"}


def test_the_settings_found_stay_found_after_a_change(admin: Browser) -> None:
    address = "/redis/server/setting?db=9&part=settings&pattern=slowlog*"
    form = {"name": "slowlog-max-len", "value": "128"}
    token = re.search(r'name="confirm" value="([^"]+)"', admin.post(address, **form).text)
    assert token is not None

    assert "pattern=slowlog" in admin.post(address, **form, confirm=token[1]).headers["Location"]


def test_the_slow_log_is_emptied(admin: Browser, redis_client: redis.Redis) -> None:
    redis_client.config_set("slowlog-log-slower-than", 0)
    redis_client.ping()
    redis_client.config_set("slowlog-log-slower-than", -1)
    assert "Empty the slow log" in admin.get(f"{PAGE}&part=slow").text

    assert admin.post("/redis/server/slow/forget?db=9&part=slow").status_code == 303

    assert redis_client.slowlog_len() == 0
    redis_client.config_set("slowlog-log-slower-than", 10_000)


def test_what_the_server_refuses_is_a_sentence(admin: Browser) -> None:
    address, form = "/redis/server/setting?db=9&part=settings", {"name": "maxmemory", "value": "lots"}
    asked = admin.post(address, **form).text
    token = re.search(r'name="confirm" value="([^"]+)"', asked)
    assert token is not None

    assert "Redis refused" in admin.post(address, **form, confirm=token[1]).text


def test_charts_come_alone_for_the_page(admin: Browser) -> None:
    assert admin.get("/redis/server/charts?db=9").text.lstrip().startswith('<div class="charts"')


@pytest.mark.parametrize("address", [f"{PAGE}&part=nonsense", "/redis/server/client?part=clients"])
def test_nonsense_is_a_sentence(address: str, admin: Browser) -> None:
    answer = admin.post(address, client="x") if "client?" in address else admin.get(address)

    assert answer.status_code == 400

"""The doctor tells what works and what to do about the rest."""

from collections.abc import Callable
from typing import Any

import pytest
import redis

from thumbapp.cli.doctor import Health, judge_skew

Run = Callable[..., Any]


def test_without_a_worker_nothing_is_broken(thumbapp: Run) -> None:
    answer = thumbapp("doctor", "--json")

    health = {item["part"]: item["health"] for item in answer.json["items"]}
    assert answer.code == 0
    assert (health["redis"], health["media"], health["clock"], health["worker"]) == ("ok", "ok", "ok", "warn")


def test_a_server_that_is_away_is_broken(thumbapp: Run) -> None:
    answer = thumbapp("doctor", THUMBAPP_REDIS_URL="redis://127.0.0.1:1/0")

    assert answer.code == 1
    assert answer.out.splitlines()[-1].startswith("bad   redis")


def test_a_server_that_refuses_is_not_said_to_be_away(thumbapp: Run, redis_client: redis.Redis) -> None:
    redis_client.config_set("min-replicas-to-write", 1)  # as a full disk does: it reads, and writes nothing

    answer = thumbapp("tasks", "run", "add", 2, 5)

    redis_client.config_set("min-replicas-to-write", 0)
    assert answer.code == 1
    assert "refused what was asked (NOREPLICAS" in answer.err
    assert "thumbapp up" not in answer.err


@pytest.mark.parametrize(
    ("skew_s", "health"),
    [(0.0, Health.OK), (-1.9, Health.OK), (2.1, Health.BAD), (-2.1, Health.BAD)],
    ids=["none", "little", "ahead", "behind"],
)
def test_a_clock_may_be_two_seconds_off(skew_s: float, health: Health) -> None:
    assert judge_skew(skew_s).health is health

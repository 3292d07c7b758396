"""The server matrix: each kind that the README names really runs, and is the version it stands for."""

import redis

from tests.conftest import PrivateServer


def test_every_kind_of_server_is_5_0_or_newer(any_client: redis.Redis) -> None:
    version = any_client.info("server")["redis_version"]

    assert tuple(map(int, version.split("."))) >= (5, 0, 0)


def test_a_test_leaves_nothing_for_the_next(any_server: PrivateServer, any_client: redis.Redis) -> None:
    assert any_client.dbsize() == 0

    any_client.set("left", "over")

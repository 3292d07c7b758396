"""Which servers there are, which of them is the app's own, and that no address shows its password."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from tests.conftest import PrivateServer
from thumbapp.config import NamedServer, Settings
from thumbapp.errors import BadSetting, ServerAway, UnknownServer
from thumbapp.explorer.servers import Servers, databases, facts


@pytest.fixture
def servers(settings: Settings, server: PrivateServer) -> Iterator[Servers]:
    """Return the private server as the app's own, as another, and one that is away."""
    named = (
        NamedServer("twin", server.url.replace("/0", "/2")),
        NamedServer("vault", f"redis://ann:sesame@127.0.0.1:{server.port}", is_read_only=True),
        NamedServer("away", "redis://127.0.0.1:1/0"),
    )
    servers = Servers(replace(settings, servers=named))
    yield servers
    servers.close()


def test_the_servers_of_the_settings_are_there_and_no_other(servers: Servers) -> None:
    assert servers.names() == ["app", "twin", "vault", "away"]
    for name in ("other", "redis://127.0.0.1/0", "app "):
        with pytest.raises(UnknownServer):
            servers.find(name)


def test_the_own_server_is_the_one_when_none_is_named(servers: Servers) -> None:
    assert servers.find() is servers.find("app") is servers.find("")


def test_a_server_with_the_apps_keys_is_known_under_any_name(servers: Servers) -> None:
    assert servers.find("twin").is_home()
    assert servers.find("twin").home_db() == 0


def test_a_server_that_cannot_be_asked_counts_as_the_apps(servers: Servers) -> None:
    away = servers.find("away")

    assert away.is_home()
    assert away.is_home_db(11)
    with pytest.raises(ServerAway), away.pool.connection(0):
        pass


def test_an_embedded_server_opens_at_database_0_and_guards_15(settings: Settings, redis_url: str) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "server.json").write_text(
        f'{{"url": "{redis_url.replace("/0", "/15")}"}}', encoding="utf-8"
    )

    own = Servers(replace(settings, redis_url="")).find()

    assert (own.first_db, own.home_db()) == (0, 15)
    assert own.pool.exchange(0, ("SET", "where", 0), ("GET", "where"))[1] == b"0"
    assert own.is_home_db(15)
    assert not own.is_home_db(0)


def test_labels_hold_no_password(servers: Servers, server: PrivateServer) -> None:
    vault = servers.find("vault")

    assert vault.label == f"127.0.0.1:{server.port}"
    assert vault.is_read_only
    assert "sesame" not in repr(vault)


def test_own_prefixes_are_protected_and_those_of_the_settings(settings: Settings) -> None:
    own = Servers(replace(settings, protected_prefixes=("keep:",))).find()

    assert own.protecting(b"thumbapp:v1:job") == b"thumbapp:"
    assert own.protecting(b"keep:it") == b"keep:"
    assert own.protecting(b"mine") is None


def test_databases_and_facts_are_read(servers: Servers, redis_client: redis.Redis) -> None:
    redis_client.mset({"a": 1, "b": 2})

    with servers.find().pool.connection(0) as connection:
        assert databases(connection) == {0: 2}
        assert facts(connection, ["server", "memory"])["run_id"]


def test_a_server_may_not_be_called_as_the_apps_own(settings: Settings) -> None:
    with pytest.raises(BadSetting):
        Servers(replace(settings, servers=(NamedServer("app", "redis://x"),)))


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("a=redis://h:1/2", [("a", "redis://h:1/2", False)]),
        (
            "a=rediss://:p@h b:ro=redis+sentinel://x:1,y:2/m/0",
            [("a", "rediss://:p@h", False), ("b", "redis+sentinel://x:1,y:2/m/0", True)],
        ),
        ("s=unix:///tmp/redis.sock", [("s", "unix:///tmp/redis.sock", False)]),
    ],
)
def test_servers_are_read_from_the_environment(text: str, servers: list[tuple[str, str, bool]]) -> None:
    settings = Settings.from_environ({"THUMBAPP_SERVERS": text})

    assert [(item.name, item.url, item.is_read_only) for item in settings.servers] == servers


@pytest.mark.parametrize(
    "text", ["redis://h", "a=http://h", "a=redis://h a=redis://g", "a b=redis://:sesame@h"]
)
def test_servers_that_cannot_be_read_are_named_without_their_passwords(text: str) -> None:
    with pytest.raises(BadSetting, match="THUMBAPP_SERVERS") as refused:
        Settings.from_environ({"THUMBAPP_SERVERS": text})

    assert "sesame" not in str(refused.value)


def test_prefixes_keep_their_capitals() -> None:
    assert Settings.from_environ({"THUMBAPP_PROTECTED_PREFIXES": "Keep:, x:"}).protected_prefixes == (
        "Keep:",
        "x:",
    )

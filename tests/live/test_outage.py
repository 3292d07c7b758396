"""Streams outlive the server they listen to."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.conftest import PrivateServer, free_port
from tests.live.conftest import LONG_S, NAMESPACE, wait_until
from thumbapp.errors import RedisUnavailable
from thumbapp.live.events import EventLog
from thumbapp.live.hub import Hub


class Outages:
    """A server that can go away, come back empty, and stand still."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._port = free_port()
        self.start()

    def start(self) -> None:
        self._server = PrivateServer(self._binary, self._port, self._folder)
        self._server.wait_until_ready()

    def stop(self) -> None:
        self._server.stop()

    def signal(self, number: int) -> None:
        self._server.process.send_signal(number)

    def connect(self) -> redis.Redis:
        return redis.Redis.from_url(
            self._server.url, protocol=2, socket_timeout=1.5, socket_connect_timeout=1
        )


@pytest.fixture
def outages(server: PrivateServer, tmp_path: Path) -> Iterator[Outages]:
    if not isinstance(server, PrivateServer):
        pytest.skip("the server is lent, and stays as it is")
    outages = Outages(Path(server.process.args[0]), tmp_path)  # type: ignore[index]
    yield outages
    outages.stop()


@pytest.fixture
def hub(outages: Outages) -> Iterator[Hub]:
    hub = Hub(outages.connect, namespace=NAMESPACE, capacity=5)
    yield hub
    hub.close()


def is_refused(hub: Hub) -> bool:
    try:
        hub.subscribe(["job:a"]).close()
    except RedisUnavailable:
        return True
    return False


def test_a_stream_goes_on_after_the_server_came_back_empty(outages: Outages, hub: Hub) -> None:
    stream = hub.subscribe(["job:a"])
    with outages.connect() as client:
        EventLog(client, namespace=NAMESPACE).publish("job:a", "job", {"n": 1})
    first = stream.next(timeout_s=LONG_S)

    outages.stop()
    wait_until(lambda: is_refused(hub))
    outages.start()
    reset = stream.next(timeout_s=LONG_S)
    with outages.connect() as client:
        EventLog(client, namespace=NAMESPACE).publish("job:a", "job", {"n": 2})
    second = stream.next(timeout_s=LONG_S)

    assert [event and event.kind for event in (first, reset, second)] == ["job", "reset", "job"]
    assert not stream.is_over


@pytest.mark.skipif(os.name == "nt", reason="no process can be stopped there")
def test_a_stream_goes_on_after_the_server_stood_still(outages: Outages, hub: Hub) -> None:
    stream = hub.subscribe(["job:a"])

    outages.signal(signal.SIGSTOP)
    wait_until(lambda: is_refused(hub))
    outages.signal(signal.SIGCONT)
    with outages.connect() as client:
        EventLog(client, namespace=NAMESPACE).publish("job:a", "job", {"n": 1})
    event = stream.next(timeout_s=LONG_S)

    assert event is not None
    assert event.payload == {"n": 1}


def test_closing_in_an_outage_ends_streams_at_once(outages: Outages, hub: Hub) -> None:
    stream = hub.subscribe(["job:a"])
    outages.stop()
    wait_until(lambda: is_refused(hub))

    hub.close()

    assert stream.is_over
    assert stream.next(timeout_s=60) is None
    outages.start()

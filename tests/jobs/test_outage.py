"""Whatever the moment at which Redis begins to hang, an upload is accepted whole or not at all."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.conftest import PrivateServer
from tests.jobs.conftest import OWNER, JobParts
from tests.patience import comes_true
from thumbapp.config import Settings
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.model import JobState
from thumbapp.jobs.service import JobService, Upload


class Door:
    """A port that leads to a server and, once shut, delivers what is asked but keeps back the answers."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._changed = threading.Condition()
        self._answers_left: float = float("inf")
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self, *, after: int) -> None:
        """Let *after* more answers through, then none."""
        self._set(after)

    def open(self) -> None:
        """Let everything through."""
        self._set(float("inf"))

    def close(self) -> None:
        """Lead nowhere any more."""
        self.open()
        self._listener.close()

    def _set(self, answers: float) -> None:
        with self._changed:
            self._answers_left = answers
            self._changed.notify_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError), target:
            while chunk := source.recv(65536):
                if is_answer:
                    self._pass()
                target.sendall(chunk)

    def _pass(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._answers_left > 0)
            self._answers_left -= 1


@pytest.fixture
def door(server: PrivateServer) -> Iterator[Door]:
    door = Door(server.port)
    yield door
    door.close()


@pytest.fixture
def service(parts: JobParts, settings: Settings, door: Door) -> Iterator[JobService]:
    """Return a service that reaches Redis through the door, its queue too."""
    client: redis.Redis = redis.Redis(
        host="127.0.0.1",
        port=door.port,
        protocol=2,
        driver_info=None,
        socket_timeout=0.15,
        socket_keepalive=False,  # fails on some Windows set-ups
        retry=Retry(NoBackoff(), 0),
    )

    def enqueue(job_id: str, *, run_id: str) -> None:
        client.rpush("runs", run_id)

    yield JobService(settings, ledger=Ledger.from_settings(settings, client), enqueue=enqueue)
    client.close()


def left(parts: JobParts, client: redis.Redis) -> list[bytes]:
    """Return every key that tells of a job or a batch."""
    numbers = parts.settings.namespace.encode() + b"jobs:number"
    kept = {numbers, parts.settings.namespace.encode() + b"events", b"runs"}
    return [key for key in client.scan_iter() if key not in kept]


@pytest.mark.parametrize("files", [1, 2], ids=["one picture", "a batch"])
def test_a_hang_at_any_moment_leaves_no_part_of_an_upload(
    parts: JobParts, service: JobService, door: Door, redis_client: redis.Redis, photo: bytes, files: int
) -> None:
    failures = 0
    is_accepted = False
    while not is_accepted:
        door.shut(after=failures)
        uploads = [Upload("a.jpg", io.BytesIO(photo)) for _ in range(files)]

        try:
            service.submit(uploads, Recipe.parse(sizes="128"), owner=OWNER)
        except redis.RedisError:
            failures += 1
            door.open()
            assert parts.folders() == []
            assert comes_true(lambda: not left(parts, redis_client)), left(parts, redis_client)
        else:
            is_accepted = True
    door.open()

    assert failures >= 4
    assert len(parts.folders()) == files


def test_a_retry_that_could_not_be_queued_leaves_the_job_as_it_was(
    parts: JobParts, service: JobService, door: Door, photo: bytes
) -> None:
    (job,) = parts.submit(("a.jpg", photo))
    cancelled = parts.service.cancel(job.id, actor=OWNER)
    failures = 0
    is_queued = False
    while not is_queued:
        door.shut(after=failures)
        try:
            is_queued = service.retry(job.id, actor=OWNER).state is JobState.QUEUED
        except redis.RedisError:
            failures += 1
            door.open()
            assert comes_true(lambda: parts.service.find(job.id) == cancelled)
    door.open()

    assert failures > 2
    assert parts.service.find(job.id).attempt == 2

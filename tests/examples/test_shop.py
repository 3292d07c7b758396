"""The example of docs/use-in-your-app.md: another app's tasks, real workers, and the monitor around them."""

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from tests.patience import comes_true

ROOT = Path(__file__).resolve().parents[2]
STAFF = ("ala", "open sesame")
pytestmark = pytest.mark.usefixtures("redis_client")


@pytest.fixture
def shop(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the example, as a process has it that was started with its three variables."""
    monkeypatch.setenv("SHOP_REDIS", redis_url)
    monkeypatch.setenv("SHOP_SECRET", "pearls")
    monkeypatch.setenv("SHOP_STAFF", STAFF[1])
    monkeypatch.syspath_prepend(str(ROOT))
    sys.modules.pop("examples.shop", None)
    shop = importlib.import_module("examples.shop")
    yield shop
    shop.huey.close()


@pytest.fixture
def client(shop: Any) -> FlaskClient:
    found: FlaskClient = shop.app.test_client()
    return found


@pytest.fixture
def work(shop: Any) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Return what starts a worker with Huey's own script."""
    started: list[subprocess.Popen[bytes]] = []
    assert shop

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "huey.bin.huey_consumer", "examples.shop.huey", "-w", "1"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def place(client: FlaskClient, order: int, **form: str) -> str:
    """Order something; return the id of the invoice's task."""
    answer = client.post(f"/orders/{order}", data={"email": "ala@example.org"} | form)
    assert answer.status_code == 202
    return answer.text


def task(client: FlaskClient, task_id: str) -> Any:
    return client.get(f"/monitor/api/v1/tasks/{task_id}", auth=STAFF).get_json()


def test_its_tasks_are_run_by_its_worker_and_seen_in_the_monitor(
    client: FlaskClient, work: Callable[[], Any]
) -> None:
    work()

    invoice = place(client, 7)

    assert comes_true(lambda: task(client, invoice)["state"] == "done")
    assert task(client, invoice)["result"] == "invoice 7 sent to ala@example.org"
    assert "send invoice" in client.get("/monitor/tasks", auth=STAFF).text
    assert "1 of" not in client.get("/monitor/workers", auth=STAFF).text
    assert "(order: int, email: str, seconds: float = 0)" in client.get("/monitor/overview", auth=STAFF).text


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_worker_that_is_killed_loses_it_nothing(client: FlaskClient, work: Callable[[], Any]) -> None:
    victim = work()
    invoice = place(client, 8, seconds="1.5")
    assert comes_true(lambda: task(client, invoice)["state"] == "running")

    victim.send_signal(signal.SIGKILL)
    work()

    assert comes_true(lambda: task(client, invoice)["state"] == "done")
    assert task(client, invoice)["attempts"] == 2


def test_only_the_staff_gets_in(client: FlaskClient, redis_client: redis.Redis) -> None:
    answers = [
        client.get("/monitor/tasks"),
        client.get("/monitor/tasks", auth=("ala", "guess")),
        client.post("/monitor/api/v1/queues/normal/pause"),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert not redis_client.exists("shop:paused")

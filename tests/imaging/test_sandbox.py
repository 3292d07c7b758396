"""Rendering in children: one bad picture fails its own job and leaves everything else as it was."""

import ctypes
import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.imaging import misbehaving
from tests.imaging.scenes import rendered, scene
from tests.patience import comes_true
from thumbapp.errors import (
    BrokenPicture,
    NotAPicture,
    RenderCancelled,
    RenderCrashed,
    RenderFailed,
    RenderOutOfMemory,
    RenderStopped,
    RenderTimeout,
)
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition
from thumbapp.imaging.render_plan import plan_render
from thumbapp.imaging.sandbox import Sandbox
from thumbapp.taskqueue.workers import BEAT_EVERY_S

Open = Callable[..., Sandbox]
RECIPE = Recipe.parse(sizes="128,64,32")
NO_LIMIT_OF_MEMORY = {"render-crashed"} if sys.platform == "win32" else set()


def children() -> int:
    return len(multiprocessing.active_children())


@pytest.fixture
def opened() -> Iterator[Open]:
    """Return a function that makes a started sandbox, stopped after the test."""
    made: list[Sandbox] = []

    def make(*, workers: int = 2, **options: object) -> Sandbox:
        options = {"limits": Limits()} | options
        sandbox = Sandbox(workers=workers, **options)  # type: ignore[arg-type] # by name
        sandbox.start()
        made.append(sandbox)
        return sandbox

    yield make
    for sandbox in made:
        sandbox.stop()


@pytest.fixture
def heart() -> Iterator[list[float]]:
    """Return the times at which a thread of this process came to its turn, which it wants all the time."""
    beats, stop = [time.monotonic()], threading.Event()

    def beat() -> None:
        while not stop.wait(0.02):
            beats.append(time.monotonic())

    thread = threading.Thread(target=beat)
    thread.start()
    yield beats
    stop.set()
    thread.join()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes a picture of the name it is given."""

    def make(name: str) -> Path:
        scene().save(tmp_path / name, "JPEG")
        return tmp_path / name

    return make


def test_child_makes_what_the_plain_function_makes(opened: Open, picture: Callable[[str], Path]) -> None:
    source = picture("a.jpg")
    reported: list[Rendition] = []

    made = opened().render(source, RECIPE, folder=source.parent, on_rendition=reported.append)

    assert made == rendered(source, source.parent, sizes="128,64,32")
    assert reported == made


def test_children_are_reused(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("a.jpg"), opened()

    for _ in range(5):
        sandbox.render(source, RECIPE, folder=source.parent)

    assert children() == 1


def test_no_child_runs_before_there_is_work(opened: Open) -> None:
    opened()

    assert children() == 0


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"no picture", NotAPicture), (b"\x89PNG\r\n\x1a\n", BrokenPicture)],
    ids=["text", "cut"],
)
def test_refusals_arrive_as_they_are(
    content: bytes, error: type[Exception], opened: Open, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(content)

    with pytest.raises(error, match=r"\.$"):
        opened().render(tmp_path / "a", RECIPE, folder=tmp_path)


def test_damage_found_by_the_child_arrives_with_its_sentence(
    opened: Open, picture: Callable[[str], Path]
) -> None:
    source = picture("cut.jpg")
    source.write_bytes(source.read_bytes()[:3000])

    with pytest.raises(BrokenPicture, match="damaged or cut off"):
        opened().render(source, RECIPE, folder=source.parent)


def test_a_child_that_dies_fails_its_job_alone(opened: Open, picture: Callable[[str], Path]) -> None:
    sandbox = opened(work=misbehaving.die)
    sources = [picture(f"{name}{number}.jpg") for number in range(3) for name in ("die", "fine")]

    def outcome(source: Path) -> str:
        folder = source.parent / source.stem
        folder.mkdir()
        try:
            return str(len(sandbox.render(source, RECIPE, folder=folder)))
        except RenderCrashed:
            return "crashed"

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(outcome, sources))

    assert outcomes == ["crashed", "3"] * 3


def test_a_child_that_hangs_is_ended(opened: Open, picture: Callable[[str], Path]) -> None:
    sandbox = opened(work=misbehaving.hang, limits=Limits(max_seconds=0.5))

    with pytest.raises(RenderTimeout, match=r"longer than 0\.5 s"):
        sandbox.render(picture("hang.jpg"), RECIPE, folder=picture("hang.jpg").parent)

    assert comes_true(lambda: children() == 0)
    assert len(sandbox.render(picture("fine.jpg"), RECIPE, folder=picture("fine.jpg").parent)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of address space here")
def test_a_child_out_of_memory_fails_its_job_alone(
    opened: Open, picture: Callable[[str], Path], tmp_path: Path
) -> None:
    sandbox = opened(work=misbehaving.devour, limits=Limits(max_decode_bytes=100 * 10**6))

    with pytest.raises(RenderOutOfMemory, match="of memory to be read"):
        sandbox.render(picture("devour.jpg"), RECIPE, folder=tmp_path)

    assert len(sandbox.render(picture("fine.jpg"), RECIPE, folder=tmp_path)) == 3


def test_misfortune_stays_with_its_job_and_the_heart_beats_on(
    opened: Open, picture: Callable[[str], Path], heart: list[float]
) -> None:
    limits = Limits(max_seconds=2, max_decode_bytes=200 * 10**6)
    sandbox = opened(work=misbehaving.do_whatever, workers=4, limits=limits)
    names = ["die", "fine", "hang", "fine2", "devour", "fine3", "die2", "fine4"]

    def outcome(name: str) -> str:
        folder = picture(f"{name}.jpg").parent / name
        folder.mkdir()
        try:
            return str(len(sandbox.render(folder.parent / f"{name}.jpg", RECIPE, folder=folder)))
        except RenderFailed as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        outcomes = dict(zip(names, threads.map(outcome, names), strict=True))

    assert {name: outcomes[name] for name in names if name.startswith("fine")} == dict.fromkeys(
        ("fine", "fine2", "fine3", "fine4"), "3"
    )
    assert outcomes["die"] == outcomes["die2"] == "render-crashed"
    assert outcomes["hang"] == "render-timeout"
    assert outcomes["devour"] in {"render-memory", "render-timeout", *NO_LIMIT_OF_MEMORY}
    assert max(later - earlier for earlier, later in pairwise(heart)) < BEAT_EVERY_S


def test_a_picture_that_needs_more_than_most_waits_for_memory(
    opened: Open, picture: Callable[[str], Path], tmp_path: Path
) -> None:
    limits = Limits(max_decode_bytes=40 * 10**6)
    sandbox = opened(workers=3, limits=limits)
    large = tmp_path / "large.png"
    scene(2500, 2000).save(large)
    sources = [large, picture("a.jpg")] * 3

    def job(numbered: tuple[int, Path]) -> int:
        folder = tmp_path / str(numbered[0])
        folder.mkdir()
        return len(sandbox.render(numbered[1], RECIPE, folder=folder))

    with ThreadPoolExecutor(6) as threads:
        counts = list(threads.map(job, enumerate(sources)))

    assert plan_render(probe(large, limits=limits), RECIPE, limits=limits).memory_bytes > 20 * 10**6
    assert counts == [3] * 6


def test_a_damaged_picture_writes_nothing_into_the_log(
    opened: Open, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.tif"
    scene().save(source, compression="tiff_adobe_deflate")
    source.write_bytes(source.read_bytes()[:8] + b"\xff\xff" + source.read_bytes()[10:])

    with pytest.raises(BrokenPicture):
        opened().render(source, RECIPE, folder=tmp_path)

    assert capfd.readouterr() == ("", "")


def test_an_error_of_the_system_arrives_as_one(opened: Open, picture: Callable[[str], Path]) -> None:
    source = picture("a.jpg")

    with pytest.raises(OSError, match=os.strerror(errno.ENOENT)) as caught:
        opened().render(source, RECIPE, folder=source.parent / "missing")

    assert caught.value.errno == errno.ENOENT


def test_cancelling_ends_the_child(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("a.jpg"), opened(work=misbehaving.linger)
    seen: list[Rendition] = []

    with pytest.raises(RenderCancelled):
        sandbox.render(
            source, RECIPE, folder=source.parent, on_rendition=seen.append, is_cancelled=lambda: bool(seen)
        )

    assert comes_true(lambda: children() == 0)


def test_stopping_frees_the_waiting_threads(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("hang.jpg"), opened(work=misbehaving.hang, workers=1)
    started = threading.Barrier(3)

    def outcome() -> str:
        started.wait(10)
        try:
            sandbox.render(source, RECIPE, folder=source.parent)
        except RenderStopped:
            return "stopped"
        return "done"

    with ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(outcome) for _ in range(2)]
        started.wait(10)
        comes_true(lambda: children() == 1)
        sandbox.stop()
        outcomes = [future.result(10) for future in futures]

    assert outcomes == ["stopped", "stopped"]
    assert children() == 0


def test_a_stopped_sandbox_refuses(opened: Open, picture: Callable[[str], Path]) -> None:
    sandbox = opened()
    sandbox.stop()

    with pytest.raises(RenderStopped):
        sandbox.render(picture("a.jpg"), RECIPE, folder=picture("a.jpg").parent)


def test_idle_children_end_and_come_back(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("a.jpg"), opened(idle_s=0.1)
    sandbox.render(source, RECIPE, folder=source.parent)

    assert comes_true(lambda: children() == 0)
    assert len(sandbox.render(source, RECIPE, folder=source.parent)) == 3


def test_children_are_recycled(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("a.jpg"), opened(jobs_per_child=2)
    pids = set()

    for _ in range(5):
        sandbox.render(source, RECIPE, folder=source.parent)
        pids |= {child.pid for child in multiprocessing.active_children()}

    assert len(pids) >= 2


def test_a_child_killed_while_idle_costs_no_job(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("a.jpg"), opened()
    sandbox.render(source, RECIPE, folder=source.parent)
    for child in multiprocessing.active_children():
        child.kill()

    assert len(sandbox.render(source, RECIPE, folder=source.parent)) == 3


def test_many_threads_share_few_children(opened: Open, picture: Callable[[str], Path]) -> None:
    source, sandbox = picture("a.jpg"), opened(workers=2)

    def job(number: int) -> int:
        folder = source.parent / str(number)
        folder.mkdir()
        return len(sandbox.render(source, RECIPE, folder=folder))

    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(job, range(24)))

    assert counts == [3] * 24
    assert children() <= 2


PARENT = """
    import multiprocessing
    import sys
    import threading
    import time
    from pathlib import Path

    def main():
        from tests.imaging import misbehaving
        from thumbapp.imaging.limits import Limits
        from thumbapp.imaging.recipe import Recipe
        from thumbapp.imaging.sandbox import Sandbox

        sandbox = Sandbox(workers=1, limits=Limits(max_seconds=3), work=misbehaving.hang)
        source = Path(sys.argv[1])
        job = lambda: sandbox.render(source, Recipe.parse(sizes="32"), folder=source.parent)
        threading.Thread(target=job, daemon=True).start()
        signs = [source.with_name(name) for name in ("32x32.jpg", "hanging")]
        while not any(sign.exists() for sign in signs):
            time.sleep(0.02)
        print(multiprocessing.active_children()[0].pid, flush=True)
        time.sleep(600)

    if __name__ == "__main__":
        main()
"""


def is_alive(pid: int) -> bool:
    if sys.platform != "win32":
        listed = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")
    kernel, synchronize, running = ctypes.windll.kernel32, 0x00100000, 0x102
    handle = kernel.OpenProcess(synchronize, False, pid)
    try:
        return bool(handle) and kernel.WaitForSingleObject(handle, 0) == running
    finally:
        kernel.CloseHandle(handle)


@pytest.fixture
def worker(tmp_path: Path, picture: Callable[[str], Path]) -> Iterator[Callable[[str], tuple[Any, int]]]:
    """Return a function that starts a process with a sandbox, at work on a picture of that name.

    It gives the process and the id of its child.
    """
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(PARENT), encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    started = []

    def start(name: str) -> tuple[Any, int]:
        command = [sys.executable, str(script), str(picture(name))]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env))
        return started[-1], int(started[-1].stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["fine.jpg", "hang.jpg"], ids=["idle", "in a decoder that hangs"])
def test_no_child_outlives_a_killed_worker(name: str, worker: Callable[[str], tuple[Any, int]]) -> None:
    process, child = worker(name)
    was_alive = is_alive(child)

    process.kill()

    assert was_alive
    assert comes_true(lambda: not is_alive(child))


@pytest.mark.skipif(sys.platform != "linux", reason="only here the kernel ends a stopped child")
def test_no_stopped_child_outlives_a_killed_worker(worker: Callable[[str], tuple[Any, int]]) -> None:
    process, child = worker("fine.jpg")
    os.kill(child, signal.SIGSTOP)

    process.kill()

    assert comes_true(lambda: not is_alive(child))


@pytest.mark.skipif(sys.platform == "win32", reason="no signal stops a process here")
def test_a_child_that_a_signal_stopped_ends_with_the_sandbox(
    opened: Open, picture: Callable[[str], Path]
) -> None:
    source, sandbox = picture("a.jpg"), opened()
    sandbox.render(source, RECIPE, folder=source.parent)
    (child,) = multiprocessing.active_children()
    os.kill(child.pid, signal.SIGSTOP)

    sandbox.stop()

    assert not is_alive(child.pid)


def test_importing_imaging_brings_in_no_web_and_no_queue() -> None:
    code = (
        "import sys, thumbapp.imaging.sandbox as s, thumbapp.imaging.archive;"
        "print(sorted({'flask', 'huey', 'redis', 'orjson', 'tzlocal'} & set(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "[]"

"""What rendering in a child costs over rendering in the thread. Linux only.

``python -m benchmarks.imaging_sandbox [--rounds 30]`` renders a small picture both ways in turn and prints
the medians of CPU time, the child's included, and of the clock; then what a child weighs, how long it takes
to start and to end.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import render
from thumbapp.imaging.sandbox import Sandbox

JOBS_A_ROUND = 1


def children_cpu_ms() -> float:
    """Return the CPU time that the children of this process have taken so far."""
    files = [Path(f"/proc/{child.pid}/schedstat") for child in multiprocessing.active_children()]
    return sum(int(file.read_text(encoding="ascii").split()[0]) for file in files) / 1e6


def cost(job: Callable[[], object], *, times: int = JOBS_A_ROUND) -> tuple[float, float]:
    """Return the CPU and the clock time of *job* in ms, both as a mean of a few."""
    started, cpu = time.perf_counter(), time.process_time() * 1000 + children_cpu_ms()
    for _ in range(times):
        job()
    used = time.process_time() * 1000 + children_cpu_ms() - cpu
    return used / times, (time.perf_counter() - started) * 1000 / times


def measure(sandbox: Sandbox, folder: Path, rounds: int) -> None:
    """Print what a job costs in the thread and in a child."""
    recipe, limits = Recipe.parse(sizes="128"), Limits()
    source = folder / "rob.jfif"
    Image.effect_noise((200, 253), 50).convert("RGB").save(source, "JPEG")

    def in_thread() -> object:
        return render(source, recipe, folder=folder, limits=limits)

    def in_child() -> object:
        return sandbox.render(source, recipe, folder=folder)

    print(f"first job, with the start of a child: {cost(in_child, times=1)[1]:.0f} ms")
    pairs = [(cost(in_thread), cost(in_child)) for _ in range(rounds)]
    for number, what in enumerate(("CPU", "clock")):
        thread, child = (statistics.median(pair[way][number] for pair in pairs) for way in (0, 1))
        extra = statistics.median(pair[1][number] - pair[0][number] for pair in pairs)
        print(f"a small job, {what}: {thread:.2f} ms in the thread, {child:.2f} in a child, {extra:.2f} more")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    sandbox = Sandbox(workers=1, limits=Limits())
    sandbox.start()
    with tempfile.TemporaryDirectory() as name:
        measure(sandbox, Path(name), rounds)
    for process in multiprocessing.active_children():
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        print(f"a child's memory: {int(status.split('VmRSS:')[1].split()[0]) / 1024:.0f} MiB")
    print(f"stop: {cost(sandbox.stop, times=1)[1]:.0f} ms")


if __name__ == "__main__":
    main()

"""What rendering in a child costs over rendering in the thread.

``python -m benchmarks.imaging_sandbox [--rounds 300]`` renders one small picture in both ways in turn and
prints the medians; then what a child weighs and how long it takes to start.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def timed(job: Callable[[], object]) -> float:
    """Return how many milliseconds *job* takes."""
    started = time.perf_counter()
    job()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Print the figures."""
    from PIL import Image

    from thumbapp.imaging.limits import Limits
    from thumbapp.imaging.recipe import Recipe
    from thumbapp.imaging.render import render
    from thumbapp.imaging.sandbox import Sandbox

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    recipe, limits = Recipe.parse(sizes="128"), Limits()
    sandbox = Sandbox(workers=1, timeout_s=60, limits=limits)
    sandbox.start()
    print(f"start of a child: {timed(sandbox.warm):.0f} ms")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "rob.jfif"
        Image.effect_noise((200, 253), 50).convert("RGB").save(source, "JPEG")
        pairs = [
            (
                timed(lambda: render(source, recipe, folder=folder, limits=limits)),
                timed(lambda: sandbox.render(source, recipe, folder=folder)),
            )
            for _ in range(rounds)
        ]
    direct, child = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"a job of 200x253 in the thread: {direct:.2f} ms")
    print(f"the same in a child: {child:.2f} ms, which is {child - direct:.2f} ms more")
    for process in multiprocessing.active_children():
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            print(f"a child's memory: {int(status.read_text().split('VmRSS:')[1].split()[0]) / 1024:.0f} MiB")
    print(f"stop: {timed(sandbox.stop):.0f} ms")


if __name__ == "__main__":
    main()

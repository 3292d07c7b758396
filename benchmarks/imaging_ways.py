"""What it would take to hold the promises of ``fast`` that do not hold: other ways, and where time goes.

``python -m benchmarks.imaging_ways --work FOLDER [--write]`` takes the pictures that `benchmarks.thumbnails`
has made in FOLDER, prints two tables, and writes them into docs/benchmarks.md when asked. The ways take turns
in every round on one core, with the memory that a child of the sandbox has; the least CPU time counts.
"""

import argparse
import datetime
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.figures import put
from benchmarks.imaging_peers import SIZES, encode, exact, floor
from benchmarks.imaging_quality import psnr
from benchmarks.imaging_tables import table
from thumbapp.imaging.child import environment
from thumbapp.imaging.colour import to_srgb
from thumbapp.imaging.geometry import Box
from thumbapp.imaging.resize import resize, resize_exactly

_WIDE, _DETAILED = "photo12-p3.jpg", "fine24.jpg"
Way = Callable[[Image.Image, tuple[int, int], bytes], Image.Image]


def _whole(image: Image.Image) -> Box:
    return Box(0, 0, image.width, image.height)


def scale_then_convert(image: Image.Image, size: tuple[int, int], profile: bytes) -> Image.Image:
    """Do as `fast` does."""
    return to_srgb(resize(image, size, box=_whole(image)), profile)


def scale_exactly_then_convert(image: Image.Image, size: tuple[int, int], profile: bytes) -> Image.Image:
    """Round once after scaling, not after each direction."""
    return to_srgb(resize_exactly(image, size, box=_whole(image)), profile)


def convert_between_directions(image: Image.Image, size: tuple[int, int], profile: bytes) -> Image.Image:
    """Scale down, convert, scale across."""
    low = to_srgb(resize(image, (image.width, size[1]), box=_whole(image)), profile)
    return resize(low, size, box=_whole(low))


def convert_then_scale(image: Image.Image, size: tuple[int, int], profile: bytes) -> Image.Image:
    """Do as sharp does."""
    return resize(to_srgb(image, profile), size, box=_whole(image))


WAYS: dict[str, Way] = {
    "scale, convert (as it is)": scale_then_convert,
    "scale without rounding, convert": scale_exactly_then_convert,
    "scale down, convert, scale across": convert_between_directions,
    "convert, scale": convert_then_scale,
}


def drafted(path: Path, draft: int) -> Image.Image:
    """Return the picture at *path* decoded *draft* times smaller."""
    with Image.open(path) as picture:
        picture.draft(None, (picture.width // draft, picture.height // draft))
        picture.load()
        return picture


def thumbnails(path: Path, way: Way) -> Image.Image:
    """Make all sizes of a picture in wide colours, the largest by *way*; return that."""
    image = drafted(path, 2)
    largest = step = way(image, (SIZES[0], SIZES[0] * image.height // image.width), image.info["icc_profile"])
    encode(largest, _job(path))
    for size in SIZES[1:]:
        step = resize(step, (size, size * image.height // image.width), box=_whole(step))
        encode(step, _job(path))
    return largest


def least_ms(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least CPU time of each of *jobs*, which take turns."""
    found = dict.fromkeys(jobs, float("inf"))
    for _ in range(rounds):
        for name, job in jobs.items():
            before = time.process_time()
            job()
            found[name] = min(found[name], (time.process_time() - before) * 1000)
    return found


def wide_colours(path: Path, rounds: int) -> str:
    """Return the table of the ways from wide colours to sRGB."""
    with Image.open(path) as picture:
        whole = to_srgb(picture.convert("RGB"), picture.info["icc_profile"])
    wanted = exact(whole, (SIZES[0], SIZES[0] * whole.height // whole.width))
    jobs: dict[str, Callable[[], object]] = {
        name: lambda way=way: thumbnails(path, way) for name, way in WAYS.items()
    }
    spent = least_ms({"floor": lambda: floor(_job(path)), **jobs}, rounds)
    rows = [
        [
            name,
            f"{psnr(thumbnails(path, way), wanted):.2f}",
            f"{spent[name]:.0f}",
            f"{spent[name] / spent['floor']:.2f}",
        ]
        for name, way in WAYS.items()
    ]
    return table(["way, 12 MP Display-P3", f"dB at {SIZES[0]} px", "CPU ms", "of the floor"], rows)


def _job(path: Path) -> dict[str, Any]:
    return {"path": str(path), "sizes": SIZES, "format": "jpeg"}


def entropy(path: Path, rounds: int) -> str:
    """Return the table of where the floor's time goes on a detailed picture."""
    spent = least_ms(
        {
            "the floor": lambda: floor(_job(path)),
            "decoding 4 times smaller": lambda: drafted(path, 4),
            "decoding 8 times smaller: hardly more than reading the codes": lambda: drafted(path, 8),
        },
        rounds,
    )
    rows = [[name, f"{ms:.0f}", f"{ms / spent['the floor']:.2f}"] for name, ms in spent.items()]
    return table(["part, 24 MP 4:4:4 detailed", "CPU ms", "of the floor"], rows)


def main() -> None:
    """Print the tables, and write them into the page when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="has the pictures of benchmarks.thumbnails")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md as well")
    options = parser.parse_args()
    as_a_child = environment(os.environ)
    if as_a_child:
        command = [sys.executable, "-m", "benchmarks.imaging_ways", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | as_a_child)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pictures = options.work / "set"
    text = "\n\n".join(
        (
            f"{datetime.datetime.now(tz=datetime.UTC):%d %B %Y}, {os.cpu_count()} cores,"
            f" Python {platform.python_version()}, the least of {options.rounds} rounds:",
            wide_colours(pictures / _WIDE, options.rounds),
            entropy(pictures / _DETAILED, options.rounds),
        )
    )
    print(text)
    if options.write:
        put("imaging_ways", text)


if __name__ == "__main__":
    main()

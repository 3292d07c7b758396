"""Compare our thumbnails with other engines: CPU, memory, bytes and quality, in one interleaved run.

``python -m benchmarks.thumbnails --work FOLDER [--sharp FOLDER] [--pillow-simd PYTHON] [--write]`` prints the
figures of docs/benchmarks.md, and writes them there. FOLDER keeps the pictures; the sharp folder is one where
``npm install sharp`` has run; pyvips takes part where it is installed. Each engine is a process of its own,
pinned to one core, and takes its turn in every round; the least CPU time of all rounds counts.
"""

import argparse
import datetime
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import PIL
from PIL import Image

from benchmarks import imaging_tables as tables
from benchmarks.figures import put
from benchmarks.imaging_peers import SIZES
from benchmarks.imaging_pictures import Picture, fetch, photographs, picture_set
from benchmarks.imaging_promises import promises, promises_table
from benchmarks.imaging_quality import compare
from benchmarks.imaging_tables import OURS, PLAIN, SHARP, SMALL_PAGES
from thumbapp.imaging.child import environment

LIGHT = "24 MP 4:2:0"


class Peer:
    """An engine's process: a job in, its CPU time out."""

    def __init__(self, name: str, command: Sequence[str], *, folder: Path, scratch: Path) -> None:
        self.name = name
        self._scratch = scratch
        pinned = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
        # as a child of the sandbox has it; the floor too, to be the harder to reach
        is_ours = name == "floor" or (name.startswith("ours") and name != SMALL_PAGES)
        self._process = subprocess.Popen(
            pinned,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | {"VIPS_CONCURRENCY": "1"} | (environment(os.environ) if is_ours else {}),
        )

    def run(self, path: Path, *, format: str = "jpeg", out: Path | None = None) -> dict[str, Any]:
        """Return CPU time in ms, bytes written and the process's peak memory after one job."""
        job = {"peer": self.name, "path": str(path), "sizes": SIZES, "format": format}
        job |= {"out": str(out) if out else "", "scratch": str(self._scratch)}
        for left in self._scratch.iterdir():
            left.unlink()
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the engine has no pipes")
        stdin.write(json.dumps(job) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    def end(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(10)


def peers(work: Path, options: argparse.Namespace) -> list[Peer]:
    """Return the engines that can run here."""
    scratch = work / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    home = Path(__file__).resolve().parent.parent
    python = [sys.executable, "-m", "benchmarks.imaging_peers"]
    commands = dict.fromkeys((*OURS, SMALL_PAGES, "floor", "copy().thumbnail()"), python)
    commands[PLAIN] = [*python, "--no-fast-resizer"]
    if options.pillow_simd:
        commands["ours default on pillow-simd"] = [
            str(options.pillow_simd.absolute()),
            *python[1:],
            "--no-fast-resizer",
        ]
    if importlib.util.find_spec("pyvips"):
        commands["pyvips cascade"] = python
    commands["reference"] = python
    found = [Peer(name, command, folder=home, scratch=scratch) for name, command in commands.items()]
    if options.sharp is not None:
        script = str(shutil.copy(Path(__file__).with_name("imaging_sharp.mjs"), options.sharp))
        found += [Peer(name, ["node", script], folder=options.sharp, scratch=scratch) for name in SHARP]
    return found


def measure(engines: Sequence[Peer], picture: Picture, *, rounds: int) -> dict[str, dict[str, float]]:
    """Return each engine's least CPU time, its bytes and its peak memory on one picture."""
    format = {".png": "png", ".webp": "webp"}.get(picture.path.suffix, "jpeg")
    rows: dict[str, list[dict[str, Any]]] = {engine.name: [] for engine in engines}
    for turn in range(rounds):
        # who comes first finds memory that the system, or what it runs in, has just taken back
        first = turn % len(engines)
        for engine in (*engines[first:], *engines[:first]):
            if engine.name == "reference" or (engine.name == "floor" and format != "jpeg"):
                continue
            rows[engine.name].append(engine.run(picture.path, format=format))
    return {
        name: {
            "cpu_ms": min(row["cpu_ms"] for row in answers),
            "median_ms": statistics.median(row["cpu_ms"] for row in answers),
            "bytes": answers[0]["bytes"],
        }
        for name, answers in rows.items()
        if answers
    }


def qualities(engines: Sequence[Peer], picture: Picture, work: Path) -> dict[str, list[tuple[float, float]]]:
    """Return each engine's PSNR and SSIM at each size, against Lanczos from the whole picture."""
    folders = {engine.name: work / "out" / engine.name.replace(" ", "-") for engine in engines}
    for engine in engines:
        folders[engine.name].mkdir(parents=True, exist_ok=True)
        if engine.name != "floor":
            engine.run(picture.path, out=folders[engine.name])
    return {
        name: [compare(folder, folders["reference"], size) for size in SIZES]
        for name, folder in folders.items()
        if name not in {"floor", "reference"}
    }


def peaks(
    pictures: Sequence[Picture], work: Path, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return each engine's peak memory above idle in MiB on each picture, every time in a fresh process."""
    found: dict[str, dict[str, float]] = {}
    for picture in pictures:
        for engine in peers(work, options):
            tiny = engine.run(_tiny(work))["peak"]
            if engine.name != "reference":
                above = (engine.run(picture.path)["peak"] - tiny) / 2**20
                found.setdefault(picture.name, {})[engine.name] = above
            engine.end()
    return found


def _tiny(work: Path) -> Path:
    """Return a picture that costs nothing, to have everything imported before memory is read."""
    path = work / "tiny.jpg"
    if not path.exists():
        Image.new("RGB", (64, 64)).save(path)
    return path


def parsed() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="keeps the pictures")
    parser.add_argument("--photos", type=Path, help="has photographs; unset: fetched by apt-get")
    parser.add_argument("--sharp", type=Path, help="where npm install sharp has run")
    parser.add_argument("--pillow-simd", type=Path, help="a Python that has pillow-simd")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="a word in the name of the pictures to take")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md as well")
    return parser.parse_args()


def main() -> None:
    """Print the figures, and write them into the page when asked."""
    options = parsed()
    work = options.work.absolute()
    photos = options.photos or fetch(work)
    pictures = [p for p in picture_set(work / "set", photos=photos) if options.only in p.name]
    engines = peers(work, options)
    names = [engine.name for engine in engines if engine.name != "reference"]
    speeds = {p.name: measure(engines, p, rounds=options.rounds) for p in pictures}
    quality = {p.name: qualities(engines, p, work) for p in pictures}
    every = [] if options.only else photographs(photos)
    few = [engine for engine in engines if engine.name in {*OURS, SHARP[1], "reference"}]
    natural = {p.name: qualities(few, p, work) for p in every}
    for engine in engines:
        engine.end()
    memory = peaks([p for p in pictures if p.name.startswith("24 MP")], work, options)
    text = page(options.rounds, names, speeds, quality, natural, memory)
    print(text)
    if options.write:
        put("thumbnails", text)


def page(
    rounds: int,
    names: Sequence[str],
    speeds: tables.Results,
    quality: tables.Qualities,
    natural: tables.Qualities,
    memory: Mapping[str, Mapping[str, float]],
) -> str:
    """Return the figures as Markdown: the promises first, then the tables that they come from."""
    above_idle = {name: row[OURS[1]] for name, row in memory.items() if name == LIGHT}
    made = promises(speeds, {**quality, **natural}, above_idle)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    peak = {picture: {name: {"mib": value} for name, value in row.items()} for picture, row in memory.items()}
    parts = {
        "": f"Measured on {today:%d %B %Y}: {platform.system()} on {platform.machine()}, {os.cpu_count()}"
        f" cores, Python {platform.python_version()}, Pillow {PIL.__version__}; one core, the least of"
        f" {rounds} rounds in which each engine had its turn.",
        "Promises, the tightest first": promises_table(made),
        "CPU, ms a job": tables.figures(speeds, names, of="cpu_ms"),
        "Ratios of CPU": tables.ratios(speeds),
        "Bytes of the five thumbnails, KiB": tables.figures(speeds, names, of="bytes", per=1024),
        "Quality, PSNR in dB, the worst first": tables.quality(quality),
        "Photographs as they are, least PSNR in dB, the worst first": tables.photographs(natural, SHARP[1]),
        "Peak memory above idle, MiB": tables.figures(peak, names, of="mib"),
    }
    return "\n\n".join(f"### {title}\n\n{part}" if title else part for title, part in parts.items())


if __name__ == "__main__":
    main()

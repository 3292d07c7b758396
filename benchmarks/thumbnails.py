"""Compare our thumbnails with other engines: CPU, memory, bytes and quality, in one interleaved run.

``python -m benchmarks.thumbnails --work FOLDER [--sharp FOLDER]`` prints docs/benchmarks.md. FOLDER keeps the
pictures; the sharp folder is one where ``npm install sharp`` has run. Each engine is a process of its
own, pinned to one core, and takes its turn in every round; the least CPU time of all rounds counts.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.imaging_peers import SIZES
from benchmarks.imaging_pictures import Picture, fetch, picture_set
from benchmarks.imaging_quality import compare

OURS = ("ours fast", "ours default", "ours best")
SHARP = ("sharp cascade", "sharp usual")
MISSING = "-"


class Peer:
    """An engine's process: a job in, its CPU time out."""

    def __init__(self, name: str, command: Sequence[str], *, folder: Path, scratch: Path) -> None:
        self.name = name
        self._scratch = scratch
        pinned = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
        self._process = subprocess.Popen(
            pinned, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def run(self, path: Path, *, format: str = "jpeg", out: Path | None = None) -> dict[str, Any]:
        """Return CPU time in ms, bytes written and the process's peak memory after one job."""
        job = {"peer": self.name, "path": str(path), "sizes": SIZES, "format": format}
        job |= {"out": str(out) if out else "", "scratch": str(self._scratch)}
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


def peers(work: Path, sharp: Path | None) -> list[Peer]:
    """Return the engines that can run here."""
    scratch = work / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    home = Path(__file__).resolve().parent.parent
    python = [sys.executable, "-m", "benchmarks.imaging_peers"]
    names = (*OURS, "floor", "copy().thumbnail()", "reference")
    found = [Peer(name, python, folder=home, scratch=scratch) for name in names]
    found.append(
        Peer(
            "ours default without the fast resizer",
            [*python, "--no-fast-resizer"],
            folder=home,
            scratch=scratch,
        )
    )
    if sharp is not None:
        script = str(shutil.copy(Path(__file__).with_name("imaging_sharp.mjs"), sharp))
        found += [Peer(name, ["node", script], folder=sharp, scratch=scratch) for name in SHARP]
    return found


def measure(engines: Sequence[Peer], picture: Picture, *, rounds: int) -> dict[str, dict[str, float]]:
    """Return each engine's least CPU time, its bytes and its peak memory on one picture."""
    format = {".png": "png", ".webp": "webp"}.get(picture.path.suffix, "jpeg")
    rows: dict[str, list[dict[str, Any]]] = {engine.name: [] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
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


def speed_table(results: dict[str, dict[str, dict[str, float]]], names: Sequence[str]) -> str:
    """Return a Markdown table of CPU ms, one line an engine."""
    lines = ["| engine | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for name in names:
        cells = [f"{row[name]['cpu_ms']:.0f}" if name in row else MISSING for row in results.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ratio_table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return a Markdown table of the ratios that matter."""
    pairs = [(ours, other) for ours in OURS[:2] for other in ("sharp cascade", "floor", "copy().thumbnail()")]
    pairs.append(("ours default without the fast resizer", "copy().thumbnail()"))
    lines = ["| ratio | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for ours, other in pairs:
        cells = [
            f"{row[ours]['cpu_ms'] / row[other]['cpu_ms']:.2f}" if other in row else MISSING
            for row in results.values()
        ]
        lines.append(f"| {ours} / {other} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def quality_table(results: dict[str, dict[str, list[tuple[float, float]]]]) -> str:
    """Return a Markdown table of PSNR and the least SSIM, the worst picture first."""
    lines = ["| picture | engine | " + " | ".join(f"{size} px" for size in SIZES) + " | least SSIM |"]
    lines.append("|---" * (len(SIZES) + 3) + "|")
    ordered = sorted(results.items(), key=lambda item: min(db for db, _ in item[1]["ours default"]))
    for picture, engines in ordered:
        for name, pairs in engines.items():
            cells = " | ".join(f"{db:.1f}" for db, _ in pairs)
            lines.append(f"| {picture} | {name} | {cells} | {min(s for _, s in pairs):.4f} |")
    return "\n".join(lines)


def bytes_table(results: dict[str, dict[str, dict[str, float]]], names: Sequence[str]) -> str:
    """Return a Markdown table of the KiB that the five thumbnails take."""
    lines = ["| engine | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for name in names:
        cells = [f"{row[name]['bytes'] / 1024:.0f}" if name in row else MISSING for row in results.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def memory_table(pictures: Sequence[Picture], work: Path, sharp: Path | None) -> str:
    """Return a Markdown table of peak memory above idle, MiB, each in a fresh process."""
    shown = [picture for picture in pictures if picture.name.startswith("24 MP")]
    lines = ["| engine | " + " | ".join(p.name for p in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    rows: dict[str, list[str]] = {}
    for picture in shown:
        for engine in peers(work, sharp):
            tiny = engine.run(_tiny(work))["peak"]
            peak = engine.run(picture.path)["peak"]
            rows.setdefault(engine.name, []).append(f"{(peak - tiny) / 2**20:.0f}")
            engine.end()
    lines += [
        f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items() if name != "reference"
    ]
    return "\n".join(lines)


def _tiny(work: Path) -> Path:
    """Return a picture that costs nothing, to have everything imported before memory is read."""
    path = work / "tiny.jpg"
    if not path.exists():
        Image.new("RGB", (64, 64)).save(path)
    return path


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="keeps the pictures")
    parser.add_argument("--photos", type=Path, help="has photographs; unset: fetched by apt-get")
    parser.add_argument("--sharp", type=Path, help="where npm install sharp has run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="a word in the name of the pictures to take")
    options = parser.parse_args()
    photos = options.photos or fetch(options.work)
    pictures = [p for p in picture_set(options.work / "set", photos=photos) if options.only in p.name]
    engines = peers(options.work, options.sharp)
    names = [engine.name for engine in engines if engine.name != "reference"]
    speeds = {p.name: measure(engines, p, rounds=options.rounds) for p in pictures}
    quality = {p.name: qualities(engines, p, options.work) for p in pictures}
    for engine in engines:
        engine.end()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print(f"Measured {today} on {platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}; one core, least of {options.rounds} interleaved rounds.\n")
    print("## CPU, ms a job\n\n" + speed_table(speeds, names))
    print("\n## Ratios\n\n" + ratio_table(speeds))
    print("\n## Bytes of the five thumbnails, KiB\n\n" + bytes_table(speeds, names))
    print("\n## Quality against Lanczos from the whole picture, PSNR in dB\n\n" + quality_table(quality))
    print("\n## Peak memory above idle, MiB\n\n" + memory_table(pictures, options.work, options.sharp))


if __name__ == "__main__":
    main()

"""The engines that are compared, each a process that answers one JSON line a job with its CPU time.

Run as ``python -m benchmarks.imaging_peers``: ours in its three efforts, Pillow as most code uses it, pyvips.
"""

import importlib
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

SIZES = (1024, 512, 256, 128, 64)


def ours(job: dict[str, Any]) -> int:
    """Render through `thumbapp.imaging` with the effort that the peer's name ends in."""
    from thumbapp.imaging.limits import Limits
    from thumbapp.imaging.recipe import Recipe
    from thumbapp.imaging.render import render

    recipe = Recipe.parse(
        sizes=",".join(map(str, job["sizes"])),
        quality="75",
        format="png" if job["out"] else job["format"],
        effort=job["peer"].split()[1],
    )
    folder = Path(job["out"] or job["scratch"])
    made = render(Path(job["path"]), recipe, folder=folder, limits=Limits(max_decode_bytes=4 * 10**9))
    for rendition in made:
        if job["out"]:
            (folder / rendition.file).replace(folder / f"{rendition.size.width}.png")
    return sum(rendition.bytes for rendition in made)


def floor(job: dict[str, Any]) -> int:
    """Decode as small as may be and encode the five pictures: what no engine can do without."""
    with Image.open(job["path"]) as picture:
        picture.draft(None, (job["sizes"][0], job["sizes"][0] * picture.height // picture.width))
        picture.load()
        small = [picture.crop((0, 0, *_fitted(picture, size))) for size in job["sizes"]]
    return sum(encode(image, job) for image in small)


def copy_thumbnail(job: dict[str, Any]) -> int:
    """Do what most code does: a full copy and Pillow's thumbnail() for each size."""
    with Image.open(job["path"]) as picture:
        total = 0
        for size in job["sizes"]:
            image = picture.copy()
            image.thumbnail((size, size))
            total += _save(image, job, size)
    return total


def vips_cascade(job: dict[str, Any]) -> int:
    """Let pyvips decode and scale to the largest size, and make each smaller one of the one before."""
    vips: Any = importlib.import_module("pyvips")
    vips.cache_set_max(0)
    image, total = None, 0
    for size in job["sizes"]:
        box = {"height": size, "size": "down", "output_profile": "srgb"}
        lazy = image.thumbnail_image(size, **box) if image else vips.Image.thumbnail(job["path"], size, **box)
        image = lazy.copy_memory()
        if job["out"]:
            image.pngsave(str(Path(job["out"]) / f"{size}.png"), compression=1)
        else:
            options = {} if job["format"] == "png" else {"Q": 75}
            total += len(image.write_to_buffer(f".{job['format']}", keep="none", **options))
    return total


def reference(job: dict[str, Any]) -> int:
    """Scale each size from the whole picture, in sRGB, by Lanczos in floating point, rounded once."""
    from thumbapp.imaging.colour import to_srgb

    with Image.open(job["path"]) as picture:
        whole = to_srgb(picture.convert(picture.mode), picture.info.get("icc_profile"))
        return sum(_save(exact(whole, _fitted(whole, size)), job, size) for size in job["sizes"])


def exact(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return *image* scaled by Lanczos in floating point, rounded once."""
    bands = [band.convert("F").resize(size, Image.Resampling.LANCZOS) for band in image.split()]
    return Image.merge(image.mode, [band.point(lambda value: value * 1 + 0.5).convert("L") for band in bands])


def _fitted(image: Image.Image, size: int) -> tuple[int, int]:
    scale = min(size / image.width, size / image.height, 1)
    return max(1, int(image.width * scale + 0.5)), max(1, int(image.height * scale + 0.5))


def _save(image: Image.Image, job: dict[str, Any], size: int) -> int:
    if not job["out"]:
        return encode(image, job)
    image.save(Path(job["out"]) / f"{size}.png", compress_level=1)
    return 0


def encode(image: Image.Image, job: dict[str, Any]) -> int:
    """Return how many bytes *image* takes in the format of *job*."""
    stream = io.BytesIO()
    image.save(stream, job["format"], quality=75)
    return len(stream.getvalue())


PEERS: dict[str, Callable[[dict[str, Any]], int]] = {
    "ours fast": ours,
    "ours default": ours,
    "ours best": ours,
    "ours default without the fast resizer": ours,
    "ours default without huge pages": ours,
    "ours default on pillow-simd": ours,
    "floor": floor,
    "copy().thumbnail()": copy_thumbnail,
    "pyvips cascade": vips_cascade,
    "reference": reference,
}


def peak_bytes() -> int:
    """Return the most memory that this process has had; getrusage would count its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Answer jobs until the input ends; ``--no-fast-resizer`` hides the fast resizer."""
    if "--no-fast-resizer" in sys.argv:
        sys.modules["cykooz_resizer"] = None  # type: ignore[assignment] # as if it were not installed
    for line in sys.stdin:
        job = json.loads(line)
        before = time.process_time()
        size = PEERS[job["peer"]](job)
        used = time.process_time() - before
        peak = peak_bytes()
        print(json.dumps({"cpu_ms": used * 1000, "bytes": size, "peak": peak}), flush=True)


if __name__ == "__main__":
    main()

"""Compare what `thumbapp.imaging.limits` expects a picture to cost with what it costs. Linux only.

``python -m benchmarks.imaging_costs`` renders one large picture of each kind to 128 px, each in a fresh
process, and prints bytes and nanoseconds a pixel beside the estimate. An estimate below the measured
memory would let a worker pass its budget.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from benchmarks.imaging_peers import peak_bytes
from benchmarks.imaging_pictures import texture

SIDE = 3000


def _deep(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    return Image.frombytes("I;16", grey.size, bytes(part for value in grey.tobytes() for part in (0, value)))


def _rgba(image: Image.Image) -> Image.Image:
    image.putalpha(image.convert("L"))
    return image


KINDS: dict[str, tuple[str, Callable[[Image.Image], Image.Image], dict[str, object]]] = {
    "JPEG baseline": ("jpg", lambda image: image, {"quality": 85}),
    "JPEG progressive 4:2:0": ("jpg", lambda image: image, {"progressive": True}),
    "JPEG progressive 4:4:4": ("jpg", lambda image: image, {"progressive": True, "subsampling": "4:4:4"}),
    "PNG RGB": ("png", lambda image: image, {"compress_level": 1}),
    "PNG RGBA": ("png", _rgba, {"compress_level": 1}),
    "PNG palette": ("png", lambda image: image.quantize(64), {"compress_level": 1}),
    "PNG grey": ("png", lambda image: image.convert("L"), {"compress_level": 1}),
    "PNG grey 16": ("png", _deep, {"compress_level": 1}),
    "GIF": ("gif", lambda image: image.quantize(64), {}),
    "WebP lossy": ("webp", lambda image: image, {"method": 0}),
    "WebP lossless alpha": ("webp", _rgba, {"lossless": True, "method": 0}),
    "AVIF": ("avif", lambda image: image, {"speed": 10}),
    "AVIF alpha": ("avif", _rgba, {"speed": 10}),
    "BMP": ("bmp", lambda image: image, {}),
    "TIFF": ("tif", lambda image: image, {}),
    "TIFF LZW": ("tif", lambda image: image, {"compression": "tiff_lzw"}),
    "TIFF float": ("tif", lambda image: image.convert("L").convert("F"), {}),
}


def measure(path: Path) -> None:
    """Render *path* in this process and print as JSON what that took."""
    from thumbapp.imaging.limits import Limits
    from thumbapp.imaging.probe import probe
    from thumbapp.imaging.recipe import Recipe
    from thumbapp.imaging.render import render
    from thumbapp.imaging.render_plan import plan_render

    limits, recipe = Limits(max_decode_bytes=10**12), Recipe.parse(sizes="128")
    tiny = path.with_name(f"tiny-{path.stem}{path.suffix}")
    folder = path.parent / "out"
    folder.mkdir(exist_ok=True)
    render(tiny, recipe, folder=folder, limits=limits)
    found = probe(path, limits=limits)
    before, started = peak_bytes(), time.process_time()
    render(path, recipe, folder=folder, limits=limits)
    used = {"bytes": peak_bytes() - before, "s": time.process_time() - started}
    plan = plan_render(found, recipe, limits=limits)
    print(json.dumps(used | {"expected": plan.memory_bytes, "expected_s": found.decode_s}))


def main() -> None:
    """Print the table."""
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    print("| kind | MB | expected MB | bytes/pixel | ns/pixel | expected ns |\n" + "|---" * 6 + "|")
    with tempfile.TemporaryDirectory() as name:
        image = texture((SIDE, SIDE), seed=5)
        for number, (kind, (suffix, change, options)) in enumerate(KINDS.items()):
            path = Path(name) / f"{number}.{suffix}"
            change(image.copy()).save(path, **options)  # type: ignore[arg-type] # options of several encoders
            change(image.resize((8, 8))).save(path.with_name(f"tiny-{path.name}"), **options)  # type: ignore[arg-type]
            print(_row(kind, path), flush=True)


def _row(kind: str, path: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.imaging_costs", str(path)]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    pixels = SIDE * SIDE
    memory = f"{answer['bytes'] / 1e6:.0f} | {answer['expected'] / 1e6:.0f} | {answer['bytes'] / pixels:.1f}"
    seconds = f"{answer['s'] / pixels * 1e9:.0f} | {answer['expected_s'] / pixels * 1e9:.0f}"
    return f"| {kind} | {memory} | {seconds} |"


if __name__ == "__main__":
    main()

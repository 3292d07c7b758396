"""The pictures that the benchmarks run on, made once in a folder from photographs or from nothing.

Photographs come from Debian's packages lomiri-wallpapers-16.04 and mate-backgrounds (their copyright
files name the authors); ``fetch`` gets them with apt-get. Without them textures stand in for photos.
"""

import io
import math
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw, ImageOps

from benchmarks.imaging_profiles import profile
from thumbapp.imaging.colour import SRGB

PACKAGES = ("lomiri-wallpapers-16.04", "mate-backgrounds")
_PHOTO, _SHARP, _FINE = "Dragonfly_by_Bolly.jpg", "Infinite-Sea_by_Aury88.jpg", "Elephants_5640x3172.jpg"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the set; ``is_photo`` says which quality bar it has to pass."""

    name: str
    path: Path
    is_photo: bool = True


def fetch(folder: Path) -> Path:
    """Return a folder with the packages' photographs, downloaded and unpacked there."""
    unpacked = folder / "packages"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, check=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True)
    return unpacked


def picture_set(folder: Path, *, photos: Path | None) -> list[Picture]:
    """Return the set, made in *folder* from the photographs below *photos* where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, tuple[str, Callable[[], Image.Image], dict[str, object]]] = {
        "12 MP 4:2:0": ("photo12.jpg", lambda: _photo(photos, (4000, 3000)), {"subsampling": "4:2:0"}),
        "24 MP 4:2:0": ("photo24.jpg", lambda: _photo(photos, (6000, 4000)), {"subsampling": "4:2:0"}),
        "24 MP 4:4:4": (
            "photo24-444.jpg",
            lambda: _photo(photos, (6000, 4000)),
            {"subsampling": "4:4:4"},
        ),
        "24 MP 4:4:4 detailed": (
            "fine24.jpg",
            lambda: _detailed(photos, (6000, 4000)),
            {"subsampling": "4:4:4"},
        ),
        "12 MP progressive": (
            "progressive12.jpg",
            lambda: _photo(photos, (4000, 3000)),
            {"progressive": True, "subsampling": "4:2:0"},
        ),
        "12 MP Display-P3": (
            "photo12-p3.jpg",
            lambda: _in_p3(_photo(photos, (4000, 3000))),
            {"icc_profile": profile("Display P3"), "subsampling": "4:2:0"},
        ),
        "12 MP busy Display-P3": (
            "busy12-p3.jpg",
            lambda: _in_p3(_busy(photos, (4000, 3000))),
            {"icc_profile": profile("Display P3"), "subsampling": "4:2:0"},
        ),
        "12 MP busy": ("busy12.jpg", lambda: _busy(photos, (4000, 3000)), {"subsampling": "4:2:0"}),
        "PNG 4 MP": ("photo4.png", lambda: _photo(photos, (2400, 1670)), {}),
        "WebP 12 MP": ("photo12.webp", lambda: _photo(photos, (4000, 3000)), {"quality": 85}),
        "zone plate 12 MP": ("zone.jpg", lambda: zone_plate(4000, 3000), {"subsampling": "4:4:4"}),
        "scanned text 8 MP": ("text.jpg", lambda: text_page(2480, 3508), {"subsampling": "4:2:0"}),
    }
    pictures = []
    for name, (file, make, options) in makers.items():
        path = folder / file
        if not path.exists():
            quality = {"quality": 90} if path.suffix == ".jpg" else {}
            make().save(path, **(quality | options))  # type: ignore[arg-type] # options of several encoders
        pictures.append(Picture(name, path, is_photo=file not in {"zone.jpg", "text.jpg"}))
    return pictures


def photographs(photos: Path | None) -> list[Picture]:
    """Return every JPEG below *photos* as it is."""
    found = sorted(photos.rglob("*.jpg")) if photos else []
    return [Picture(path.stem, path) for path in found]


def _find(photos: Path | None, name: str) -> Image.Image | None:
    found = next(photos.rglob(name), None) if photos else None
    return Image.open(found).convert("RGB") if found else None


def _photo(photos: Path | None, size: tuple[int, int]) -> Image.Image:
    image = _find(photos, _PHOTO) or texture(size, seed=1)
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _busy(photos: Path | None, size: tuple[int, int]) -> Image.Image:
    image = _find(photos, _SHARP) or texture(size, seed=2)
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _in_p3(image: Image.Image) -> Image.Image:
    """Return *image* as a phone would write it: the same colours in the numbers of Display P3."""
    wide = ImageCms.ImageCmsProfile(io.BytesIO(profile("Display P3")))
    return ImageCms.ImageCmsTransform(SRGB, wide, "RGB", "RGB").apply(image)


def _detailed(photos: Path | None, size: tuple[int, int]) -> Image.Image:
    """Return a picture with detail down to the pixel, continued by its own reflection."""
    image = _find(photos, _FINE) or texture((size[0] // 2, size[1] // 2), seed=3)
    canvas = Image.new("RGB", size)
    for left in range(0, size[0], image.width):
        for top in range(0, size[1], image.height):
            tile = ImageOps.mirror(image) if left // image.width % 2 else image
            canvas.paste(ImageOps.flip(tile) if top // image.height % 2 else tile, (left, top))
    return canvas


def texture(size: tuple[int, int], *, seed: int) -> Image.Image:
    """Return a picture with detail at every scale, as a photograph has it."""
    chance = random.Random(seed)
    bands = []
    for _ in range(3):
        band = Image.new("L", size, 128)
        for octave in range(7):
            small = (max(2, size[0] >> (7 - octave)), max(2, size[1] >> (7 - octave)))
            noise = Image.frombytes("L", small, chance.randbytes(small[0] * small[1]))
            band = Image.blend(band, noise.resize(size, Image.Resampling.BICUBIC), 0.35 / (1 + octave * 0.5))
        bands.append(band)
    return Image.merge("RGB", bands)


def zone_plate(width: int, height: int) -> Image.Image:
    """Return rings whose frequency grows to the finest that pixels can hold at the corners."""
    reach = math.hypot(width, height) / 2
    steps = [math.pi / (2 * reach) * x * x for x in range(max(width, height) // 2 + 1)]
    across = [steps[abs(x - width // 2)] for x in range(width)]
    rows = bytearray()
    for y in range(height):
        down = steps[abs(y - height // 2)]
        rows += bytes(int(127.5 + 127 * math.cos(part + down)) for part in across)
    return Image.frombytes("L", (width, height), bytes(rows)).convert("RGB")


def text_page(width: int, height: int) -> Image.Image:
    """Return a scanned page: lines of small dark words on paper that is not quite white."""
    chance = random.Random(4)
    page = Image.new("RGB", (width, height), (250, 249, 244))
    draw = ImageDraw.Draw(page)
    for top in range(120, height - 120, 46):
        line = " ".join(_word(chance) for _ in range(16))
        draw.text((150, top), line, fill=(30, 28, 35), font_size=30)
    noise = Image.effect_noise((width, height), 12).convert("RGB")
    return Image.blend(page, noise, 0.06)


def _word(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijklmnoprstuvwyz", k=chance.randint(2, 9)))


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """Return *image* as the bytes of a file."""
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()

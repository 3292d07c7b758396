"""How far two pictures are apart: PSNR and SSIM, by Pillow's own arithmetic."""

import math
from pathlib import Path

from PIL import Image, ImageChops, ImageMath, ImageStat

_PEAK = 255.0
_C1, _C2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2
IDENTICAL_DB = 99.0


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Return the peak signal-to-noise ratio in dB over all bands; 99 for equal pictures."""
    squares = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).sum2
    error = sum(squares) / (one.width * one.height * 3)
    return min(IDENTICAL_DB, 10 * math.log10(_PEAK**2 / error)) if error else IDENTICAL_DB


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Return the structural similarity of the brightness, 1 for equal pictures; 7x7 means."""
    x, y = (image.convert("L").convert("F") for image in (one, other))
    mean_x, mean_y = _mean(x), _mean(y)
    var_x, var_y, both = (
        _product(a, b, ma, mb)
        for a, b, ma, mb in ((x, x, mean_x, mean_x), (y, y, mean_y, mean_y), (x, y, mean_x, mean_y))
    )
    index = ImageMath.lambda_eval(
        lambda a: (
            ((2 * a["mx"] * a["my"] + _C1) * (2 * a["xy"] + _C2))
            / ((a["mx"] * a["mx"] + a["my"] * a["my"] + _C1) * (a["xx"] + a["yy"] + _C2))
        ),
        mx=mean_x,
        my=mean_y,
        xx=var_x,
        yy=var_y,
        xy=both,
    )
    # ImageStat counts in 256 steps, which is too coarse here
    return float(index.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))


def _mean(image: Image.Image) -> Image.Image:
    """Return the 7x7 means; Pillow's own blurs do not take floating-point pictures."""
    size = (max(1, image.width), max(1, image.height))
    return image.reduce(1) if min(size) < 7 else _box(image)


def _box(image: Image.Image) -> Image.Image:
    total = Image.new("F", image.size)
    for dx in range(-3, 4):
        total = ImageMath.lambda_eval(lambda a: a["t"] + a["i"], t=total, i=ImageChops.offset(image, dx, 0))
    down = Image.new("F", image.size)
    for dy in range(-3, 4):
        down = ImageMath.lambda_eval(lambda a: a["t"] + a["i"], t=down, i=ImageChops.offset(total, 0, dy))
    mean: Image.Image = ImageMath.lambda_eval(lambda a: a["t"] / 49.0, t=down)
    return mean


def _product(a: Image.Image, b: Image.Image, mean_a: Image.Image, mean_b: Image.Image) -> Image.Image:
    mean = _mean(ImageMath.lambda_eval(lambda v: v["a"] * v["b"], a=a, b=b))
    spread: Image.Image = ImageMath.lambda_eval(
        lambda v: v["m"] - v["a"] * v["b"], m=mean, a=mean_a, b=mean_b
    )
    return spread


def compare(folder: Path, reference: Path, size: int) -> tuple[float, float]:
    """Return PSNR and SSIM of one size in *folder* against the same in *reference*."""
    with Image.open(folder / f"{size}.png") as made, Image.open(reference / f"{size}.png") as wanted:
        # engines round the shorter side each in its own way
        same = made if made.size == wanted.size else made.resize(wanted.size, Image.Resampling.LANCZOS)
        return psnr(same, wanted), ssim(same, wanted)

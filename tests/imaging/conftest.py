"""Limits, and a short way from a file to its opened thumbnail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.scenes import rendered
from thumbapp.imaging.limits import Limits


@pytest.fixture
def limits() -> Limits:
    """Return the limits that the default settings make."""
    return Limits()


@pytest.fixture
def thumbnail(tmp_path: Path, limits: Limits) -> Callable[..., Image.Image]:
    """Return a function that renders one size of a file and opens what came out."""

    def make(source: Path, size: str = "80", **options: str | bool) -> Image.Image:
        (made,) = rendered(source, tmp_path, sizes=size, limits=limits, **options)
        with Image.open(tmp_path / made.file) as image:
            image.load()
            return image

    return make

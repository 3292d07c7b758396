"""The whole product, started as users start it, and the system's browser in front of it."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from tests.browsers import running_browser
from tests.runtime.up_process import Up

sync_api = pytest.importorskip("playwright.sync_api")
Browser, BrowserContext, Page = sync_api.Browser, sync_api.BrowserContext, sync_api.Page

PATIENCE_MS = 30_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the system's browser."""
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def start_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[str, Path]]]:
    """Return what runs `up` with options; it gives the address and the data folder."""
    if sys.platform == "win32":
        pytest.skip("the embedded server is not for Windows")
    running: list[Up] = []

    def start(*options: str) -> tuple[str, Path]:
        data_dir = tmp_path_factory.mktemp("up") / "data"
        running.append(Up(data_dir, "--port", "0", *options, THUMBAPP_MIN_FREE_MB="0"))
        return running[-1].url().rstrip("/"), data_dir

    yield start
    with ExitStack() as all_of_them:
        for up in running:
            all_of_them.callback(up.close)


@pytest.fixture(scope="session")
def site(start_site: Callable[..., tuple[str, Path]]) -> str:
    """Return the address of a site with a worker."""
    return start_site("--workers", "2")[0]


@pytest.fixture(scope="session")
def idle_site(start_site: Callable[..., tuple[str, Path]]) -> str:
    """Return the address of a site where no worker runs."""
    return start_site("--no-worker")[0]


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return what makes a fresh profile for a site; afterwards none of its pages may have complained."""
    complaints: list[str] = []
    opened: list[BrowserContext] = []

    def open_profile(site: str, **options: object) -> BrowserContext:
        context = browser.new_context(base_url=site, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", lambda message: complaints.extend(_complaint(message)))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        opened.append(context)
        return context

    yield open_profile
    for context in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_browser: Callable[..., BrowserContext], site: str) -> Page:
    """Return an empty tab of a fresh profile on the site with a worker."""
    return open_browser(site).new_page()


@pytest.fixture
def idle_page(open_browser: Callable[..., BrowserContext], idle_site: str) -> Page:
    """Return an empty tab of a fresh profile on the site without a worker."""
    return open_browser(idle_site).new_page()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a picture file of a name, made of *pixels* or plain."""

    def write(name: str, *, size: tuple[int, int] = (200, 253), kind: str = "JPEG") -> Path:
        path = tmp_path / name
        Image.new("RGB", size, "teal").save(path, kind)
        return path

    return write


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Return a picture file that no encoder makes small: about 1 MB."""
    path = tmp_path / "noise.jpg"
    channels = [Image.effect_noise((900, 900), 90) for _ in range(3)]
    Image.merge("RGB", channels).save(path, "JPEG", quality=95)
    return path


def _complaint(message: "sync_api.ConsoleMessage") -> list[str]:
    """Return what the browser says when it is a complaint; a refusal that a test asked for is none."""
    expected = re.match(r"Failed to load resource: .* a status of (4..|503)", message.text)
    return [] if expected or message.type not in {"error", "warning"} else [message.text]

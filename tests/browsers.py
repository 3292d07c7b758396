"""The system's Chromium, Chrome or Edge, for the tests that look at pages as people do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.conftest import skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "google-chrome", "chrome", "msedge")


@contextmanager
def running_browser() -> Iterator["Browser"]:
    """Yield the first of `BROWSERS` that is installed; without one, skip the test, or in CI fail it."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        skip_or_fail("no Chromium, Chrome or Edge on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()

"""How tests of the browser come in: by a link that signs the administrator in once."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtime.up_process import clean_environment

if TYPE_CHECKING:
    from playwright.sync_api import Page


def link(data_dir: Path) -> str:
    """Return an address that signs the administrator in."""
    done = subprocess.run(
        [sys.executable, "-m", "thumbapp", "users", "link", "admin"],
        env=clean_environment() | {"THUMBAPP_DATA_DIR": str(data_dir)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return done.stdout.split()[-1]


def sign_in(page: "Page", site: str, data_dir: Path) -> None:
    """Sign the administrator of *site* in on *page*."""
    page.goto(link(data_dir))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")

"""The house's checkers find nothing: each runs here as it runs by hand, its findings are the message."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Check:
    """A command that exits 0 when all is well, and what must be there for it to make sense."""

    tool: str
    arguments: tuple[str, ...]
    needs: Callable[[], bool] = lambda: True


def _has_templates() -> bool:
    return any((ROOT / "templates").rglob("*.html"))


def _has_types_for_scripts() -> bool:
    return (ROOT / "tsconfig.json").is_file()


CHECKS = {
    "layers": Check("lint-imports", ("--no-cache", "--no-logo")),
    "ruff": Check("ruff", ("check", "--no-cache", "--output-format=concise", ".")),
    "format": Check("ruff", ("format", "--no-cache", "--check", ".")),
    "mypy": Check("mypy", ("--no-error-summary",)),
    "djlint": Check("djlint", ("--lint", "--quiet", "templates"), needs=_has_templates),
    "tsc": Check("tsc", ("-p", "."), needs=_has_types_for_scripts),
}


def _find(tool: str) -> str:
    """Return the program *tool* of this venv or of node_modules; skips (in CI fails) without it."""
    folders = [SCRIPTS, ROOT / "node_modules" / ".bin"]
    found = shutil.which(tool, path=os.pathsep.join(map(str, folders)))
    if found is None:
        skip_or_fail(f"{tool} is not installed")
    return found


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_check_finds_nothing(check: Check) -> None:
    if not check.needs():
        pytest.skip("nothing to check yet")

    done = subprocess.run(
        [_find(check.tool), *check.arguments], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=300
    )

    if done.returncode:
        pytest.fail(f"{check.tool} {' '.join(check.arguments)}\n{done.stdout}{done.stderr}", pytrace=False)

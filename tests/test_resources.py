"""Where the pages and their styles are found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from thumbapp import resources

PACKAGE = Path(resources.__file__).parent


@pytest.mark.parametrize("name", ["templates", "static"])
def test_a_checkout_holds_them_beside_the_package(name: str) -> None:
    folder = resources.folder(name)

    assert folder.is_absolute()
    assert folder.is_dir()


@pytest.mark.parametrize("name", ["templates", "static"])
def test_an_installed_package_holds_them_inside(tmp_path: Path, name: str) -> None:
    package = tmp_path / "thumbapp"
    (package / name).mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(PACKAGE / "resources.py", package)
    code = f"from thumbapp import resources; print(resources.folder({name!r}))"

    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )

    assert Path(found.stdout.strip()) == package.resolve() / name

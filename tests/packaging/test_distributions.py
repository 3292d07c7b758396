"""A wheel and an sdist hold everything that a page needs, wherever they are installed."""

import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = "from thumbapp import resources; print(resources.folder('static'), resources.folder('templates'))"
FIRST_PAGE = """
from thumbapp import create_app
client = create_app().test_client()
for path in ("/healthz", "/static/css/tokens.css", "/static/icons.svg"):
    assert client.get(path).status_code == 200, path
"""


def files_below(folder: str) -> set[str]:
    """Return the checkout's files below *folder*, as paths from the root."""
    found = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts and path.name != ".keep"}


def names_in(wheel: Path) -> set[str]:
    """Return the files in *wheel*."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_the_wheel_holds_every_file_of_the_pages(distributions: Any, folder: str) -> None:
    assert {f"thumbapp/{name}" for name in files_below(folder)} <= names_in(distributions.wheel)


def test_the_wheel_holds_every_module(distributions: Any) -> None:
    modules = {name for name in files_below("thumbapp") if name.endswith((".py", "py.typed"))}

    assert modules <= names_in(distributions.wheel)


def test_the_wheel_holds_nothing_but_the_package(distributions: Any) -> None:
    tops = {name.split("/")[0] for name in names_in(distributions.wheel)}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"thumbapp"}


def test_the_sdist_holds_the_launchers_and_the_tests(distributions: Any) -> None:
    wanted = {"run.py", "wsgi.py", "huey_consumer.py", "gunicorn.conf.py", "setup.cfg", "pyproject.toml"}

    with tarfile.open(distributions.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert wanted | files_below("static") | files_below("templates") <= names
    assert "tests/packaging/test_distributions.py" in names


def test_a_wheel_from_the_sdist_is_the_same(distributions: Any, tmp_path: Path, build: Any) -> None:
    with tarfile.open(distributions.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()

    build(source, tmp_path / "dist", "--wheel")

    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert names_in(wheel) == names_in(distributions.wheel)


def test_an_installed_wheel_finds_its_pages(installed: Any) -> None:
    static, templates = installed.run("python", "-c", FOLDERS).split()

    assert Path(static).is_dir()
    assert Path(templates).is_dir()
    assert installed.bin.parent in Path(static).parents


def test_an_installed_wheel_serves_its_pages_from_another_folder(installed: Any) -> None:
    installed.run("python", "-c", FIRST_PAGE)


@pytest.mark.parametrize("command", [["thumbapp"], ["python", "-m", "thumbapp"]], ids=["script", "module"])
def test_an_installed_wheel_has_its_command(installed: Any, command: list[str]) -> None:
    assert "up" in installed.run(*command, "--help").split()


def test_a_checkout_that_is_not_installed_finds_its_pages(installed: Any, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "thumbapp", tmp_path / "thumbapp")
    (tmp_path / "static").mkdir()
    (tmp_path / "templates").mkdir()
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {FOLDERS}"

    static, templates = installed.run("python", "-c", code).split()

    assert Path(static).parent == tmp_path.resolve()
    assert Path(templates).parent == tmp_path.resolve()

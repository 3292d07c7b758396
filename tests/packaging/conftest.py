"""A wheel and an sdist of this checkout, and an environment that the wheel is installed in."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    ".*", "build", "dist", "instance", "*.egg-info", "__pycache__", "node_modules", "shots"
)
Build = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Distributions:
    """The two files that a release has."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment of its own with the wheel in it, and an empty folder to run from."""

    bin: Path
    folder: Path

    def run(self, *command: str) -> str:
        """Return what *command* of the environment prints, run from the empty folder."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            | {"THUMBAPP_DATA_DIR": str(self.folder / "data")},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """Return both files, built from a copy of the checkout without what earlier builds left."""
    copy = tmp_path_factory.mktemp("build") / "thumbapp"
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
    out = copy.parent / "dist"
    _build(copy, out, "--wheel", "--sdist")
    return Distributions(next(out.glob("*.whl")), next(out.glob("*.tar.gz")))


@pytest.fixture(scope="session")
def build() -> Build:
    """Return the function that builds a distribution."""
    return _build


def _build(source: Path, out: Path, *what: str) -> None:
    """Build *what* of *source* into *out*, with this environment's setuptools."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *what, str(source)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=source.parent)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def installed(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return an environment with the wheel; its libraries are this environment's."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "venv"
    venv.create(environment)
    bin_folder = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "install"]
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, str(distributions.wheel)], check=True)
    lend_libraries(environment)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Installed(bin_folder, elsewhere)


def lend_libraries(environment: Path) -> None:
    """Let *environment* see this one's libraries, behind its own and without our editable install."""
    variables = {"base": str(environment), "platbase": str(environment)}
    site_packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=variables))
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

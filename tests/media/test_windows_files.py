"""The double itself: it refuses what Windows refuses, and only that."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("windows_files")

WAYS: dict[str, Callable[[Path], object]] = {
    "os.remove": lambda path: os.remove(path),  # noqa: PTH107 - the way under test
    "Path.unlink": Path.unlink,
    "Path.rename": lambda path: path.rename(path.with_name("elsewhere")),
    "Path.replace": lambda path: path.replace(path.with_name("elsewhere")),
    "Path.replace over it": lambda path: _other(path).replace(path),
    "shutil.rmtree": lambda path: shutil.rmtree(path.parent),
    "rename of its folder": lambda path: path.parent.rename(path.parent.with_name("moved")),
}


def _other(path: Path) -> Path:
    other = path.with_name("other")
    other.write_bytes(b"other")
    return other


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"content")
    return folder / "file"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_an_open_file_stays(path: Path, way: Callable[[Path], object]) -> None:
    with path.open("rb"), pytest.raises(PermissionError):
        way(path)

    assert path.read_bytes() == b"content"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_closed_file_goes(path: Path, way: Callable[[Path], object]) -> None:
    way(path)

    assert not path.exists() or path.read_bytes() == b"other"

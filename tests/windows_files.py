"""A double for the one habit of Windows that hurts most: an open file is neither deleted nor moved.

On POSIX every way to delete or move goes through `os`; there the fixture refuses, with what Windows
says, as long as this process has the file open. A folder can be deleted only when it is empty and
moved only when nothing below it is open. On Windows itself the system does that.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SHARING_VIOLATION = 32
FILE_HANDLES = Path("/dev/fd")

Inode = tuple[int, int]


@pytest.fixture
def windows_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to delete or move what is open, in this test, as Windows does."""
    if os.name == "nt":
        return
    for name in ("remove", "unlink"):
        monkeypatch.setattr(os, name, _refusing_removal(getattr(os, name)))
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, _refusing_move(getattr(os, name)))


def open_files() -> set[Inode]:
    """Return the regular files that this process holds open, by device and inode."""
    found = set()
    for handle in FILE_HANDLES.iterdir():
        try:
            status = os.fstat(int(handle.name))
        except OSError:
            continue  # the handle that listed them
        if stat.S_ISREG(status.st_mode):
            found.add((status.st_dev, status.st_ino))
    return found


def _refusing_removal(remove: Callable[..., None]) -> Callable[..., None]:
    def refuse_or_remove(path: Any, *, dir_fd: int | None = None) -> None:
        _refuse_if_open(path, dir_fd)
        remove(path, dir_fd=dir_fd)

    return refuse_or_remove


def _refusing_move(move: Callable[..., None]) -> Callable[..., None]:
    def refuse_or_move(
        source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
    ) -> None:
        _refuse_if_open(source, src_dir_fd)
        _refuse_if_open(target, dst_dir_fd)
        move(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    return refuse_or_move


def _refuse_if_open(path: Any, dir_fd: int | None) -> None:
    held = open_files()
    if any(inode in held for inode in _inodes(path, dir_fd)):
        error = PermissionError(errno.EACCES, "The file is in use by another process", os.fspath(path))
        error.winerror = SHARING_VIOLATION  # type: ignore[attr-defined]
        raise error


def _inodes(path: Any, dir_fd: int | None) -> Iterator[Inode]:
    """Yield the file *path*, or all files below the folder *path*."""
    try:
        status = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
    except OSError:
        return
    yield status.st_dev, status.st_ino
    if stat.S_ISDIR(status.st_mode) and dir_fd is None:
        for below in Path(path).rglob("*"):
            yield from _inodes(below, None)

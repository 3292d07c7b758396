"""The media store on a local disk: one folder a job, beside ``.incoming`` and ``.trash``.

A file is written to ``.incoming``, synced, and moved to its name in one step. A folder that goes is
moved to ``.trash`` first, so that a job is there or not, and what an open handle holds back (Windows)
is deleted by a later sweep. Links inside the store are never followed.
"""

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from thumbapp.errors import DiskFull, EmptyFile, FileNotThere, FileTooLarge, StorageUnavailable
from thumbapp.media.store import UNFINISHED, MediaStore, checked_id, checked_name, is_id

_CHUNK_BYTES = 256 * 1024
_Done = TypeVar("_Done")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
# Some ninety tries in two seconds: who reads a file again and again leaves only short gaps.
_PAUSES_S = tuple(min(step, 25) / 1000 for step in range(1, 92))


class MediaFolder(MediaStore):
    """Files of jobs under *root*; *min_free_bytes* of its disk stay free (0: no limit)."""

    def __init__(self, root: Path, *, min_free_bytes: int) -> None:
        self.root = root.absolute()
        self._min_free_bytes = min_free_bytes
        self._incoming = self.root / ".incoming"
        self._trash = self.root / ".trash"

    def put(self, job_id: str, name: str, stream: BinaryIO, *, max_bytes: int) -> int:
        """Store *stream* and return its bytes; see `MediaStore.put`."""
        return self._store(job_id, name, _bounded(stream, max_bytes=max_bytes))

    def write_text(self, job_id: str, name: str, text: str) -> None:
        """Store *text*; see `MediaStore.write_text`."""
        self._store(job_id, name, iter([text.encode("utf-8")]))

    def read_text(self, job_id: str, name: str) -> str | None:
        """Return the text stored under *name*, None when there is none."""
        if not self.exists(job_id, name):
            return None
        try:
            return _patiently(self.path(job_id, name).read_bytes).decode("utf-8")
        except FileNotFoundError:
            return None

    def path(self, job_id: str, name: str) -> Path:
        """Return the absolute path of a file, there or not; `FileNotThere` when a link stands there."""
        folder = self.root / checked_id(job_id)
        path = folder / checked_name(name)
        if folder.is_symlink() or path.is_symlink():
            raise FileNotThere
        return path

    def folder(self, job_id: str) -> Path:
        """Return the job's absolute folder, made when missing."""
        folder = self.root / checked_id(job_id)
        with self._refusals():
            _make(folder)
        return folder

    def exists(self, job_id: str, name: str) -> bool:
        """Return whether the job has a regular file of that name."""
        path = self.root / checked_id(job_id) / checked_name(name)
        return _is_plain(path.parent, stat.S_ISDIR) and _is_plain(path, stat.S_ISREG)

    def remove(self, job_id: str) -> bool:
        """Remove all files of a job; False when some stay until a sweep gets them."""
        folder = self.root / checked_id(job_id)
        if not os.path.lexists(folder):
            return True
        doomed = self._trash / f"{job_id}.{secrets.token_hex(4)}"
        try:
            _make(self._trash)
            folder.rename(doomed)
        except OSError:
            return self._remove_in_place(job_id)
        return _delete(doomed)

    def job_ids(self) -> Iterator[str]:
        """Yield the id of each job that has a folder and was not removed."""
        for entry in _entries(self.root):
            if is_id(entry.name) and entry.is_dir(follow_symlinks=False) and not self._is_marked(entry.name):
                yield entry.name

    def sweep(self, is_live: Callable[[str], bool], *, older_than_s: float) -> int:
        """Remove leftovers and return how many files and folders went; see `MediaStore.sweep`."""
        before = time.time() - older_than_s
        gone = self._sweep_trash() + _sweep_files(self._incoming, before=before)
        for job_id in list(self.job_ids()):
            folder = self.root / job_id
            if _changed(folder) < before and not is_live(job_id):
                gone += self.remove(job_id)
            else:
                gone += _sweep_files(folder, before=before, endings=UNFINISHED)
        return gone

    def check_room(self) -> None:
        """Return when the folder takes files and leaves the room that must stay free."""
        with self._refusals():
            _make(self._incoming)
            free = shutil.disk_usage(self._incoming).free
            if free < self._min_free_bytes:
                raise DiskFull(free, self._min_free_bytes)
            with self._temporary() as probe, probe.open("xb") as file:
                file.write(b"0")  # a full disk still takes an empty file

    def _store(self, job_id: str, name: str, chunks: Iterator[bytes]) -> int:
        """Write *chunks* under a temporary name, sync, and give them theirs; return the bytes."""
        path = self.root / checked_id(job_id) / checked_name(name)
        with self._temporary() as temporary:
            size = self._write(temporary, chunks)
            with self._refusals():
                self._publish(temporary, path)
        return size

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """Yield a free path in ``.incoming``; whatever is there afterwards goes."""
        with self._refusals():
            _make(self._incoming)
        path = self._incoming / secrets.token_hex(8)
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(self, path: Path, chunks: Iterator[bytes]) -> int:
        """Write *chunks* to a new file and sync it; errors of the source rise as they are."""
        size = 0
        with self._refusals():
            file = path.open("xb", buffering=0)
        with file:
            for chunk in chunks:
                with self._refusals():
                    _write_all(file.fileno(), chunk)
                size += len(chunk)
            with self._refusals():
                os.fsync(file.fileno())
        return size

    def _publish(self, temporary: Path, path: Path) -> None:
        """Move *temporary* to *path* so that a power cut leaves either all of it or nothing."""
        is_new = _make(path.parent)
        try:
            _patiently(lambda: temporary.replace(path))
        except BaseException:
            if is_new:
                with suppress(OSError):
                    path.parent.rmdir()
            raise
        _sync_folder(path.parent)
        if is_new:
            _sync_folder(self.root)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Turn what the system says about a write into our words."""
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull(self._free_bytes(), self._min_free_bytes) from error
            raise StorageUnavailable(error.strerror or type(error).__name__) from error

    def _free_bytes(self) -> int:
        with suppress(OSError):
            return shutil.disk_usage(self.root).free
        return 0

    def _remove_in_place(self, job_id: str) -> bool:
        """Delete what can be deleted of a folder that cannot be moved; mark it when some stays."""
        folder = self.root / job_id
        if _delete(folder):
            return True
        with suppress(OSError):
            (self._trash / job_id).touch()
        return False

    def _is_marked(self, job_id: str) -> bool:
        return (self._trash / job_id).is_file()

    def _sweep_trash(self) -> int:
        gone = 0
        for entry in list(_entries(self._trash)):
            if is_id(entry.name):
                gone += self._sweep_marked(entry.name)
            else:
                gone += _delete(Path(entry.path))
        return gone

    def _sweep_marked(self, job_id: str) -> int:
        """Try a folder again that an open file kept from going; its mark goes with it."""
        if not _delete(self.root / job_id):
            return 0
        with suppress(OSError):
            (self._trash / job_id).unlink(missing_ok=True)
        return 1


def _bounded(stream: BinaryIO, *, max_bytes: int) -> Iterator[bytes]:
    """Yield what *stream* holds, at least one byte and at most *max_bytes*."""
    size = 0
    while chunk := stream.read(min(_CHUNK_BYTES, max_bytes - size + 1)):
        size += len(chunk)
        if size > max_bytes:
            raise FileTooLarge(max_bytes)
        yield chunk
    if not size:
        raise EmptyFile


def _write_all(handle: int, chunk: bytes) -> None:
    """Write all of *chunk*: a disk that is nearly full takes a part first and complains at the next."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _make(folder: Path) -> bool:
    """Make *folder* and its parents; return whether it was new. A link in its place is refused."""
    try:
        folder.mkdir()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        if not _is_plain(folder, stat.S_ISDIR):
            raise
        return False
    return True


def _is_plain(path: Path, is_kind: Callable[[int], bool]) -> bool:
    """Return whether *path* itself, not what a link there points to, is of that kind."""
    try:
        return is_kind(path.lstat().st_mode)
    except OSError:
        return False


def _patiently(act: Callable[[], _Done]) -> _Done:
    """Return what *act* returns; Windows refuses it while somebody else has the file, which is soon over."""
    for pause_s in _PAUSES_S:
        try:
            return act()
        except PermissionError:
            time.sleep(pause_s)
    return act()


def _sync_folder(folder: Path) -> None:
    """Make names in *folder* survive a power cut, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what *folder* holds; nothing when it is not there."""
    try:
        with os.scandir(folder) as found:
            yield from found
    except OSError:
        return


def _changed(path: Path) -> float:
    """Return when *path* last changed, seconds since 1970; in the future when it is gone."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return float("inf")


def _sweep_files(folder: Path, *, before: float, endings: tuple[str, ...] = ("",)) -> int:
    """Delete files with one of *endings* that last changed *before*; return how many went."""
    old = [
        Path(entry.path)
        for entry in _entries(folder)
        if entry.name.endswith(endings) and _changed(Path(entry.path)) < before
    ]
    return sum(_delete(path) for path in old)


def _delete(path: Path) -> bool:
    """Delete a file, a link or a folder with all it holds; return whether it is gone."""
    if _is_plain(path, stat.S_ISDIR):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
    return not os.path.lexists(path)

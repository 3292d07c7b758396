"""The contract of every media store, and the names that may become a path.

Knows nothing of jobs beyond their ids, nothing of pictures, and nothing of the web.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from thumbapp.errors import FileNotThere, JobNotFound

_JOB_ID = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,98}(?<!\.)", re.ASCII)
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)
UNFINISHED = (".part", ".tmp")


class MediaStore(Protocol):
    """A place that keeps the files of each job together, under the job's id.

    A job id is 22 to 64 of ``A-Z a-z 0-9 _ -``; a name is made by the server, of ``a-z 0-9 . _ -``,
    neither hidden nor a device of Windows nor one of an unfinished file. Anything else raises
    `JobNotFound` or `FileNotThere` before the store is touched. A file is there whole or not at all,
    whoever is killed when.
    Every method may be called from any thread and from several processes at once.
    """

    @abstractmethod
    def put(self, job_id: str, name: str, stream: BinaryIO, *, max_bytes: int) -> int:
        """Store what *stream* holds and return its bytes, once they would survive a power cut.

        A file of that name is replaced. Whatever fails, an interrupt included, leaves nothing behind.

        Raises:
            FileTooLarge: *stream* holds more than *max_bytes*; no more than that is ever written.
            EmptyFile: *stream* holds nothing.
            DiskFull, StorageUnavailable: the store cannot take it now.
        """

    @abstractmethod
    def write_text(self, job_id: str, name: str, text: str) -> None:
        """Store *text* as UTF-8, as whole and as durable as `put` does.

        Raises:
            DiskFull, StorageUnavailable: the store cannot take it now.
        """

    @abstractmethod
    def read_text(self, job_id: str, name: str) -> str | None:
        """Return the text stored under *name*, None when there is none."""

    @abstractmethod
    def path(self, job_id: str, name: str) -> Path:
        """Return the absolute path of a file, there or not; never one outside the store."""

    @abstractmethod
    def folder(self, job_id: str) -> Path:
        """Return the job's absolute folder, made when missing, for a writer of several files.

        The writer gives a file a name that ends in ``.part`` or ``.tmp`` until it is whole.

        Raises:
            DiskFull, StorageUnavailable: it cannot be made.
        """

    @abstractmethod
    def exists(self, job_id: str, name: str) -> bool:
        """Return whether the job has a file of that name."""

    @abstractmethod
    def remove(self, job_id: str) -> bool:
        """Remove all files of a job; False when some could not go now, which `sweep` tries again.

        The job is gone from `job_ids` in either case. Never fails for what a disk does.
        """

    @abstractmethod
    def job_ids(self) -> Iterator[str]:
        """Yield the id of each job that has a folder, in no order."""

    @abstractmethod
    def sweep(self, is_live: Callable[[str], bool], *, older_than_s: float) -> int:
        """Remove leftovers and return how many went: files and whole folders, each one.

        Leftovers are files of writers that were killed and folders of jobs that *is_live* denies, both
        unchanged for *older_than_s* seconds, and whatever `remove` could not. A live job keeps its files.
        """

    @abstractmethod
    def check_room(self) -> None:
        """Return when the store can take files.

        Raises:
            DiskFull: less than the room that must stay free is left.
            StorageUnavailable: nothing can be written.
        """


def is_id(text: str) -> bool:
    """Return whether a job can have *text* as its id."""
    return _JOB_ID.fullmatch(text) is not None


def checked_id(job_id: str) -> str:
    """Return *job_id*, which is safe as the name of a folder.

    Raises:
        JobNotFound: no job can have it.
    """
    if not is_id(job_id):
        raise JobNotFound
    return job_id


def checked_name(name: str) -> str:
    """Return *name*, which is safe as the name of a file on every system.

    Raises:
        FileNotThere: no file can have it.
    """
    if not _NAME.fullmatch(name) or name.split(".")[0] in _DEVICES or name.endswith(UNFINISHED):
        raise FileNotThere
    return name

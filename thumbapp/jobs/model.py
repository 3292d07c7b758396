"""What a job is: one picture, what to make of it, and how far that has come. Plain values only."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from thumbapp.imaging.recipe import Recipe


class JobState(StrEnum):
    """The states of a job; ``expired`` remains as a tombstone when the files are gone."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job unless somebody asks."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One finished picture of a job.

    ``name`` is what the user sees and saves (``rob_128x128.jfif``), ``file`` what it is called on
    the disk (``128x128.jpg``); width and height are pixels.
    """

    name: str
    file: str
    size: str
    width: int
    height: int
    bytes: int
    format: str
    sha256: str


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """One picture's way from upload to archive; times are aware and UTC.

    ``owner`` is the visitor or account that may change it ("" for a job made without either);
    ``sequence`` is the number it drew when it was queued, ``run_id`` the task that works on it.
    """

    id: str
    state: JobState
    filename: str
    recipe: Recipe
    created_at: datetime
    owner: str = ""
    batch: str = ""
    sequence: int = 0
    run_id: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0
    format: str = ""
    done: int = 0
    total: int = 0
    thumbnails: tuple[Thumbnail, ...] = ()
    error: JobError | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    delete_token_hash: str = field(default="", repr=False)

    @property
    def is_done(self) -> bool:
        """Whether the archive can be downloaded."""
        return self.state is JobState.DONE

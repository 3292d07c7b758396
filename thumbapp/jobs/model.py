"""What a job is: one picture, what to make of it, and how far that has come. Plain values only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import orjson

from thumbapp.imaging.recipe import Recipe

if TYPE_CHECKING:
    from thumbapp.imaging.probe import Probe


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

    ``name`` is what the user sees and saves (``rob_128x128.jfif``), ``file`` what it is called in
    the job's folder (``128x128.jpg``); width and height are pixels.
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
class Original:
    """The picture that came: width and height are pixels once it is upright.

    ``orientation`` is what its EXIF says, ``profile`` the colour profile's name, ``notes`` are sentences
    about what was odd and ignored.
    """

    format: str
    width: int
    height: int
    bytes: int
    mode: str
    frames: int
    orientation: int
    profile: str | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: "Probe") -> Self:
        """Return what the header that was *found* says."""
        return cls(
            format=found.format.lower(),
            width=found.width,
            height=found.height,
            bytes=found.file_bytes,
            mode=found.mode,
            frames=found.frames,
            orientation=found.orientation,
            profile=found.profile or None,
            notes=found.notes,
        )

    @classmethod
    def from_json(cls, mapping: Mapping[str, Any]) -> Self:
        """Return the original that `asdict` and JSON made a mapping of."""
        return cls(**{**mapping, "notes": tuple(mapping["notes"])})


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """One picture's way from upload to archive; times are aware and UTC.

    ``owner`` is the visitor or account that may change it ("" for a job made without either).
    ``payer`` is whose quota it uses: the owner's or, without one, the address's ("": nobody's);
    ``stored`` is how many bytes it takes on the disk. ``number`` orders jobs by creation. ``run_id``
    is the task that may work on it; a retry draws a new one, so that whatever still carries the old
    one changes nothing.
    """

    id: str
    state: JobState
    filename: str
    recipe: Recipe
    created_at: datetime
    number: int = 0
    owner: str = ""
    payer: str = ""
    stored: int = 0
    batch: str = ""
    attempt: int = 1
    original: Original | None = None
    done: int = 0
    total: int = 0
    thumbnails: tuple[Thumbnail, ...] = ()
    error: JobError | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Whether the archive can be downloaded."""
        return self.state is JobState.DONE

    @property
    def run_id(self) -> str:
        """The id of the one task that may work on the job now."""
        return f"{self.id}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class Batch:
    """The jobs of one upload, in the order in which they came."""

    id: str
    owner: str
    created_at: datetime
    jobs: tuple[Job, ...]

    @property
    def is_finished(self) -> bool:
        """Whether no job of the batch has work left."""
        return all(job.state.is_final for job in self.jobs)

    @property
    def done(self) -> tuple[Job, ...]:
        """The jobs whose thumbnails are ready."""
        return tuple(job for job in self.jobs if job.is_done)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; ``cursor`` fetches the next one, None at the end."""

    items: list[Job]
    cursor: str | None


def to_record(job: Job) -> dict[str, str]:
    """Return *job* as flat text fields: what the Redis hash and ``job.json`` hold."""
    return {name: _to_text(getattr(job, name)) for name in Job.__dataclass_fields__}


def from_record(record: Mapping[str, str]) -> Job:
    """Return the job that `to_record` wrote; fields it does not know are passed over."""
    return Job(
        id=record["id"],
        state=JobState(record["state"]),
        filename=record["filename"],
        recipe=Recipe.from_json(orjson.loads(record["recipe"])),
        created_at=datetime.fromisoformat(record["created_at"]),
        owner=record.get("owner", ""),
        payer=record.get("payer", ""),
        stored=int(record.get("stored", 0)),
        batch=record.get("batch", ""),
        original=Original.from_json(orjson.loads(record["original"])) if record.get("original") else None,
        thumbnails=tuple(Thumbnail(**item) for item in orjson.loads(record.get("thumbnails") or b"[]")),
        error=JobError(**orjson.loads(record["error"])) if record.get("error") else None,
        started_at=_moment(record.get("started_at")),
        finished_at=_moment(record.get("finished_at")),
        number=int(record.get("number", 0)),
        attempt=int(record.get("attempt", 1)),
        done=int(record.get("done", 0)),
        total=int(record.get("total", 0)),
    )


def changes(**fields: object) -> dict[str, str]:
    """Return the record fields for *fields*, a job's attributes by name."""
    return {name: _to_text(value) for name, value in fields.items()}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _to_text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case Recipe():
            return orjson.dumps(value.to_json()).decode()
        case JobError() | Original():
            return orjson.dumps(asdict(value)).decode()
        case tuple():
            return orjson.dumps([asdict(item) for item in value]).decode()
        case _:
            return str(value)

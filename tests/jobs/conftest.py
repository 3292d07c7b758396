"""A ledger on the private server, a service and a runner over it, and a queue that only remembers."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from PIL import Image

from thumbapp.config import Settings
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition, render
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.model import Job
from thumbapp.jobs.runner import Renderer, Runner
from thumbapp.jobs.service import JobService, Upload
from thumbapp.jobs.upkeep import Upkeep

OWNER = "v-somebody"


@dataclass
class RememberedQueue:
    """A queue that remembers what was put in; `error` makes it refuse."""

    runs: list[tuple[str, str]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, job_id: str, *, run_id: str) -> None:
        if self.error:
            raise self.error
        self.runs.append((job_id, run_id))

    def withdraw(self, run_id: str) -> None:
        """Remember that the run was taken back."""
        if self.error:
            raise self.error
        self.withdrawn.append(run_id)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**time)


class InThread:
    """The real renderer without a process of its own."""

    def __init__(self, settings: Settings) -> None:
        self._limits = Limits.from_settings(settings)

    def render(
        self,
        source: Path,
        recipe: Recipe,
        *,
        folder: Path,
        on_rendition: Callable[[Rendition], None],
        is_cancelled: Callable[[], bool],
    ) -> list[Rendition]:
        """Return what the real renderer makes."""
        return render(source, recipe, folder=folder, limits=self._limits, on_rendition=on_rendition)


@dataclass
class JobParts:
    """All parts that a test of jobs needs."""

    settings: Settings
    ledger: Ledger
    queue: RememberedQueue
    clock: Clock
    service: JobService
    upkeep: Upkeep

    def runner(self, renderer: Renderer | None = None) -> Runner:
        """Return a runner, with the real renderer unless another is given."""
        return Runner(self.ledger, renderer=renderer or InThread(self.settings), clock=self.clock)

    def uploads(self, *files: tuple[str, bytes]) -> list[Upload]:
        """Return *files* (name, content) as a form has them."""
        return [Upload(name, io.BytesIO(content)) for name, content in files]

    def submit(
        self, *files: tuple[str, bytes], sizes: str = "128x128", owner: str = OWNER, payer: str = ""
    ) -> list[Job]:
        """Submit *files* (name, content); returns their jobs."""
        recipe = Recipe.parse(sizes=sizes)
        return list(self.service.submit(self.uploads(*files), recipe, owner=owner, payer=payer).jobs)

    def run(self, job: Job) -> str:
        """Run the job as a worker would."""
        return self.runner().run(job.id, run_id=job.run_id)

    def folders(self) -> list[Path]:
        """Return the folders of jobs on the disk."""
        root = self.settings.media_dir
        return [path for path in root.iterdir() if not path.name.startswith(".")] if root.exists() else []


@pytest.fixture
def parts(settings: Settings, redis_client: redis.Redis) -> JobParts:
    """Return service, upkeep and runner over one ledger."""
    ledger, queue, clock = Ledger.from_settings(settings, redis_client), RememberedQueue(), Clock()
    service = JobService(settings, ledger=ledger, enqueue=queue, withdraw=queue.withdraw, clock=clock)
    upkeep = Upkeep(settings, ledger=ledger, enqueue=queue, clock=clock)
    return JobParts(settings, ledger, queue, clock, service, upkeep)


@pytest.fixture
def photo() -> bytes:
    """Return a JPEG of 200x253 px."""
    return encoded(Image.effect_noise((200, 253), 60).convert("RGB"), "JPEG")


def encoded(picture: Image.Image, format: str) -> bytes:
    """Return *picture* as the bytes of a file."""
    out = io.BytesIO()
    picture.save(out, format)
    return out.getvalue()

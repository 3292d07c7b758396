"""What the job and batch pages show, computed here so that the templates only place it."""

import re
from dataclasses import dataclass

from flask import render_template

from thumbapp.blueprints.context import job_service
from thumbapp.blueprints.identity import asker
from thumbapp.jobs.model import Batch, Job, JobState, Thumbnail


@dataclass(frozen=True, slots=True)
class JobPage:
    """One job as its visitor sees it; ``place`` is 0 when it does not wait."""

    job: Job
    place: int
    is_owner: bool

    @property
    def places(self) -> list[tuple[str, Thumbnail | None]]:
        """The sizes in the order they were asked for, each with its thumbnail or None while it is to come."""
        made = {thumbnail.size: thumbnail for thumbnail in self.job.thumbnails}
        sizes = [str(size) for size in self.job.recipe.sizes]
        return [(size, made.get(size)) for size in sizes if size in made or not self.job.state.is_final]

    @property
    def can_retry(self) -> bool:
        """Whether the visitor may queue the job again."""
        return self.is_owner and self.job.state in (JobState.FAILED, JobState.CANCELLED)

    @property
    def total_bytes(self) -> int:
        """The bytes of all thumbnails."""
        return sum(thumbnail.bytes for thumbnail in self.job.thumbnails)

    def panel(self) -> str:
        """Return the part of the page that changes while the job is worked on."""
        return render_template("jobs/_job.html", page=self, job=self.job)


@dataclass(frozen=True, slots=True)
class BatchPage:
    """The jobs of one upload as their visitor sees them; ``place`` is the first waiting one's."""

    batch: Batch
    place: int
    is_owner: bool

    @property
    def jobs(self) -> list[Job]:
        """The jobs by file name, numbers by value: uploads side by side arrive in no order."""
        return sorted(self.batch.jobs, key=lambda job: _natural(job.filename))

    @property
    def finished(self) -> int:
        """How many jobs have no work left."""
        return sum(job.state.is_final for job in self.jobs)

    @property
    def failed(self) -> int:
        """How many jobs failed."""
        return sum(job.state is JobState.FAILED for job in self.jobs)

    @property
    def thumbnails(self) -> int:
        """How many thumbnails there are."""
        return sum(len(job.thumbnails) for job in self.jobs)

    @property
    def total_bytes(self) -> int:
        """The bytes of all thumbnails."""
        return sum(thumbnail.bytes for job in self.jobs for thumbnail in job.thumbnails)

    def panel(self) -> str:
        """Return the part of the page that changes while jobs are worked on."""
        return render_template("jobs/_batch.html", page=self, batch=self.batch)


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def job_page(job_id: str) -> JobPage:
    """Return the page of one job, or raise JobNotFound or JobExpired."""
    service = job_service()
    job = service.find(job_id)
    return JobPage(job, place=service.place(job), is_owner=service.owns(job, asker().actor))


def batch_page(batch_id: str) -> BatchPage:
    """Return the page of one batch, or raise JobNotFound or JobExpired."""
    service = job_service()
    batch = service.batch(batch_id)
    queued = next((job for job in batch.jobs if job.state is JobState.QUEUED), None)
    place = service.place(queued) if queued else 0
    return BatchPage(batch, place=place, is_owner=service.owns(batch, asker().actor))

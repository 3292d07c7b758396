"""One execution of a job: claim it, make its thumbnails, pack the archive, finish it.

An execution writes only while its token stands in the record. A cancel, a retry or another worker
that took the job over changes the token, and whatever the old execution still does changes nothing.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import redis

from thumbapp import moments
from thumbapp.errors import (
    JobExpired,
    JobNotFound,
    RenderCancelled,
    RenderFailed,
    RenderStopped,
    ThumbAppError,
)
from thumbapp.imaging.archive import MANIFEST, thumbnail_name, write_archive
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition
from thumbapp.jobs import model
from thumbapp.jobs.ledger import ARCHIVE, SOURCE, Ledger
from thumbapp.jobs.manifest import manifest, manifest_text, members
from thumbapp.jobs.model import Job, JobError, JobState, Thumbnail

DROPPED: Final = "dropped"
_CANCEL_CHECK_S: Final = 0.25
_log = logging.getLogger(__name__)


class Renderer(Protocol):
    """Makes the renditions of one picture: `thumbapp.imaging.sandbox.Sandbox` is one."""

    def render(
        self,
        source: Path,
        recipe: Recipe,
        *,
        folder: Path,
        on_rendition: Callable[[Rendition], None],
        is_cancelled: Callable[[], bool],
    ) -> list[Rendition]:
        """Return the renditions in *folder*, each reported to *on_rendition* when it is there."""


OnProgress = Callable[[int, int], object]


class Runner:
    """Runs jobs of *ledger* with *renderer*; *on_progress* hears how many thumbnails are made of how many."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        renderer: Renderer,
        clock: Callable[[], datetime] = moments.now,
        on_progress: OnProgress = lambda done, total: None,
    ) -> None:
        self._ledger = ledger
        self._renderer = renderer
        self._clock = clock
        self._on_progress = on_progress
        self._working: set[_Execution] = set()

    def stop(self) -> None:
        """Let every job that is being worked on wait again, because this worker stops."""
        for execution in list(self._working):
            try:
                execution.give_back()
            except redis.RedisError as error:
                _log.warning("a job stays marked as running until it is delivered again (%s)", error)

    def run(self, job_id: str, *, run_id: str) -> str:
        """Work on the job when *run_id* is its current run; returns the state it ended in.

        A run that was replaced, cancelled, deleted or finished before does nothing: its end is told
        once more, `DROPPED` when it had none of its own.

        Raises:
            UploadRefused, RenderFailed: the job is ``failed`` with that reason.
        """
        execution = self._claim(job_id, run_id)
        if execution is None:
            _log.info("job %s: nothing to do for run %s", job_id, run_id)
            return self._end_before(job_id, run_id)
        self._working.add(execution)
        try:
            state = execution.finish()
        finally:
            self._working.discard(execution)
        return self._end_before(job_id, run_id) if state == DROPPED else state

    def give_up(self, job_id: str, *, run_id: str, error: ThumbAppError) -> None:
        """Fail the job with *error* when *run_id*, which the queue has given up, is its current run."""
        try:
            job = self._ledger.store.find(job_id)
        except (JobNotFound, JobExpired):
            return
        if job.run_id != run_id:
            return
        reason = JobError(error.code, str(error))
        job = replace(job, state=JobState.FAILED, error=reason, finished_at=self._clock())
        fields = model.changes(state=job.state, error=reason, finished_at=job.finished_at, token="")
        unfinished = (JobState.QUEUED, JobState.RUNNING)
        if self._ledger.store.change(job_id, unfinished, fields=fields, finished_at=job.finished_at):
            self._ledger.keep(job)
            self._ledger.announce(job)

    def _end_before(self, job_id: str, run_id: str) -> str:
        """Return, or raise, how the run *run_id* has ended elsewhere; it was delivered once more."""
        try:
            job = self._ledger.store.find(job_id)
        except (JobNotFound, JobExpired):
            return DROPPED
        if job.run_id != run_id or job.state not in (JobState.DONE, JobState.FAILED):
            return DROPPED
        if job.error is not None:
            raise RenderFailed(job.error.message)
        return job.state

    def _claim(self, job_id: str, run_id: str) -> "_Execution | None":
        try:
            job = self._ledger.store.find(job_id)
        except (JobNotFound, JobExpired):
            return None
        if job.run_id != run_id or job.state.is_final:
            return None
        token = secrets.token_hex(8)
        job = replace(job, state=JobState.RUNNING, started_at=self._clock(), done=0, thumbnails=())
        fields = model.changes(state=job.state, started_at=job.started_at, done=0, thumbnails=())
        waiting = (JobState.QUEUED, JobState.RUNNING)
        if not self._ledger.store.change(job_id, waiting, fields=fields | {"token": token}):
            return None
        self._ledger.announce(job)
        return _Execution(
            job,
            token,
            ledger=self._ledger,
            renderer=self._renderer,
            clock=self._clock,
            on_progress=self._on_progress,
        )


class _Execution:
    """One claimed run; its token is what allows it to write."""

    def __init__(
        self,
        job: Job,
        token: str,
        *,
        ledger: Ledger,
        renderer: Renderer,
        clock: Callable[[], datetime],
        on_progress: OnProgress,
    ) -> None:
        self._job = job
        self._token = token
        self._ledger = ledger
        self._renderer = renderer
        self._clock = clock
        self._on_progress = on_progress
        self._checked_at = time.monotonic()

    def finish(self) -> str:
        """Render, pack and record the outcome; returns the final state."""
        try:
            self._render()
            self._pack()
        except RenderCancelled:
            return self._dropped()
        except RenderStopped:
            self.give_back()
            raise  # this worker stops: the queue delivers the task again
        except redis.RedisError:
            raise  # likewise when it is back
        except Exception as error:
            if self._fail(error) == DROPPED:
                return DROPPED
            raise
        done = replace(self._job, state=JobState.DONE, finished_at=self._clock(), stored=self._stored())
        return self._settle(done)

    def give_back(self) -> None:
        """Let the job wait again, because this worker stops; nothing when another has it."""
        job = replace(self._job, state=JobState.QUEUED, started_at=None, done=0, thumbnails=())
        fields = model.changes(state=job.state, started_at=None, done=0, thumbnails=(), token="")
        running = [JobState.RUNNING]
        if self._ledger.store.change(job.id, running, fields=fields, token=self._token, place=job.number):
            self._ledger.announce(job, "put back")

    def _render(self) -> None:
        media = self._ledger.media
        self._renderer.render(
            media.path(self._job.id, SOURCE),
            self._job.recipe,
            folder=media.folder(self._job.id),
            on_rendition=self._add,
            is_cancelled=self._is_cancelled,
        )

    def _add(self, made: Rendition) -> None:
        """Record one finished thumbnail; raises RenderCancelled when this run was replaced."""
        thumbnail = Thumbnail(
            name=thumbnail_name(self._job.filename, made.size, made.format),
            file=made.file,
            size=str(made.size),
            width=made.width,
            height=made.height,
            bytes=made.bytes,
            format=made.format,
            sha256=made.sha256,
        )
        order = [str(size) for size in self._job.recipe.sizes]
        thumbnails = tuple(
            sorted((*self._job.thumbnails, thumbnail), key=lambda item: order.index(item.size))
        )
        self._job = replace(self._job, thumbnails=thumbnails, done=len(thumbnails))
        if not self._write(model.changes(done=self._job.done, thumbnails=thumbnails)):
            raise RenderCancelled
        self._ledger.tell(self._job)
        self._on_progress(self._job.done, self._job.total)

    def _pack(self) -> None:
        media, job = self._ledger.media, self._job
        pictures = [(name, media.path(job.id, file)) for name, file in members(job)]
        texts = {MANIFEST: manifest_text(manifest(job))}
        write_archive(media.path(job.id, ARCHIVE), pictures, texts=texts)

    def _stored(self) -> int:
        """Return how many bytes original, thumbnails and zip take."""
        original = self._job.original.bytes if self._job.original else 0
        zipped = self._ledger.media.path(self._job.id, ARCHIVE).stat().st_size
        return original + zipped + sum(thumbnail.bytes for thumbnail in self._job.thumbnails)

    def _is_cancelled(self) -> bool:
        """Whether the run lost its claim; asks Redis four times a second at most."""
        if time.monotonic() - self._checked_at < _CANCEL_CHECK_S:
            return False
        self._checked_at = time.monotonic()
        return self._ledger.store.token(self._job.id) != self._token

    def _fail(self, error: Exception) -> str:
        """Record why the job failed, unless the run lost its claim meanwhile; returns the state."""
        reason = JobError(error.code, str(error)) if isinstance(error, ThumbAppError) else _internal(error)
        return self._settle(
            replace(self._job, state=JobState.FAILED, error=reason, finished_at=self._clock())
        )

    def _settle(self, job: Job) -> str:
        """Write the final state, the copy in the folder, the log line; returns the state."""
        fields = model.changes(
            state=job.state, error=job.error, finished_at=job.finished_at, stored=job.stored
        )
        if not self._write(fields, finished_at=job.finished_at):
            return self._dropped()
        self._ledger.keep(job)
        self._ledger.announce(job)
        return job.state

    def _write(self, fields: Mapping[str, str], *, finished_at: datetime | None = None) -> bool:
        return self._ledger.store.change(
            self._job.id, [JobState.RUNNING], fields=fields, token=self._token, finished_at=finished_at
        )

    def _dropped(self) -> str:
        """Leave the job to whoever took it; remove what was made for a job deleted meanwhile."""
        if self._ledger.store.was_removed(self._job.id):
            self._ledger.media.remove(self._job.id)
        _log.info("job %s: run %s was replaced or cancelled", self._job.id, self._job.run_id)
        return DROPPED


def _internal(error: Exception) -> JobError:
    """Return what a user is told when it was no fault of the picture; the log has the rest."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return JobError("internal", f"The thumbnails could not be written ({what}). Try again later.")

"""What can be done with jobs from outside: submit, look up, cancel, try again, delete.

Knows neither the web nor the queue: `enqueue` and `withdraw` come in as arguments. The order of accepting is:
the file is complete in the media store, then the record, then the queue; whatever fails on the way
takes back what was done before it.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import BinaryIO, Final, Protocol

import redis

from thumbapp import moments
from thumbapp.config import MEGA, Settings
from thumbapp.errors import (
    NoFileChosen,
    NotYourJob,
    QueueFull,
    StoreFull,
    TooManyFiles,
    TooManyJobs,
    UploadRefused,
    WrongState,
)
from thumbapp.imaging.archive import clean_name
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs import model
from thumbapp.jobs.background_retry import retry_in_background
from thumbapp.jobs.ledger import SOURCE, Ledger
from thumbapp.jobs.model import Batch, Job, JobError, JobState, Original, Page
from thumbapp.jobs.store import NO_LIMIT, Usage

NEW_BATCH: Final = "new"
_log = logging.getLogger(__name__)


class Enqueue(Protocol):
    """Puts a run of a job into the task queue."""

    def __call__(self, job_id: str, *, run_id: str) -> object:
        """Return when the queue has the run *run_id*; raise when it has not."""


class Withdraw(Protocol):
    """Takes a run of a job back from the task queue."""

    def __call__(self, run_id: str, /) -> object:
        """Return when the run *run_id* will not begin; a run that has ended, or is unknown, needs none."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form: the name the user gave it and its bytes, read once from where they stand."""

    filename: str
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of one upload: its jobs and their batch, "" when there is none."""

    jobs: tuple[Job, ...]
    batch: str = ""


class JobService:
    """All that a visitor or an administrator can do with the jobs of *ledger*."""

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        enqueue: Enqueue,
        withdraw: Withdraw = lambda run_id: None,
        clock: Callable[[], datetime] = moments.now,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._store = ledger.store
        self._media = ledger.media
        self._limits = Limits.from_settings(settings)
        self._most = Usage(jobs=settings.jobs_in_flight, bytes=settings.store_mb * MEGA)
        self._enqueue = enqueue
        self._withdraw = withdraw
        self._clock = clock
        self._delete_key = hashlib.sha256(b"thumbapp delete token" + settings.secret()).digest()

    def submit(
        self,
        uploads: Sequence[Upload],
        recipe: Recipe,
        *,
        owner: str,
        payer: str = "",
        batch: str = "",
        count: Callable[[], None] = lambda: None,
    ) -> Submission:
        """Store the pictures of one upload, queue a job for each, and return what became of them.

        Several files make a batch, as does *batch* ``"new"``; an id adds to that batch of the same
        owner. Of several files a bad one becomes a ``failed`` job and the others go on. *payer* is
        whose quota is used; *count* is called once a batch and may refuse by raising.

        Raises:
            UploadRefused: no file, too many, or the only file is no picture we take.
            QueueFull, Throttled, StorageUnavailable, redis.RedisError: nothing was kept.
            JobNotFound, NotYourJob: *batch* is not one to add to.
        """
        self._check_room(uploads, payer)
        new_batch = new_id() if batch == NEW_BATCH or (not batch and len(uploads) > 1) else ""
        if batch and not new_batch:
            self._check_batch(batch, owner=owner)
        else:
            count()
        draft = self._draft(recipe, owner=owner, payer=payer, batch=new_batch or batch)
        jobs: list[Job] = []
        try:
            if new_batch:
                self._store.add_batch(new_batch, owner=owner, created_at=self._clock())
            for upload in uploads:
                name, number = clean_name(upload.filename), self._store.draw_number()
                jobs.append(replace(draft, id=new_id(), number=number, filename=name))
                jobs[-1] = self._accept(jobs[-1], upload, alone=len(uploads) == 1)
        except BaseException as error:
            self._take_back(jobs, new_batch, error)
            raise
        return Submission(tuple(jobs), new_batch or batch)

    def find(self, job_id: str) -> Job:
        """Return the job, or raise JobNotFound or JobExpired."""
        return self._store.find(job_id)

    def batch(self, batch_id: str) -> Batch:
        """Return the batch, or raise JobNotFound or JobExpired."""
        return self._store.batch(batch_id)

    def place(self, job: Job) -> int:
        """Return the job's place in the queue, 1 being next; 0 when it does not wait."""
        return self._store.place(job.id) if job.state is JobState.QUEUED else 0

    def waiting(self) -> int:
        """Return how many jobs wait."""
        return self._store.waiting()

    def stored_bytes(self) -> int:
        """Return how many bytes the files of all jobs take."""
        return self._store.stored_bytes()

    def page_of(
        self,
        owner: str | None,
        *,
        state: JobState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Return *owner*'s jobs (None: everybody's), newest first, *limit* at a time."""
        return self._store.page(owner, state=state, cursor=cursor, limit=limit)

    def cancel(self, job_id: str, *, actor: str | None, token: str = "") -> Job:
        """Stop and return a waiting or running job; *actor* None is the administrator at the command line."""
        job = self._own(job_id, actor, token)
        job = replace(job, state=JobState.CANCELLED, finished_at=self._clock())
        fields = model.changes(state=job.state, finished_at=job.finished_at, token="")
        active = (JobState.QUEUED, JobState.RUNNING)
        if not self._store.change(job_id, active, fields=fields, finished_at=job.finished_at):
            raise WrongState("cancelled", self.find(job_id).state)
        self._take_off_queue(job)
        return self._settled(job)

    def retry(self, job_id: str, *, actor: str | None) -> Job:
        """Queue a failed or cancelled job again, at the end of the queue, and return it."""
        job = self._own(job_id, actor)
        self._check_quota(job.payer, more=1)
        if not self._media.exists(job_id, SOURCE):
            raise WrongState("tried again, for its picture was not kept", job.state)
        again, token = _fresh(job), secrets.token_hex(8)
        try:
            self._queue_again(again, token)
        except redis.RedisError as error:
            fields, finished_at = model.to_record(job) | {"token": ""}, job.finished_at
            undo = partial(
                self._store.change,
                job_id,
                [again.state],
                fields=fields,
                token=token,
                finished_at=finished_at,
            )
            retry_in_background(undo, after=error)
            raise
        return self._settled(again)

    def delete(self, job_id: str, *, actor: str | None, token: str = "") -> None:
        """Remove the job and its files for its owner, or for who holds its delete token."""
        job = self._own(job_id, actor, token)
        self._store.forget(job, was_removed=True)
        if not job.state.is_final:
            self._take_off_queue(job)
        self._media.remove(job_id)
        self._ledger.announce(job, "deleted")

    def owns(self, work: Job | Batch, actor: str | None) -> bool:
        """Whether *actor* may change the job or batch; None is the administrator."""
        return actor is None or bool(work.owner and hmac.compare_digest(work.owner, actor))

    def delete_token(self, job: Job) -> str:
        """Return the secret with which a job made without an account can be deleted, "" for others."""
        return "" if job.owner else hmac.new(self._delete_key, job.id.encode(), "sha256").hexdigest()

    def _own(self, job_id: str, actor: str | None, token: str = "") -> Job:
        """Return the job when *actor* owns it or *token* is its delete token."""
        job = self.find(job_id)
        secret = self.delete_token(job)
        if self.owns(job, actor) or (secret and hmac.compare_digest(secret.encode(), token.encode())):
            return job
        raise NotYourJob

    def _check_room(self, uploads: Sequence[Upload], payer: str) -> None:
        if not uploads:
            raise NoFileChosen
        if len(uploads) > self._settings.max_files:
            raise TooManyFiles(len(uploads), self._settings.max_files)
        waiting = self._store.waiting()
        if self._settings.queue_limit and waiting + len(uploads) > self._settings.queue_limit:
            raise QueueFull(waiting)
        self._check_quota(payer, more=len(uploads))
        self._media.check_room()

    def _check_quota(self, payer: str, *, more: int) -> None:
        """Raise when *payer* cannot have *more* jobs; the store looks again when it adds each."""
        most, has = self._most, self._store.usage(payer) if payer else NO_LIMIT
        if payer and most.jobs and has.jobs + more > most.jobs:
            raise TooManyJobs(most.jobs)
        if payer and most.bytes and has.bytes >= most.bytes:
            raise StoreFull(most.bytes)

    def _check_batch(self, batch_id: str, *, owner: str) -> None:
        """Raise when *owner* cannot add to the batch."""
        found = self._store.batch(batch_id)
        if not owner or found.owner != owner:
            raise NotYourJob
        if len(found.jobs) >= self._settings.max_files:
            raise TooManyFiles(len(found.jobs) + 1, self._settings.max_files)

    def _draft(self, recipe: Recipe, *, owner: str, payer: str, batch: str) -> Job:
        """Return what the jobs of one upload have in common."""
        return Job(
            id="",
            state=JobState.QUEUED,
            filename="",
            recipe=recipe,
            created_at=self._clock(),
            owner=owner,
            payer=payer,
            batch=batch,
            total=len(recipe.sizes),
        )

    def _accept(self, job: Job, upload: Upload, *, alone: bool) -> Job:
        """Store the picture, look at its header and queue the job; nothing is left when that fails."""
        try:
            stored = self._media.put(job.id, SOURCE, upload.stream, max_bytes=self._limits.max_bytes)
            seen = probe(self._media.path(job.id, SOURCE), limits=self._limits)
            return self._queue(replace(job, original=Original.of(seen), stored=stored))
        except UploadRefused as error:
            self._media.remove(job.id)
            if alone:
                raise
            return self._add_failed(job, error)

    def _queue(self, job: Job) -> Job:
        self._ledger.keep(job)
        self._store.add(job, most=self._most)
        self._enqueue(job.id, run_id=job.run_id)
        self._ledger.announce(job)
        return job

    def _queue_again(self, job: Job, token: str) -> None:
        """Queue *job*, which had failed or was cancelled; *token* stands in its record until it begins."""
        over = (JobState.FAILED, JobState.CANCELLED)
        place = self._store.draw_number()
        fields = model.to_record(job) | {"token": token}
        if not self._store.change(job.id, over, fields=fields, place=place):
            raise WrongState("tried again", self.find(job.id).state)
        self._enqueue(job.id, run_id=job.run_id)

    def _add_failed(self, job: Job, error: UploadRefused) -> Job:
        reason = JobError(error.code, str(error))
        failed = replace(job, state=JobState.FAILED, error=reason, finished_at=self._clock())
        self._store.add(failed)
        self._ledger.announce(failed)
        return failed

    def _take_back(self, jobs: Sequence[Job], new_batch: str, error: BaseException) -> None:
        """Remove what an upload that failed half-way with *error* had already stored."""
        for job in jobs:
            self._media.remove(job.id)
        retry_in_background(partial(self._store.forget, *jobs, batch=new_batch), after=error)

    def _take_off_queue(self, job: Job) -> None:
        """Withdraw the run of *job*; where that fails, its worker finds that there is nothing to do."""
        try:
            self._withdraw(job.run_id)
        except redis.RedisError as error:
            _log.warning("the task of job %s stays in the queue (%s)", job.id, error)

    def _settled(self, job: Job) -> Job:
        self._ledger.keep(job)
        self._ledger.announce(job)
        return job


def new_id() -> str:
    """Return an id that cannot be guessed: 128 random bits as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def _fresh(job: Job) -> Job:
    """Return *job* as if it had just been queued, under a run id of its own."""
    return replace(
        job,
        state=JobState.QUEUED,
        attempt=job.attempt + 1,
        done=0,
        thumbnails=(),
        error=None,
        started_at=None,
        finished_at=None,
    )

"""Keeping house: jobs past their time go, killed runs' leftovers go, lost records come back."""

from collections.abc import Callable, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from thumbapp import moments
from thumbapp.config import Settings
from thumbapp.errors import JobExpired, JobNotFound
from thumbapp.jobs.ledger import ARCHIVE, Ledger
from thumbapp.jobs.model import Job, JobState
from thumbapp.jobs.service import Enqueue

# A folder this young may belong to an upload whose record is about to be written.
_BEING_ACCEPTED: Final = timedelta(minutes=1)
# A job this young may be on its way into the queue.
_BEING_QUEUED: Final = timedelta(minutes=2)


class Upkeep:
    """Cleans and heals the jobs of *ledger*."""

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        enqueue: Enqueue,
        clock: Callable[[], datetime] = moments.now,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._enqueue = enqueue
        self._clock = clock

    def clean(self) -> int:
        """Remove jobs past their retention time and what killed runs left; returns how many jobs went.

        A file that cannot be deleted now stays for the next call. A live job loses nothing: records
        that Redis lost are restored first.
        """
        self.heal()
        store, media = self._ledger.store, self._ledger.media
        found = [self._find(job_id) for job_id in store.expired_ids(self._clock())]
        expired = [job for job in found if job]
        for job in expired:
            store.expire(job, self._clock())
            media.remove(job.id)
            self._ledger.announce(job, JobState.EXPIRED)
        media.sweep(store.exists, older_than_s=2 * self._settings.job_timeout)
        return len(expired)

    def heal(self) -> int:
        """Restore records from ``job.json`` that Redis came back without; returns how many.

        A job that waited or ran is queued again.
        """
        lost = [job for job_id in self._ledger.media.job_ids() if (job := self._lost(job_id))]
        for job in sorted(lost, key=lambda job: job.number):
            self._restore(job)
        return len(lost)

    def requeue(self, run_ids: Callable[[], Set[str]]) -> int:
        """Queue again the waiting jobs whose run is not among the queue's *run_ids*; returns how many.

        A server that lost its last second, or a web process killed between record and queue, leaves some.
        """
        before = self._clock() - _BEING_QUEUED
        found = [self._find(job_id) for job_id in self._ledger.store.queued_ids()]
        waiting = [job for job in found if job and job.created_at < before]
        known = run_ids() if waiting else set()
        lost = [job for job in waiting if job.run_id not in known and self._still_waits(job)]
        for job in lost:
            self._enqueue(job.id, run_id=job.run_id)
            self._ledger.announce(job, "queued again")
        return len(lost)

    def _still_waits(self, job: Job) -> bool:
        now = self._find(job.id)
        return now is not None and now.state is JobState.QUEUED and now.run_id == job.run_id

    def _restore(self, job: Job) -> None:
        if not self._ledger.store.claim_restoring(job.id):
            return
        job = replace(job, number=self._ledger.store.draw_number())
        if not job.state.is_final:
            job = replace(job, state=JobState.QUEUED, attempt=job.attempt + 1, done=0, thumbnails=())
        self._ledger.store.add(job)
        self._ledger.keep(job)
        if not job.state.is_final:
            self._enqueue(job.id, run_id=job.run_id)
        self._ledger.announce(job, "restored")

    def _lost(self, job_id: str) -> Job | None:
        """Return the job of a folder whose record is gone and was neither removed nor expired."""
        try:
            self._ledger.store.find(job_id)
        except JobNotFound:
            job = self._ledger.kept(job_id)
            return job if job and self._is_whole(job) and not self._ledger.store.was_removed(job_id) else None
        except JobExpired:
            return None
        return None

    def _is_whole(self, job: Job) -> bool:
        """Whether all is there that *job*'s copy of its record speaks of, and nothing is on its way in."""
        if job.state is JobState.DONE:
            return self._ledger.media.exists(job.id, ARCHIVE)
        return job.state.is_final or self._clock() - job.created_at > _BEING_ACCEPTED

    def _find(self, job_id: str) -> Job | None:
        try:
            return self._ledger.store.find(job_id)
        except (JobNotFound, JobExpired):
            return None

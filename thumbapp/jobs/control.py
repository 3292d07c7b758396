"""What the task monitor's buttons mean for a thumbnail job, whose task must not act without it."""

from thumbapp.errors import JobExpired, JobNotFound, WrongState
from thumbapp.jobs.service import JobService


class JobControl:
    """Stops and repeats the jobs of *service* for whoever may that with every task."""

    def __init__(self, service: JobService) -> None:
        self._service = service

    def cancel(self, job_id: str) -> None:
        """Stop the job; one that is over or gone needs none."""
        try:
            self._service.cancel(job_id, actor=None)
        except (JobExpired, JobNotFound, WrongState):
            return

    def retry(self, job_id: str) -> str:
        """Queue the job again; return the id of its new task."""
        return self._service.retry(job_id, actor=None).run_id

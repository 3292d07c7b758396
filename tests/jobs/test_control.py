"""What the task monitor's buttons do to a thumbnail job."""

import pytest

from tests.jobs.conftest import JobParts
from thumbapp.errors import WrongState
from thumbapp.jobs.control import JobControl
from thumbapp.jobs.model import JobState


def test_a_waiting_job_is_stopped_and_queued_again_as_another_run(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jpg", photo))
    acts = JobControl(parts.service)

    acts.cancel(job.id)
    stopped = parts.service.find(job.id)
    run_id = acts.retry(job.id)

    assert stopped.state is JobState.CANCELLED
    assert parts.queue.runs[-1] == (job.id, run_id)
    assert run_id != job.run_id
    assert parts.service.find(job.id).state is JobState.QUEUED


def test_a_job_that_is_gone_or_over_need_not_be_stopped(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jpg", photo))
    parts.run(job)

    JobControl(parts.service).cancel(job.id)
    JobControl(parts.service).cancel("never-there")

    assert parts.service.find(job.id).state is JobState.DONE


def test_a_job_that_is_done_is_not_done_again(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jpg", photo))
    parts.run(job)

    with pytest.raises(WrongState):
        JobControl(parts.service).retry(job.id)

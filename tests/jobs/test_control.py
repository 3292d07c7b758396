"""What the task monitor's buttons do to a thumbnail job."""

import pytest

from tests.jobs.conftest import Desk
from thumbapp.errors import WrongState
from thumbapp.jobs.control import JobControl
from thumbapp.jobs.model import JobState


def test_a_waiting_job_is_stopped_and_queued_again_as_another_run(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("rob.jpg", photo))
    acts = JobControl(desk.service)

    acts.cancel(job.id)
    stopped = desk.service.find(job.id)
    run_id = acts.retry(job.id)

    assert stopped.state is JobState.CANCELLED
    assert desk.queue.runs[-1] == (job.id, run_id)
    assert run_id != job.run_id
    assert desk.service.find(job.id).state is JobState.QUEUED


def test_a_job_that_is_gone_or_over_need_not_be_stopped(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("rob.jpg", photo))
    desk.run(job)

    JobControl(desk.service).cancel(job.id)
    JobControl(desk.service).cancel("never-there")

    assert desk.service.find(job.id).state is JobState.DONE


def test_a_job_that_is_done_is_not_done_again(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("rob.jpg", photo))
    desk.run(job)

    with pytest.raises(WrongState):
        JobControl(desk.service).retry(job.id)

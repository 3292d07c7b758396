import io

import pytest
import redis

from tests.jobs.conftest import Desk
from thumbapp.config import Settings
from thumbapp.errors import (
    EmptyFile,
    JobNotFound,
    NoFileChosen,
    NotAPicture,
    NotYourJob,
    QueueFull,
    TooManyFiles,
    UploadRefused,
    WrongState,
)
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs.model import JobState
from thumbapp.jobs.service import JobService, Upload

OWNER = "v-somebody"


def test_a_submitted_picture_is_stored_recorded_and_queued(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("rob.jfif", photo))

    assert desk.service.find(job.id) == job
    assert job.state is JobState.QUEUED
    assert (job.original.width, job.original.height, job.original.bytes) == (200, 253, len(photo))
    assert desk.ledger.media.path(job.id, "source").read_bytes() == photo
    assert desk.ledger.kept(job.id) == job
    assert desk.queue.runs == [(job.id, job.run_id)]


def test_ids_cannot_be_guessed(desk: Desk, photo: bytes) -> None:
    jobs = [desk.submit(("a.jpg", photo))[0] for _ in range(5)]

    assert len({job.id for job in jobs}) == 5
    assert all(len(job.id) >= 22 for job in jobs)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", EmptyFile), (b"just text", NotAPicture), (b"\x89PNG\r\n\x1a\nnot really", UploadRefused)],
    ids=["empty", "text", "only-a-signature"],
)
def test_a_bad_picture_alone_is_refused_and_leaves_nothing(
    desk: Desk, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.submit(("bad.png", content))

    assert desk.folders() == []
    assert desk.service.page_of(OWNER).items == []
    assert desk.queue.runs == []


def test_a_bad_picture_among_several_fails_alone(desk: Desk, photo: bytes) -> None:
    good, bad, other = desk.submit(("a.jpg", photo), ("b.png", b"text"), ("c.jpg", photo))

    assert [good.state, bad.state, other.state] == ["queued", "failed", "queued"]
    assert bad.error.code == "not-a-picture"
    assert desk.service.batch(good.batch).jobs == (good, bad, other)
    assert not (desk.settings.media_dir / bad.id).exists()


@pytest.mark.parametrize(("files", "error"), [(0, NoFileChosen), (101, TooManyFiles)], ids=["none", "101"])
def test_the_number_of_files_is_checked(desk: Desk, photo: bytes, files: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        desk.submit(*[("a.jpg", photo)] * files)


def test_a_queue_that_refuses_leaves_nothing_half_kept(desk: Desk, photo: bytes) -> None:
    desk.queue.error = redis.ConnectionError("gone")

    with pytest.raises(redis.ConnectionError):
        desk.submit(("a.jpg", photo))

    assert desk.folders() == []
    assert desk.service.waiting() == 0
    assert desk.service.page_of(OWNER).items == []


def test_a_full_queue_refuses(desk: Desk, photo: bytes, settings: Settings) -> None:
    from dataclasses import replace

    small = replace(settings, queue_limit=1)
    service = JobService(small, ledger=desk.ledger, enqueue=desk.queue)
    desk.submit(("a.jpg", photo))

    with pytest.raises(QueueFull):
        service.submit([Upload("b.jpg", io.BytesIO(photo))], Recipe.parse(sizes="64"), owner=OWNER)


def test_a_waiting_job_knows_its_place(desk: Desk, photo: bytes) -> None:
    first, second, third = (desk.submit(("a.jpg", photo))[0] for _ in range(3))

    desk.service.cancel(second.id, actor=OWNER)

    assert [desk.service.place(desk.service.find(job.id)) for job in (first, second, third)] == [1, 0, 2]


def test_files_are_added_to_a_batch_of_ones_own(desk: Desk, photo: bytes) -> None:
    upload, recipe = Upload("a.jpg", io.BytesIO(photo)), Recipe.parse(sizes="64")
    first = desk.service.submit([upload], recipe, owner=OWNER, batch="new")

    desk.service.submit([Upload("b.jpg", io.BytesIO(photo))], recipe, owner=OWNER, batch=first.batch)

    assert [job.filename for job in desk.service.batch(first.batch).jobs] == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("actor", ["v-other", ""], ids=["another", "nobody"])
def test_a_batch_of_another_takes_no_files(desk: Desk, photo: bytes, actor: str) -> None:
    batch = desk.submit(("a.jpg", photo), ("b.jpg", photo))[0].batch

    with pytest.raises(NotYourJob):
        desk.service.submit(
            [Upload("c.jpg", io.BytesIO(photo))], Recipe.parse(sizes="64"), owner=actor, batch=batch
        )


@pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
@pytest.mark.parametrize("actor", ["v-other", ""], ids=["another", "nobody"])
def test_only_the_owner_changes_a_job(desk: Desk, photo: bytes, action: str, actor: str) -> None:
    [job] = desk.submit(("a.jpg", photo))

    with pytest.raises(NotYourJob):
        getattr(desk.service, action)(job.id, actor=actor)

    assert desk.service.find(job.id) == job


def test_a_job_without_owner_is_deleted_by_its_token_alone(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo), owner="")
    token = desk.service.delete_token(job)

    with pytest.raises(NotYourJob):
        desk.service.delete(job.id, actor="", token="0" * len(token))
    desk.service.delete(job.id, actor="", token=token)

    with pytest.raises(JobNotFound):
        desk.service.find(job.id)


def test_a_job_with_an_owner_has_no_token(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))

    assert desk.service.delete_token(job) == ""
    with pytest.raises(NotYourJob):
        desk.service.delete(job.id, actor="", token="")


def test_a_cancelled_job_is_not_run(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))

    cancelled = desk.service.cancel(job.id, actor=OWNER)

    assert cancelled.state is JobState.CANCELLED
    assert desk.run(job) == "dropped"
    assert desk.service.find(job.id).state is JobState.CANCELLED


@pytest.mark.parametrize("action", ["cancel", "delete"])
def test_the_run_of_a_job_that_is_stopped_is_taken_off_the_queue(
    desk: Desk, photo: bytes, action: str
) -> None:
    [job] = desk.submit(("a.jpg", photo))

    getattr(desk.service, action)(job.id, actor=OWNER)

    assert desk.queue.withdrawn == [job.run_id]


def test_a_job_is_cancelled_although_its_run_cannot_be_taken_off_the_queue(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.queue.error = redis.ConnectionError("away")

    desk.service.cancel(job.id, actor=OWNER)

    assert desk.run(job) == "dropped"
    assert desk.service.find(job.id).state is JobState.CANCELLED


def test_a_finished_job_cannot_be_cancelled(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.run(job)

    with pytest.raises(WrongState, match="done"):
        desk.service.cancel(job.id, actor=OWNER)


def test_a_retried_job_runs_under_a_new_run(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.service.cancel(job.id, actor=OWNER)

    again = desk.service.retry(job.id, actor=OWNER)

    assert desk.queue.runs == [(job.id, job.run_id), (job.id, again.run_id)]
    assert desk.run(job) == "dropped"
    assert desk.run(again) == "done"


def test_a_deleted_job_leaves_no_file(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.run(job)

    desk.service.delete(job.id, actor=OWNER)

    assert desk.folders() == []
    with pytest.raises(JobNotFound):
        desk.service.find(job.id)


def test_own_jobs_are_paged_newest_first(desk: Desk, photo: bytes) -> None:
    jobs = [desk.submit((f"{number}.jpg", photo))[0] for number in range(7)]
    desk.submit(("other.jpg", photo), owner="v-other")

    first = desk.service.page_of(OWNER, limit=4)
    rest = desk.service.page_of(OWNER, limit=4, cursor=first.cursor)

    assert [job.id for job in first.items + rest.items] == [job.id for job in reversed(jobs)]
    assert rest.cursor is None


def test_a_page_is_filtered_by_state(desk: Desk, photo: bytes) -> None:
    jobs = [desk.submit((f"{number}.jpg", photo))[0] for number in range(4)]
    desk.run(jobs[1])

    page = desk.service.page_of(OWNER, state=JobState.DONE)

    assert [job.id for job in page.items] == [jobs[1].id]

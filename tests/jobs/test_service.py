import io

import pytest
import redis

from tests.jobs.conftest import JobParts
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


def test_a_submitted_picture_is_stored_recorded_and_queued(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jfif", photo))

    assert parts.service.find(job.id) == job
    assert job.state is JobState.QUEUED
    assert (job.original.width, job.original.height, job.original.bytes) == (200, 253, len(photo))
    assert parts.ledger.media.path(job.id, "source").read_bytes() == photo
    assert parts.ledger.kept(job.id) == job
    assert parts.queue.runs == [(job.id, job.run_id)]


def test_ids_cannot_be_guessed(parts: JobParts, photo: bytes) -> None:
    jobs = [parts.submit(("a.jpg", photo))[0] for _ in range(5)]

    assert len({job.id for job in jobs}) == 5
    assert all(len(job.id) >= 22 for job in jobs)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", EmptyFile), (b"just text", NotAPicture), (b"\x89PNG\r\n\x1a\nnot really", UploadRefused)],
    ids=["empty", "text", "only-a-signature"],
)
def test_a_bad_picture_alone_is_refused_and_leaves_nothing(
    parts: JobParts, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        parts.submit(("bad.png", content))

    assert parts.folders() == []
    assert parts.service.page_of(OWNER).items == []
    assert parts.queue.runs == []


def test_a_bad_picture_among_several_fails_alone(parts: JobParts, photo: bytes) -> None:
    good, bad, other = parts.submit(("a.jpg", photo), ("b.png", b"text"), ("c.jpg", photo))

    assert [good.state, bad.state, other.state] == ["queued", "failed", "queued"]
    assert bad.error.code == "not-a-picture"
    assert parts.service.batch(good.batch).jobs == (good, bad, other)
    assert not (parts.settings.media_dir / bad.id).exists()


@pytest.mark.parametrize(("files", "error"), [(0, NoFileChosen), (101, TooManyFiles)], ids=["none", "101"])
def test_the_number_of_files_is_checked(
    parts: JobParts, photo: bytes, files: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        parts.submit(*[("a.jpg", photo)] * files)


def test_a_queue_that_refuses_leaves_nothing_half_kept(parts: JobParts, photo: bytes) -> None:
    parts.queue.error = redis.ConnectionError("gone")

    with pytest.raises(redis.ConnectionError):
        parts.submit(("a.jpg", photo))

    assert parts.folders() == []
    assert parts.service.waiting() == 0
    assert parts.service.page_of(OWNER).items == []


def test_a_full_queue_refuses(parts: JobParts, photo: bytes, settings: Settings) -> None:
    from dataclasses import replace

    small = replace(settings, queue_limit=1)
    service = JobService(small, ledger=parts.ledger, enqueue=parts.queue)
    parts.submit(("a.jpg", photo))

    with pytest.raises(QueueFull):
        service.submit([Upload("b.jpg", io.BytesIO(photo))], Recipe.parse(sizes="64"), owner=OWNER)


def test_a_waiting_job_knows_its_place(parts: JobParts, photo: bytes) -> None:
    first, second, third = (parts.submit(("a.jpg", photo))[0] for _ in range(3))

    parts.service.cancel(second.id, actor=OWNER)

    assert [parts.service.place(parts.service.find(job.id)) for job in (first, second, third)] == [1, 0, 2]


def test_files_are_added_to_a_batch_of_ones_own(parts: JobParts, photo: bytes) -> None:
    upload, recipe = Upload("a.jpg", io.BytesIO(photo)), Recipe.parse(sizes="64")
    first = parts.service.submit([upload], recipe, owner=OWNER, batch="new")

    parts.service.submit([Upload("b.jpg", io.BytesIO(photo))], recipe, owner=OWNER, batch=first.batch)

    assert [job.filename for job in parts.service.batch(first.batch).jobs] == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("actor", ["v-other", ""], ids=["another", "nobody"])
def test_a_batch_of_another_takes_no_files(parts: JobParts, photo: bytes, actor: str) -> None:
    batch = parts.submit(("a.jpg", photo), ("b.jpg", photo))[0].batch

    with pytest.raises(NotYourJob):
        parts.service.submit(
            [Upload("c.jpg", io.BytesIO(photo))], Recipe.parse(sizes="64"), owner=actor, batch=batch
        )


@pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
@pytest.mark.parametrize("actor", ["v-other", ""], ids=["another", "nobody"])
def test_only_the_owner_changes_a_job(parts: JobParts, photo: bytes, action: str, actor: str) -> None:
    [job] = parts.submit(("a.jpg", photo))

    with pytest.raises(NotYourJob):
        getattr(parts.service, action)(job.id, actor=actor)

    assert parts.service.find(job.id) == job


def test_a_job_without_owner_is_deleted_by_its_token_alone(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo), owner="")
    token = parts.service.delete_token(job)

    with pytest.raises(NotYourJob):
        parts.service.delete(job.id, actor="", token="0" * len(token))
    parts.service.delete(job.id, actor="", token=token)

    with pytest.raises(JobNotFound):
        parts.service.find(job.id)


def test_a_job_with_an_owner_has_no_token(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))

    assert parts.service.delete_token(job) == ""
    with pytest.raises(NotYourJob):
        parts.service.delete(job.id, actor="", token="")


def test_a_cancelled_job_is_not_run(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))

    cancelled = parts.service.cancel(job.id, actor=OWNER)

    assert cancelled.state is JobState.CANCELLED
    assert parts.run(job) == "dropped"
    assert parts.service.find(job.id).state is JobState.CANCELLED


@pytest.mark.parametrize("action", ["cancel", "delete"])
def test_the_run_of_a_job_that_is_stopped_is_taken_off_the_queue(
    parts: JobParts, photo: bytes, action: str
) -> None:
    [job] = parts.submit(("a.jpg", photo))

    getattr(parts.service, action)(job.id, actor=OWNER)

    assert parts.queue.withdrawn == [job.run_id]


def test_a_job_is_cancelled_although_its_run_cannot_be_taken_off_the_queue(
    parts: JobParts, photo: bytes
) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.queue.error = redis.ConnectionError("away")

    parts.service.cancel(job.id, actor=OWNER)

    assert parts.run(job) == "dropped"
    assert parts.service.find(job.id).state is JobState.CANCELLED


def test_a_finished_job_cannot_be_cancelled(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)

    with pytest.raises(WrongState, match="done"):
        parts.service.cancel(job.id, actor=OWNER)


def test_a_retried_job_runs_under_a_new_run(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.service.cancel(job.id, actor=OWNER)

    again = parts.service.retry(job.id, actor=OWNER)

    assert parts.queue.runs == [(job.id, job.run_id), (job.id, again.run_id)]
    assert parts.run(job) == "dropped"
    assert parts.run(again) == "done"


def test_a_deleted_job_leaves_no_file(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)

    parts.service.delete(job.id, actor=OWNER)

    assert parts.folders() == []
    with pytest.raises(JobNotFound):
        parts.service.find(job.id)


def test_own_jobs_are_paged_newest_first(parts: JobParts, photo: bytes) -> None:
    jobs = [parts.submit((f"{number}.jpg", photo))[0] for number in range(7)]
    parts.submit(("other.jpg", photo), owner="v-other")

    first = parts.service.page_of(OWNER, limit=4)
    rest = parts.service.page_of(OWNER, limit=4, cursor=first.cursor)

    assert [job.id for job in first.items + rest.items] == [job.id for job in reversed(jobs)]
    assert rest.cursor is None


def test_a_page_is_filtered_by_state(parts: JobParts, photo: bytes) -> None:
    jobs = [parts.submit((f"{number}.jpg", photo))[0] for number in range(4)]
    parts.run(jobs[1])

    page = parts.service.page_of(OWNER, state=JobState.DONE)

    assert [job.id for job in page.items] == [jobs[1].id]

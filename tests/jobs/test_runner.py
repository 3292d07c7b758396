import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.jobs.conftest import InThread, JobParts
from thumbapp.errors import BrokenPicture, RenderFailed, RenderStopped, TaskDied, UploadRefused
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition
from thumbapp.jobs.model import JobState
from thumbapp.jobs.runner import Renderer
from thumbapp.jobs.service import JobService

OWNER = "v-somebody"


class Interfering:
    """A renderer during which something else happens to the job, before its first rendition."""

    def __init__(self, real: Renderer, act: Callable[[], object]) -> None:
        self._real, self._act = real, act

    def render(self, source: Path, recipe: Recipe, **rest: Any) -> list[Rendition]:
        self._act()
        return self._real.render(source, recipe, **rest)


class Failing:
    """A renderer that raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def render(self, source: Path, recipe: Recipe, **rest: Any) -> list[Rendition]:
        raise self._error


def test_a_run_makes_the_thumbnails_and_the_archive(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jfif", photo), sizes="64, 128x128, 512x512")

    state = parts.run(job)

    done = parts.service.find(job.id)
    assert (state, done.state, done.done, done.total) == ("done", JobState.DONE, 3, 3)
    assert [(item.name, item.width, item.height) for item in done.thumbnails] == [
        ("rob_64x64.jfif", 51, 64),
        ("rob_128x128.jfif", 101, 128),
        ("rob_512x512.jfif", 200, 253),
    ]
    assert parts.ledger.kept(job.id) == done


def test_the_archive_holds_the_original_and_each_thumbnail_stored(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jfif", photo), sizes="128x128,512x512")

    parts.run(job)

    with zipfile.ZipFile(parts.ledger.media.path(job.id, "archive.zip")) as archive:
        assert archive.namelist()[:3] == ["rob.jfif", "rob_128x128.jfif", "rob_512x512.jfif"]
        assert archive.read("rob.jfif") == photo
        assert Image.open(io.BytesIO(archive.read("rob_128x128.jfif"))).size == (101, 128)
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_picture_that_breaks_while_decoding_fails_with_the_reason(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("cut.jpg", photo[: len(photo) // 2]))

    with pytest.raises(UploadRefused):
        parts.run(job)

    failed = parts.service.find(job.id)
    assert (failed.state, failed.error.code) == (JobState.FAILED, BrokenPicture.code)
    assert not parts.ledger.media.exists(job.id, "archive.zip")


def test_a_fault_of_ours_fails_the_job_without_its_details(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))

    with pytest.raises(OSError, match="secret"):
        parts.runner(Failing(OSError(28, "secret path"))).run(job.id, run_id=job.run_id)

    assert parts.service.find(job.id).error.code == "internal"


def test_a_worker_that_stops_leaves_the_job_to_the_next(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))

    with pytest.raises(RenderStopped):
        parts.runner(Failing(RenderStopped())).run(job.id, run_id=job.run_id)

    waiting = parts.service.find(job.id)
    assert (waiting.state, waiting.started_at, parts.service.place(waiting)) == (JobState.QUEUED, None, 1)
    assert parts.run(job) == "done"


def test_a_stop_lets_a_job_that_is_worked_on_wait_again(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    seen: list[JobState] = []

    def stop() -> None:
        runner.stop()
        seen.append(parts.service.find(job.id).state)

    runner = parts.runner(Interfering(InThread(parts.settings), stop))

    assert runner.run(job.id, run_id=job.run_id) == "dropped"
    assert seen == [JobState.QUEUED]
    assert parts.run(job) == "done"


def test_a_job_deleted_at_its_very_end_leaves_nothing(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)
    finished = parts.service.find(job.id)
    parts.service.delete(job.id, actor=OWNER)

    parts.ledger.keep(finished)

    assert parts.folders() == []


def test_a_finished_job_is_not_done_again(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)
    finished = parts.service.find(job.id)
    parts.clock.pass_(minutes=5)

    assert parts.run(job) == "done"
    assert parts.service.find(job.id) == finished


def test_a_job_that_failed_says_so_again_when_its_run_is_delivered_once_more(
    parts: JobParts, photo: bytes
) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.runner().give_up(job.id, run_id=job.run_id, error=TaskDied(3))
    failed = parts.service.find(job.id)

    with pytest.raises(RenderFailed, match=str(TaskDied(3))):
        parts.run(job)

    assert parts.service.find(job.id) == failed


def test_a_run_that_was_taken_over_changes_nothing(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    real = InThread(parts.settings)
    frozen = parts.runner(Interfering(real, lambda: parts.run(job)))

    assert frozen.run(job.id, run_id=job.run_id) == "done"  # by the one that took it over
    assert parts.service.find(job.id).state is JobState.DONE


@pytest.mark.parametrize(
    ("action", "state"), [("cancel", JobState.CANCELLED), ("delete", None)], ids=["cancelled", "deleted"]
)
def test_a_running_job_obeys_its_owner(
    parts: JobParts, photo: bytes, action: str, state: JobState | None
) -> None:
    [job] = parts.submit(("a.jpg", photo))

    def act() -> None:
        getattr(JobService, action)(parts.service, job.id, actor=OWNER)

    outcome = parts.runner(Interfering(InThread(parts.settings), act)).run(job.id, run_id=job.run_id)

    assert outcome == "dropped"
    assert [item.state for item in parts.service.page_of(OWNER).items] == ([state] if state else [])
    assert len(parts.folders()) == (1 if state else 0)


def test_a_run_for_no_job_does_nothing(parts: JobParts) -> None:
    assert parts.runner().run("A" * 22, run_id="A" * 22 + ".1") == "dropped"


def test_a_job_whose_run_was_given_up_fails_with_the_reason(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))

    parts.runner().give_up(job.id, run_id=job.run_id, error=TaskDied(3))

    failed = parts.service.find(job.id)
    assert (failed.state, failed.error.code) == (JobState.FAILED, TaskDied.code)
    assert parts.ledger.kept(job.id) == failed


def test_a_run_that_was_given_up_late_leaves_the_job_alone(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)

    parts.runner().give_up(job.id, run_id=job.run_id, error=TaskDied(3))
    parts.runner().give_up("A" * 22, run_id="gone", error=TaskDied(3))

    assert parts.service.find(job.id).state is JobState.DONE

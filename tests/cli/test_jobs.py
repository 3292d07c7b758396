"""Jobs at the command line: the administrator's view of everybody's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from thumbapp.audit import AuditLog
from thumbapp.config import Settings
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.model import Job, JobState
from thumbapp.jobs.service import JobService, Upload

Run = Callable[..., Any]


@pytest.fixture
def service(settings: Settings, redis_client: redis.Redis) -> JobService:
    ledger = Ledger.from_settings(settings, redis_client)
    return JobService(settings, ledger=ledger, enqueue=lambda job_id, *, run_id: None)


@pytest.fixture
def job(service: JobService, picture: Path) -> Job:
    """Return a job that waits; it belongs to a visitor."""
    with picture.open("rb") as stream:
        made = service.submit([Upload(picture.name, stream)], Recipe.parse(sizes="16"), owner="visitor")
    return made.jobs[0]


def test_jobs_of_everybody_are_listed(thumbapp: Run, job: Job) -> None:
    line = thumbapp("jobs", "list").out
    items = thumbapp("jobs", "list", "--state", "queued", "--limit", 1, "--json").json["items"]

    assert line.split()[:3] == [job.id, "queued", "0/1"]
    assert [item["id"] for item in items] == [job.id]
    assert thumbapp("jobs", "list", "--state", "done").out == ""


def test_a_job_is_shown(thumbapp: Run, job: Job) -> None:
    text = thumbapp("jobs", "show", job.id).out
    shown = thumbapp("jobs", "show", job.id, "--json").json

    assert "rob.jpg" in text
    assert (shown["state"], shown["progress"]) == ("queued", {"done": 0, "total": 1})


def test_a_job_is_cancelled_and_tried_again_and_the_audit_says_so(
    thumbapp: Run, service: JobService, settings: Settings, redis_client: redis.Redis, job: Job
) -> None:
    cancelled = thumbapp("jobs", "cancel", job.id)
    again = thumbapp("jobs", "retry", job.id, "--json")

    assert cancelled.out == f"{job.id}  cancelled\n"
    assert again.json["state"] == "queued"
    assert service.find(job.id).state is JobState.QUEUED
    audited = AuditLog(redis_client, namespace=settings.namespace).page().items
    assert [(entry.action, entry.target) for entry in audited] == [
        ("jobs.retry", job.id),
        ("jobs.cancel", job.id),
    ]


def test_a_job_that_waits_cannot_be_tried_again(thumbapp: Run, job: Job) -> None:
    answer = thumbapp("jobs", "retry", job.id)

    assert (answer.code, answer.err) == (1, "Error: A job that is queued cannot be tried again.\n")


@pytest.mark.parametrize("job_id", ["nothing", "-wP_starts-with-a-dash", "../../etc"])
def test_an_unknown_job_is_a_sentence(thumbapp: Run, job_id: str) -> None:
    answer = thumbapp("jobs", "show", job_id)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Error: There is no such job.")


def test_without_a_server_there_is_a_sentence(thumbapp: Run, job: Job) -> None:
    answer = thumbapp("jobs", "list", THUMBAPP_REDIS_URL="redis://127.0.0.1:1/0")

    assert answer.code == 1
    assert "redis://127.0.0.1:1/0" in answer.err
    assert "Traceback" not in answer.err


def test_cleaning_keeps_what_is_young(thumbapp: Run, service: JobService, job: Job) -> None:
    answer = thumbapp("jobs", "clean", "--json")

    assert answer.json == {"removed": 0}
    assert service.find(job.id).id == job.id


def test_a_state_that_is_none_is_bad_usage(thumbapp: Run) -> None:
    assert thumbapp("jobs", "list", "--state", "lost").code == 2

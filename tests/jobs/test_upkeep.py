import os
import time
from pathlib import Path

import pytest
import redis

from tests.jobs.conftest import JobParts
from thumbapp.errors import JobExpired, JobNotFound
from thumbapp.jobs.model import JobState

OWNER = "v-somebody"


def aged(path: Path) -> None:
    """Make *path* look untouched for a day."""
    before = time.time() - 24 * 3600
    os.utime(path, (before, before))


def test_an_expired_job_goes_with_its_files_and_is_remembered(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)
    parts.clock.pass_(hours=73)

    assert parts.upkeep.clean() == 1

    assert parts.folders() == []
    assert parts.service.page_of(OWNER).items == []
    with pytest.raises(JobExpired):
        parts.service.find(job.id)


def test_a_job_within_its_time_and_one_that_waits_stay(parts: JobParts, photo: bytes) -> None:
    done, waiting = parts.submit(("a.jpg", photo), ("b.jpg", photo))
    parts.run(done)
    parts.clock.pass_(hours=71)

    assert parts.upkeep.clean() == 0

    assert [parts.service.find(job.id).state for job in (done, waiting)] == [JobState.DONE, JobState.QUEUED]
    assert parts.ledger.media.exists(done.id, "archive.zip")


def test_leftovers_of_killed_runs_go_and_nothing_of_a_live_job(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)
    leftover = parts.ledger.media.folder(job.id) / ".64x64.jpg.tmp"
    orphan = parts.ledger.media.folder("B" * 22)
    leftover.write_bytes(b"half")
    for path in (leftover, orphan):
        aged(path)

    parts.upkeep.clean()

    assert not leftover.exists()
    assert not orphan.exists()
    assert parts.ledger.media.exists(job.id, "archive.zip")


def test_jobs_come_back_when_redis_came_back_empty(
    parts: JobParts, photo: bytes, redis_client: redis.Redis
) -> None:
    done, waiting = parts.submit(("a.jpg", photo), ("b.jpg", photo))
    parts.run(done)
    redis_client.flushall()
    parts.queue.runs.clear()
    parts.clock.pass_(minutes=5)

    assert parts.upkeep.heal() == 2

    healed = parts.service.find(waiting.id)
    assert parts.service.find(done.id).state is JobState.DONE
    assert parts.queue.runs == [(waiting.id, healed.run_id)]
    assert parts.run(healed) == "done"


def test_a_deleted_job_does_not_come_back(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.service.delete(job.id, actor=OWNER)
    parts.clock.pass_(minutes=5)

    assert parts.upkeep.heal() == 0

    with pytest.raises(JobNotFound):
        parts.service.find(job.id)


def test_a_done_job_without_its_files_does_not_come_back(
    parts: JobParts, photo: bytes, redis_client: redis.Redis
) -> None:
    [job] = parts.submit(("a.jpg", photo))
    parts.run(job)
    (parts.ledger.media.path(job.id, "archive.zip")).unlink()
    redis_client.flushall()

    assert parts.upkeep.heal() == 0


def test_an_upload_being_accepted_is_left_alone(
    parts: JobParts, photo: bytes, redis_client: redis.Redis
) -> None:
    parts.submit(("a.jpg", photo))
    redis_client.flushall()

    assert parts.upkeep.heal() == 0


def test_a_waiting_job_that_the_queue_has_lost_is_queued_again(parts: JobParts, photo: bytes) -> None:
    lost, known = parts.submit(("a.jpg", photo), ("b.jpg", photo))
    parts.queue.runs.clear()
    parts.clock.pass_(minutes=5)

    count = parts.upkeep.requeue(lambda: {known.run_id})

    assert (count, parts.queue.runs) == (1, [(lost.id, lost.run_id)])


def test_a_job_on_its_way_into_the_queue_is_not_queued_again(parts: JobParts, photo: bytes) -> None:
    parts.submit(("a.jpg", photo))
    parts.queue.runs.clear()

    assert parts.upkeep.requeue(set) == 0
    assert parts.queue.runs == []


def test_of_two_that_heal_at_once_one_restores(
    parts: JobParts, photo: bytes, redis_client: redis.Redis
) -> None:
    [job] = parts.submit(("a.jpg", photo))
    redis_client.flushall()
    parts.clock.pass_(minutes=5)
    parts.queue.runs.clear()

    parts.ledger.store.claim_restoring(job.id)
    parts.upkeep.heal()

    assert parts.queue.runs == []

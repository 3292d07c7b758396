import os
import time
from pathlib import Path

import pytest
import redis

from tests.jobs.conftest import Desk
from thumbapp.errors import JobExpired, JobNotFound
from thumbapp.jobs.model import JobState

OWNER = "v-somebody"


def aged(path: Path) -> None:
    """Make *path* look untouched for a day."""
    before = time.time() - 24 * 3600
    os.utime(path, (before, before))


def test_an_expired_job_goes_with_its_files_and_is_remembered(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.run(job)
    desk.clock.pass_(hours=73)

    assert desk.upkeep.clean() == 1

    assert desk.folders() == []
    assert desk.service.page_of(OWNER).items == []
    with pytest.raises(JobExpired):
        desk.service.find(job.id)


def test_a_job_within_its_time_and_one_that_waits_stay(desk: Desk, photo: bytes) -> None:
    done, waiting = desk.submit(("a.jpg", photo), ("b.jpg", photo))
    desk.run(done)
    desk.clock.pass_(hours=71)

    assert desk.upkeep.clean() == 0

    assert [desk.service.find(job.id).state for job in (done, waiting)] == [JobState.DONE, JobState.QUEUED]
    assert desk.ledger.media.exists(done.id, "archive.zip")


def test_leftovers_of_killed_runs_go_and_nothing_of_a_live_job(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.run(job)
    leftover = desk.ledger.media.folder(job.id) / ".64x64.jpg.tmp"
    orphan = desk.ledger.media.folder("B" * 22)
    leftover.write_bytes(b"half")
    for path in (leftover, orphan):
        aged(path)

    desk.upkeep.clean()

    assert not leftover.exists()
    assert not orphan.exists()
    assert desk.ledger.media.exists(job.id, "archive.zip")


def test_jobs_come_back_when_redis_came_back_empty(
    desk: Desk, photo: bytes, redis_client: redis.Redis
) -> None:
    done, waiting = desk.submit(("a.jpg", photo), ("b.jpg", photo))
    desk.run(done)
    redis_client.flushall()
    desk.queue.runs.clear()
    desk.clock.pass_(minutes=5)

    assert desk.upkeep.heal() == 2

    healed = desk.service.find(waiting.id)
    assert desk.service.find(done.id).state is JobState.DONE
    assert desk.queue.runs == [(waiting.id, healed.run_id)]
    assert desk.run(healed) == "done"


def test_a_deleted_job_does_not_come_back(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.service.delete(job.id, actor=OWNER)
    desk.clock.pass_(minutes=5)

    assert desk.upkeep.heal() == 0

    with pytest.raises(JobNotFound):
        desk.service.find(job.id)


def test_a_done_job_without_its_files_does_not_come_back(
    desk: Desk, photo: bytes, redis_client: redis.Redis
) -> None:
    [job] = desk.submit(("a.jpg", photo))
    desk.run(job)
    (desk.ledger.media.path(job.id, "archive.zip")).unlink()
    redis_client.flushall()

    assert desk.upkeep.heal() == 0


def test_an_upload_being_accepted_is_left_alone(desk: Desk, photo: bytes, redis_client: redis.Redis) -> None:
    desk.submit(("a.jpg", photo))
    redis_client.flushall()

    assert desk.upkeep.heal() == 0


def test_a_waiting_job_that_the_queue_has_lost_is_queued_again(desk: Desk, photo: bytes) -> None:
    lost, known = desk.submit(("a.jpg", photo), ("b.jpg", photo))
    desk.queue.runs.clear()
    desk.clock.pass_(minutes=5)

    count = desk.upkeep.requeue(lambda: {known.run_id})

    assert (count, desk.queue.runs) == (1, [(lost.id, lost.run_id)])


def test_a_job_on_its_way_into_the_queue_is_not_queued_again(desk: Desk, photo: bytes) -> None:
    desk.submit(("a.jpg", photo))
    desk.queue.runs.clear()

    assert desk.upkeep.requeue(set) == 0
    assert desk.queue.runs == []


def test_of_two_that_heal_at_once_one_restores(desk: Desk, photo: bytes, redis_client: redis.Redis) -> None:
    [job] = desk.submit(("a.jpg", photo))
    redis_client.flushall()
    desk.clock.pass_(minutes=5)
    desk.queue.runs.clear()

    desk.ledger.store.claim_restoring(job.id)
    desk.upkeep.heal()

    assert desk.queue.runs == []

"""What one visitor may have under way and stored: counted with each change, by nobody forgotten."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from tests.jobs.conftest import JobParts
from thumbapp.errors import StoreFull, TooManyJobs, TooManyUploads
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs import model
from thumbapp.jobs.model import Job, JobState
from thumbapp.jobs.service import new_id
from thumbapp.jobs.store import JobStore, Usage

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PAYER = "v-somebody"


@pytest.fixture
def store(any_client: redis.Redis) -> JobStore:
    """Return an empty store on a server of each kind."""
    return JobStore(any_client, namespace="test:v1:", retention_s=3600)


def draft(*, state: JobState = JobState.QUEUED, stored: int = 100) -> Job:
    """Return a job that is not yet in any store."""
    recipe = Recipe.parse(sizes="64")
    return Job(new_id(), state, "a.jpg", recipe, NOW, payer=PAYER, owner=PAYER, stored=stored)


def change(store: JobStore, job: Job, state: JobState, *, place: int | None = None, **fields: object) -> bool:
    """Move *job* to *state* as service and runner do."""
    finished_at = NOW if state.is_final else None
    changed = model.changes(state=state, **fields)
    return store.change(job.id, list(JobState), fields=changed, place=place, finished_at=finished_at)


def test_a_job_is_counted_from_its_queueing_to_its_removal(store: JobStore) -> None:
    job, seen = draft(), []

    store.add(job)
    seen.append(store.usage(PAYER))
    change(store, job, JobState.RUNNING)
    seen.append(store.usage(PAYER))
    change(store, job, JobState.DONE, stored=350)
    seen.append(store.usage(PAYER))
    store.expire(store.find(job.id), NOW)
    seen.append(store.usage(PAYER))

    assert seen == [Usage(1, 100), Usage(1, 100), Usage(0, 350), Usage(0, 0)]


def test_a_job_that_is_tried_again_is_under_way_again(store: JobStore) -> None:
    job = draft()
    store.add(job)

    change(store, job, JobState.FAILED)
    failed = store.usage(PAYER)
    change(store, job, JobState.QUEUED, place=7)

    assert (failed, store.usage(PAYER)) == (Usage(0, 100), Usage(1, 100))


def test_removing_goes_by_the_record_and_not_by_what_was_read_before(store: JobStore) -> None:
    read_before = draft()
    store.add(read_before)
    change(store, read_before, JobState.DONE, stored=9_000)

    store.forget(read_before)
    store.forget(read_before)

    assert store.usage(PAYER) == Usage(0, 0)


def test_nothing_of_it_stays_in_redis(store: JobStore, any_client: redis.Redis) -> None:
    jobs = [draft() for _ in range(3)]
    for job in jobs:
        store.add(job)

    store.forget(*jobs)

    assert [key for key in any_client.scan_iter() if PAYER.encode() in key] == []


@pytest.mark.parametrize(
    ("most", "error", "taken"),
    [
        (Usage(jobs=5), TooManyJobs, 5),
        (Usage(bytes=700), StoreFull, 7),
        (Usage(jobs=9, bytes=399), StoreFull, 3),
    ],
    ids=["jobs", "bytes", "both"],
)
def test_not_one_more_is_taken_side_by_side(
    store: JobStore, most: Usage, error: type[Exception], taken: int
) -> None:
    refused: list[Exception] = []
    begin = threading.Barrier(12)

    def add() -> None:
        begin.wait()
        try:
            store.add(draft(), most=most)
        except (TooManyJobs, StoreFull) as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.usage(PAYER) == Usage(taken, taken * 100)
    assert [type(refusal) for refusal in refused] == [error] * (12 - taken)
    assert len(store.page(PAYER, state=None, cursor=None, limit=50).items) == taken


def test_a_job_of_nobody_has_no_limit(store: JobStore) -> None:
    for _ in range(3):
        store.add(replace(draft(), payer=""), most=Usage(jobs=1, bytes=1))

    assert store.usage("") == Usage(0, 0)
    assert store.waiting() == 3


def limited(parts: JobParts, **settings: int) -> JobParts:
    """Return *parts* with a service of other limits."""
    changed = replace(parts.settings, **settings)  # type: ignore[arg-type] # numbers all
    service = type(parts.service)(changed, ledger=parts.ledger, enqueue=parts.queue, clock=parts.clock)
    return replace(parts, service=service)


@pytest.mark.parametrize(
    ("limits", "error", "files"),
    [
        ({"jobs_in_flight": 2}, TooManyJobs, 1),
        ({"jobs_in_flight": 3}, TooManyJobs, 2),
        ({"store_mb": 1}, StoreFull, 1),
    ],
    ids=["no place", "not for all of a batch", "no room"],
)
def test_what_is_too_much_is_refused_and_leaves_nothing(
    parts: JobParts, photo: bytes, limits: dict[str, int], error: type[Exception], files: int
) -> None:
    parts = limited(parts, **limits)
    size = 499_999 - len(photo) if "store_mb" in limits else 0
    for _ in range(2):
        parts.submit(("a.jpg", photo + bytes(size)), payer=PAYER)
    folders, waiting, runs = parts.folders(), parts.service.waiting(), list(parts.queue.runs)

    with pytest.raises(error, match="Nothing was saved"):
        parts.submit(*[("b.jpg", photo)] * files, payer=PAYER)

    assert (parts.folders(), parts.service.waiting(), parts.queue.runs) == (folders, waiting, runs)
    assert parts.submit(("c.jpg", photo), payer="v-somebody-else", owner="v-somebody-else")


def test_a_job_of_a_full_queue_cannot_be_tried_again(parts: JobParts, photo: bytes) -> None:
    parts = limited(parts, jobs_in_flight=1)
    first = parts.submit(("a.jpg", photo), payer=PAYER)[0]
    parts.service.cancel(first.id, actor=first.owner)
    parts.submit(("b.jpg", photo), payer=PAYER)

    with pytest.raises(TooManyJobs):
        parts.service.retry(first.id, actor=first.owner)

    assert parts.service.find(first.id).state is JobState.CANCELLED


def test_what_a_finished_job_takes_is_what_lies_on_the_disk(parts: JobParts, photo: bytes) -> None:
    job = parts.submit(("a.jpg", photo), sizes="64,128", payer=PAYER)[0]

    parts.run(job)

    folder: Path = parts.ledger.media.folder(job.id)
    there = sum(path.stat().st_size for path in folder.iterdir() if path.name != "job.json")
    assert parts.ledger.store.usage(PAYER) == Usage(0, there)


def test_a_redis_that_came_back_empty_counts_again_what_was_healed(
    parts: JobParts, photo: bytes, redis_client: redis.Redis
) -> None:
    job = parts.submit(("a.jpg", photo), payer=PAYER)[0]
    before = parts.ledger.store.usage(PAYER)
    redis_client.flushall()
    parts.clock.pass_(minutes=2)

    parts.upkeep.heal()

    assert parts.ledger.store.usage(PAYER) == before == Usage(1, job.stored)


def test_a_batch_is_counted_once(parts: JobParts, photo: bytes) -> None:
    counted: list[int] = []
    first = parts.service.submit(
        parts.uploads(("a.jpg", photo)),
        Recipe.parse(sizes="64"),
        owner=PAYER,
        batch="new",
        count=lambda: counted.append(1),
    )

    for _ in range(3):
        parts.service.submit(
            parts.uploads(("b.jpg", photo)),
            Recipe.parse(sizes="64"),
            owner=PAYER,
            batch=first.batch,
            count=lambda: counted.append(1),
        )

    assert counted == [1]


def test_an_upload_that_is_not_counted_in_stores_nothing(parts: JobParts, photo: bytes) -> None:
    def refuse() -> None:
        raise TooManyUploads(300, 60)

    with pytest.raises(TooManyUploads):
        parts.service.submit(
            parts.uploads(("a.jpg", photo)), Recipe.parse(sizes="64"), owner=PAYER, count=refuse
        )

    assert parts.folders() == []


def test_the_bytes_of_all_jobs_are_counted_whoever_pays(store: JobStore) -> None:
    paid, free = draft(), replace(draft(), payer="", stored=50)
    store.add(paid)
    store.add(free)
    change(store, paid, JobState.DONE, stored=350)
    full = store.stored_bytes()
    store.forget(paid)

    assert (full, store.stored_bytes()) == (400, 50)

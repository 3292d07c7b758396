"""Jobs are listed page by page, by the order of their making, whatever else there is."""

from dataclasses import replace

import pytest
import redis

from tests.jobs.test_quota import draft
from thumbapp.errors import BadParameter
from thumbapp.jobs.model import Job, JobState
from thumbapp.jobs.store import JobStore

EVERY = 100


@pytest.fixture
def store(any_client: redis.Redis) -> JobStore:
    return JobStore(any_client, namespace="test:", retention_s=60)


def fill(store: JobStore, count: int) -> list[Job]:
    """Add *count* jobs, each hundredth of them failed; return those, newest first."""
    states = [JobState.DONE if number % EVERY else JobState.FAILED for number in range(count)]
    jobs = [replace(draft(state=state), number=store.draw_number()) for state in states]
    for job in jobs:
        store.add(job)
    return [job for job in reversed(jobs) if job.state is JobState.FAILED]


def test_a_filtered_list_is_walked_to_its_end(store: JobStore) -> None:
    failed = fill(store, 12 * EVERY)
    found: list[str] = []
    cursor: str | None = ""

    while cursor is not None:
        page = store.page(None, state=JobState.FAILED, cursor=cursor, limit=5)
        found, cursor = found + [job.id for job in page.items], page.cursor

    assert found == [job.id for job in failed]


def test_a_page_reads_no_more_records_than_it_shows_and_one(store: JobStore, any_client: redis.Redis) -> None:
    fill(store, 6 * EVERY)
    any_client.config_resetstat()

    for state in (None, JobState.FAILED):
        assert len(store.page(None, state=state, cursor=None, limit=4).items) == 4

    assert any_client.info("commandstats")["cmdstat_hgetall"]["calls"] == 2 * (4 + 1)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 40, "\u0661"])
def test_a_cursor_of_ones_own_is_refused(store: JobStore, cursor: str) -> None:
    with pytest.raises(BadParameter):
        store.page(None, state=None, cursor=cursor, limit=5)

"""A few lines of the fault matrix, and that its judge can say no; `matrix` itself runs all of them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.faults.machine_faults import CannotTry
from tests.faults.matrix import FAULTS, Outcome, run
from tests.faults.site import Site, wait_until
from tests.servers import KINDS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and mounts are Linux's here")
QUICK = (
    "kill -9 of the worker between renditions",
    "kill -9 of the worker with the ack on its way",
    "a worker frozen past its lease with its job done and not acknowledged",
    "a job that kills every worker that begins it",
    "kill -9 of the worker after the result",
    "Redis wiped while jobs wait and run",
    "Redis out of memory, then not",
    "the clock of one of two workers a day ahead",
)
LINES = [*((name, "valkey") for name in QUICK), *((name, "redis5") for name in QUICK[:3])]


def binary_of(kind: str) -> Path:
    """Return the program of a server of that kind."""
    find, reason = KINDS[kind]
    found = find()
    if found is None:
        skip_or_fail(reason)
    return found


def tried(name: str, kind: str) -> Outcome:
    try:
        return run(FAULTS[name], binary_of(kind))
    except CannotTry as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(("name", "kind"), LINES)
def test_what_was_accepted_is_done_or_given_up_with_its_reason(name: str, kind: str) -> None:
    outcome = tried(name, kind)

    assert outcome.verdict.wrong == []
    assert outcome.is_good


def test_the_judge_sees_what_a_queue_that_acknowledges_first_loses() -> None:
    def act(site: Site) -> None:
        victim = site.worker("between renditions", FAULT_MUTATION="ack-first")
        site.upload(1)
        assert wait_until(lambda: victim.poll() is not None, patience_s=30)

    mutant = replace(FAULTS[QUICK[0]], act=act, patience_s=4.0)

    found = run(mutant, binary_of("valkey"))

    assert [text.split(": ")[1] for text in found.verdict.wrong] == ["is running"]

"""Huey's own suites of its API, signals, priorities and storages, run against ours.

`NOT_OURS` names each test that asks for what ours does otherwise on purpose, and why.
"""

import unittest
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, ClassVar

import pytest
import redis
from huey.constants import EmptyData
from huey.tests import test_api, test_priority, test_signals, test_storage
from huey.tests.base import BaseTestCase

from tests.conftest import PrivateServer
from thumbapp.taskqueue.queue import StreamHuey

MODULES = (test_api, test_priority, test_signals)
RANKS = "there are three ranks, not any number of priorities"
TEXT = "an exception travels as text, not as an object of its class"
REFUSED = "an unknown task is set aside, not raised in the worker"
JSON = "the value is no JSON"
MEMORY = "looks into the in-memory storage"
KEPT = "the result of a periodic task is kept, as any other"
ORDINARY = "a periodic task is a task as any other"
NOT_OURS = {
    "StorageTests": {"test_priority": RANKS},
    "TestPriority": {
        "test_periodic_priority": RANKS,
        "test_priority_override": RANKS,
        "test_priority_retry": RANKS,
        "test_priority_simple": RANKS,
    },
    "TestQueue": {
        "test_read_schedule": "its arguments are no tuple",
        "test_pending_scheduled_unregistered": REFUSED,
        "test_reschedule_priority": RANKS,
        "test_retrying_exceptions_not_surfaced": TEXT,
    },
    "TestGroupPrimitive": {"test_group_callback": RANKS, "test_group_priorities": RANKS},
    "TestChordPrimitive": {"test_chord_bookkeeping_cleared": MEMORY, "test_chord_callback_err": TEXT},
    "TestHueyAPIs": {"test_put_get": JSON},
    "TestDecorators": {"test_call_periodic_task": KEPT, "test_periodic_task": ORDINARY},
    "TestCustomErrorMetadata": {"test_custom_error": "it brings an in-memory queue of its own"},
}
OPTIONS: dict[str, dict[str, bool]] = {
    "TestDisableResultStore": {"results": False},
    "TestStoreIntermediateErrors": {"store_intermediate_errors": False},
}


class FamiliarHuey(StreamHuey):
    """Ours, but a function's own name will do for its task, as Huey's suites have it."""

    def task(self, name: str | None = None, **options: Any) -> Any:
        return lambda function: super(FamiliarHuey, self).task(name=name or _name(function), **options)(
            function
        )

    def periodic_task(self, validate: Any, name: str | None = None, **options: Any) -> Any:
        return lambda function: super(FamiliarHuey, self).periodic_task(
            validate, name=name or _name(function), **options
        )(function)


def _name(function: Any) -> str:
    return str(getattr(function, "func", function).__name__)


class OnOurs(BaseTestCase):  # type: ignore[misc]  # huey ships no types
    """Gives Huey's test cases a queue of ours on the private server."""

    client: ClassVar[redis.Redis]
    kind: ClassVar[str]
    reads_destroy = True

    def get_huey(self) -> FamiliarHuey:
        huey = FamiliarHuey("test", client=self.client, namespace="test:", key=b"key", results_ttl_s=3600)
        huey.utc = huey.store_none = False
        for name, value in OPTIONS.get(type(self).__name__.partition("_")[0], {}).items():
            setattr(huey, name, value)
        if self.reads_destroy:
            self._count_as_memory_does(huey.storage)
        return huey

    def _count_as_memory_does(self, storage: Any) -> None:
        """Let a read destroy, because Huey's suites count what is left after it."""

        def pop(key: str) -> Any:
            value = storage.peek_data(key)
            return value if value is EmptyData or storage.delete_data(key) else EmptyData

        storage.pop_data = pop

    def tearDown(self) -> None:
        self.client.flushall()
        super().tearDown()


@pytest.fixture(autouse=True)
def _client(request: pytest.FixtureRequest, server_of: Callable[[str], PrivateServer]) -> Iterator[None]:
    if not (request.cls and issubclass(request.cls, OnOurs)):
        yield
        return
    request.cls.client = redis.Redis.from_url(
        server_of(request.cls.kind).url, protocol=2, socket_keepalive=False, socket_timeout=5
    )
    yield
    request.cls.client.flushall()
    request.cls.client.close()


def on_ours(case: type[Any], kind: str) -> type[Any]:
    """Return *case* on a queue of ours on a server of *kind*, without what does not apply."""
    without = dict.fromkeys(NOT_OURS.get(case.__name__, {}))
    bases = (OnOurs, case)
    if case is test_storage.StorageTests:
        bases = (case, OnOurs)
        without |= {"destructive_reads": False, "reads_destroy": False}
    name = f"{case.__name__}_{kind}".removeprefix("Test")
    return type(f"Test{name}", bases, {**without, "kind": kind, "__module__": __name__})


def cases_of(module: ModuleType) -> list[type[Any]]:
    """Return the test cases that Huey's *module* itself has."""
    found = [value for value in vars(module).values() if isinstance(value, type)]
    return [
        case for case in found if issubclass(case, unittest.TestCase) and case.__module__ == module.__name__
    ]


for case in [test_storage.StorageTests, *(case for module in MODULES for case in cases_of(module))]:
    for kind in ("valkey", "redis5"):
        made = on_ours(case, kind)
        globals()[made.__name__] = made
del case, made


def test_what_does_not_apply_is_still_there() -> None:
    theirs = {case.__name__: case for module in MODULES for case in cases_of(module)}
    theirs["StorageTests"] = test_storage.StorageTests

    left_out = [(case, name) for case, names in NOT_OURS.items() for name in names]
    gone = [f"{case}.{name}" for case, name in left_out if not hasattr(theirs[case], name)]

    assert gone == []

"""Many keys at once: counted before, confirmed, done in portions, stopped and gone on with."""

import pytest
import redis

from tests.explorer.conftest import EDITOR, VIEWER, ListAudit
from tests.explorer.test_scan import fill
from thumbapp.errors import BadEdit, ConfirmationNeeded, ModeNeeded
from thumbapp.explorer import bulk
from thumbapp.explorer.bulk import Operation, Progress, Task
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.scan import Search


def confirmed(gate: Gate, task: Task, *, db: int = 0) -> str:
    """Return the token that the gate asks for."""
    with pytest.raises(ConfirmationNeeded) as asked:
        bulk.run(gate, task, caller=EDITOR, db=db)
    return asked.value.token


def run(gate: Gate, task: Task, *, db: int = 0) -> Progress:
    """Confirm and do *task* to its end, and return the last that was said."""
    token = confirmed(gate, task, db=db)
    *_, last = bulk.run(gate, task, caller=EDITOR, db=db, confirm=token, within_s=60)
    return last


def test_what_matches_is_counted_and_sampled_first(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 1200, name="user:{}")
    fill(any_client, 10, name="keep:{}")

    found = bulk.preview(gate, Search(b"*:*"), db=0)

    assert (found.count, found.protected, len(found.sample), found.is_complete) == (1200, 10, 20, True)
    with pytest.raises(ConfirmationNeeded, match="1,200 keys are deleted, and it cannot be undone"):
        bulk.run(gate, Task(Operation.DELETE, Search(b"*:*")), caller=EDITOR, db=0)
    assert any_client.dbsize() == 1210


def test_all_that_matches_is_deleted_and_nothing_else(
    gate: Gate, any_client: redis.Redis, audit: ListAudit
) -> None:
    fill(any_client, 1200, name="user:{}")
    fill(any_client, 10, name="keep:{}")
    fill(any_client, 10, name="other:{}")

    last = run(gate, Task(Operation.DELETE, Search(b"[uk]*")))

    assert (last.changed, last.passed_over, last.cursor) == (1200, 10, None)
    assert any_client.dbsize() == 20
    assert audit.lines[-1]["target"] == "app[0] BULK delete [uk]*: 1,200 keys"


def test_only_keys_of_the_type_are_deleted(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 700)
    any_client.hset("key:hash", "f", "v")

    assert run(gate, Task(Operation.DELETE, Search(b"key:*", "hash"))).changed == 1
    assert any_client.dbsize() == 700


def test_it_stops_in_time_and_goes_on(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 2500)
    task = Task(Operation.DELETE, Search(b"key:*"))
    token = confirmed(gate, task)

    (first,) = bulk.run(gate, task, caller=EDITOR, db=0, confirm=token, within_s=0)
    assert first.cursor
    assert 0 < any_client.dbsize() < 2500
    *_, last = bulk.run(
        gate, task, caller=EDITOR, db=0, confirm=first.confirm, cursor=first.cursor, within_s=60
    )

    assert any_client.dbsize() == 0
    assert last.changed + first.changed == 2500


def test_one_who_walks_away_stops_it(gate: Gate, any_client: redis.Redis, audit: ListAudit) -> None:
    fill(any_client, 2500)
    task = Task(Operation.DELETE, Search(b"key:*"))

    steps = bulk.run(gate, task, caller=EDITOR, db=0, confirm=confirmed(gate, task))
    first = next(iter(steps))
    steps.close()  # type: ignore[attr-defined]  # a generator

    assert any_client.dbsize() == 2500 - first.changed > 0
    assert len(audit.lines) == 1


def test_lives_are_given_and_taken(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 600)

    assert run(gate, Task(Operation.EXPIRE, Search(b"key:*"), ttl_ms=90_000)).changed == 600
    assert 80 < any_client.ttl("key:5") <= 90
    assert run(gate, Task(Operation.PERSIST, Search(b"key:*"))).changed == 600
    assert any_client.ttl("key:5") == -1
    with pytest.raises(BadEdit):
        Task(Operation.EXPIRE, Search(b"*"))


def test_keys_are_copied_to_another_database_and_over_none(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 600)
    any_client.setrange("key:large", 1_000_000, "x")
    any_client.pexpire("key:1", 90_000)
    gate.server.pool.exchange(4, ("SET", "key:7", "theirs"))

    last = run(gate, Task(Operation.COPY, Search(b"key:*"), to_db=4))

    assert (last.changed, last.passed_over) == (600, 1)
    seven, size, life = gate.server.pool.exchange(4, ("GET", "key:7"), ("DBSIZE",), ("PTTL", "key:1"))
    assert (seven, size) == (b"theirs", 601)
    assert 80_000 < int(str(life)) <= 90_000
    assert any_client.dbsize() == 601
    with pytest.raises(BadEdit):
        bulk.run(gate, Task(Operation.COPY, Search(b"*"), to_db=0), caller=EDITOR, db=0)


def test_a_confirmation_is_for_that_task_alone(gate: Gate, any_client: redis.Redis) -> None:
    fill(any_client, 5)
    token = confirmed(gate, Task(Operation.DELETE, Search(b"key:1")))

    for task, db in (
        (Task(Operation.DELETE, Search(b"key:*")), 0),
        (Task(Operation.DELETE, Search(b"key:1")), 1),
        (Task(Operation.PERSIST, Search(b"key:1")), 0),
    ):
        with pytest.raises(ConfirmationNeeded):
            bulk.run(gate, task, caller=EDITOR, db=db, confirm=token)
    assert any_client.dbsize() == 5


def test_nobody_does_it_in_view_mode(gate: Gate) -> None:
    with pytest.raises(ModeNeeded):
        bulk.run(gate, Task(Operation.DELETE, Search(b"*")), caller=VIEWER, db=0)

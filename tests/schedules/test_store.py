"""Saving, firing and running on every kind of server: versions hold, and no slot is lost or runs twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.schedules.conftest import STREAM, Bench, together
from thumbapp.errors import BadSchedule, ScheduleNotFound, StaleSchedule, StillRunning
from thumbapp.schedules.model import Outcome


def test_what_is_saved_is_found_by_name_and_id(bench: Bench) -> None:
    saved = bench.create("Marik1234", args=[], description="first\nsecond", tz="Europe/Warsaw")

    assert bench.store.find(saved.id) == bench.store.named("MARIK1234") == saved
    assert saved.version == 1
    assert saved.due == saved.slot == saved.anchor + timedelta(seconds=1)


def test_a_name_is_given_once(bench: Bench) -> None:
    bench.create("Straße")

    with pytest.raises(BadSchedule) as caught:
        bench.create("STRASSE")

    assert list(caught.value.fields) == ["name"]
    assert len(bench.store.all()) == 1


def test_a_name_is_free_again_after_a_rename_and_a_removal(bench: Bench) -> None:
    first = bench.create("one")
    bench.schedules.edit(first.id, {"name": "two"}, version=first.version)
    second = bench.create("one")
    bench.schedules.remove(second.id)

    assert bench.create("one").id not in (first.id, second.id)
    assert list(bench.store.names()) == ["one", "two"]


def test_the_second_of_two_edits_is_told_so_and_changes_nothing(bench: Bench) -> None:
    seen = bench.create()
    bench.schedules.edit(seen.id, {"every": 5}, version=seen.version, who="ala")

    with pytest.raises(StaleSchedule, match="by ala") as caught:
        bench.schedules.edit(seen.id, {"every": 7}, version=seen.version, who="ola")

    assert caught.value.version == 2
    assert bench.store.find(seen.id).plan.every == 5


def test_of_many_edits_at_once_one_wins(bench: Bench) -> None:
    seen = bench.create()

    def edit(number: int) -> int:
        try:
            return bench.schedules.edit(seen.id, {"grace": number}, version=1).version
        except StaleSchedule:
            return 0

    assert sorted(together(8, edit)) == [0] * 7 + [2]


def test_what_was_removed_is_not_found(bench: Bench) -> None:
    seen = bench.create()
    bench.schedules.remove(seen.id)

    with pytest.raises(ScheduleNotFound):
        bench.schedules.switch(seen.id, on=False)
    assert bench.client.keys("*:schedule:*") == []


def test_a_slot_is_fired_once_by_however_many_tickers(bench: Bench) -> None:
    schedule = bench.create()
    bench.shift(schedule.id, 0.2)

    together(6, lambda _: bench.new_ticker().tick())

    assert len(bench.queued()) == 1
    assert bench.queue.announced == bench.queued()


def test_a_fired_slot_waits_in_the_open_and_ends_in_the_history(bench: Bench) -> None:
    schedule = bench.create()
    bench.shift(schedule.id, 0.2)
    bench.ticker.tick()

    [open_slot] = bench.store.open_slots(schedule.id)
    run = bench.log.begin(open_slot.task_id, worker="host:1")
    assert run is not None
    for hash_key, field, command in bench.log.ended(run, Outcome.DONE, took_ms=40):
        assert bench.client.hexists(hash_key, field)
        bench.client.execute_command(*command)

    assert open_slot.outcome is Outcome.QUEUED
    [(_, slot)] = bench.store.history(schedule.id)
    assert (slot.outcome, slot.worker, slot.duration_ms, slot.attempts) == (Outcome.DONE, "host:1", 40, 1)
    assert 200 <= slot.late_ms < 5_000
    found = bench.store.find(schedule.id)
    assert (found.runs, found.failures, found.last) == (1, 0, slot)


def test_what_was_missed_runs_once_and_stands_in_the_history(bench: Bench) -> None:
    schedule = bench.create()
    bench.shift(schedule.id, 4.5)
    bench.ticker.tick()

    assert len(bench.queued()) == 1
    assert bench.outcomes(schedule.id) == ["misfired"] * 4


def test_switched_off_nothing_begins_any_more(bench: Bench) -> None:
    schedule = bench.create(max_runs=3)
    bench.shift(schedule.id, 0.1)
    bench.ticker.tick()
    off = bench.schedules.switch(schedule.id, on=False)

    assert bench.log.begin(bench.take(), worker="host:1") is None
    assert (off.slot, off.due) == (None, None)
    assert bench.outcomes(schedule.id) == ["cancelled"]
    assert bench.store.find(schedule.id).fires == 0


def test_what_has_begun_is_not_taken_back(bench: Bench) -> None:
    schedule = bench.create()
    bench.shift(schedule.id, 0.1)
    bench.ticker.tick()
    [task] = bench.queued()
    bench.log.begin(task, worker="host:1")

    bench.schedules.switch(schedule.id, on=False)

    assert bench.log.begin(task, worker="host:2") is not None, "another worker may carry it on"
    assert bench.store.find(schedule.id).runs == 1


def test_switched_on_again_it_makes_nothing_up_and_keeps_its_beat(bench: Bench) -> None:
    schedule = bench.create(every=7)
    bench.schedules.switch(schedule.id, on=False)
    on = bench.schedules.switch(schedule.id, on=True)

    assert on.anchor == schedule.anchor
    assert on.slot is not None
    assert (on.slot - schedule.anchor) % timedelta(seconds=7) == timedelta()
    assert bench.ticker.tick() > 0
    assert bench.queued() == []


def test_an_edit_that_moves_no_slot_keeps_the_next_one(bench: Bench) -> None:
    schedule = bench.create(every=3600)

    edited = bench.schedules.edit(schedule.id, {"description": "new"}, version=1)

    assert (edited.slot, edited.due) == (schedule.slot, schedule.due)


def test_an_edit_of_a_slot_that_is_due_records_it(bench: Bench) -> None:
    schedule = bench.create()
    bench.shift(schedule.id, 0.1)

    bench.schedules.edit(schedule.id, {"every": 60}, version=1)

    assert bench.outcomes(schedule.id) == ["misfired"]
    assert bench.queued() == []


@pytest.mark.parametrize(
    ("overlap", "queued", "ended"), [("allow", 2, []), ("skip", 1, ["skipped"]), ("queue", 1, [])]
)
def test_a_run_that_has_not_ended_is_minded(
    bench: Bench, overlap: str, queued: int, ended: list[str]
) -> None:
    schedule = bench.create(overlap=overlap)
    for _ in range(2):
        bench.shift(schedule.id, 0.1)
        bench.ticker.tick()

    assert len(bench.queued()) == queued
    assert bench.outcomes(schedule.id) == ended


def test_a_slot_that_waits_goes_on_when_the_run_before_it_has_ended(bench: Bench) -> None:
    schedule = bench.create(overlap="queue")
    for _ in range(3):
        bench.shift(schedule.id, 0.1)
        bench.ticker.tick()
    first = bench.take()
    run = bench.log.begin(first, worker="host:1")
    assert run is not None
    for _, _, command in bench.log.ended(run, Outcome.DONE):
        bench.client.execute_command(*command)

    bench.ticker.tick()

    outcomes = [slot.outcome for slot in bench.store.open_slots(schedule.id)]
    assert sorted(outcomes) == [Outcome.QUEUED, Outcome.WAITING]
    assert len(bench.queued()) == 1


def test_a_task_that_somebody_removed_from_the_queue_holds_nothing_up(bench: Bench) -> None:
    schedule = bench.create(overlap="skip")
    bench.shift(schedule.id, 0.1)
    bench.ticker.tick()
    bench.client.delete(STREAM)
    bench.shift(schedule.id, 0.1)
    bench.ticker.tick()

    assert len(bench.queued()) == 1
    assert bench.outcomes(schedule.id) == ["lost"]


def test_run_by_hand_moves_no_slot_and_uses_up_no_run(bench: Bench) -> None:
    schedule = bench.create(every=3600, max_runs=1)

    task = bench.schedules.run_now(schedule.id)

    after = bench.store.find(schedule.id)
    assert bench.queued() == bench.queue.announced == [task]
    assert (after.slot, after.due, after.fires) == (schedule.slot, schedule.due, 0)
    assert bench.store.open_slots(schedule.id)[0].is_manual


def test_run_by_hand_minds_the_overlap_policy(bench: Bench) -> None:
    schedule = bench.create(every=3600, overlap="skip")
    bench.schedules.run_now(schedule.id)

    with pytest.raises(StillRunning):
        bench.schedules.run_now(schedule.id)


def test_a_schedule_ends_after_its_last_run(bench: Bench) -> None:
    schedule = bench.create(max_runs=2)
    for _ in range(3):
        if bench.store.find(schedule.id).slot:
            bench.shift(schedule.id, 0.1)
            bench.ticker.tick()

    after = bench.store.find(schedule.id)
    assert len(bench.queued()) == after.fires == 2
    assert after.is_over
    assert bench.client.zcard(bench.store.keys.due) == 0


def test_an_alert_begins_after_so_many_failures_and_ends_with_a_success(bench: Bench) -> None:
    schedule = bench.create(alert_after=2)

    def run(outcome: Outcome) -> dict[str, str]:
        begun = bench.log.begin(bench.schedules.run_now(schedule.id), worker="host:1")
        assert begun is not None
        for _, _, command in bench.log.ended(begun, outcome, reason="ValueError: no"):
            bench.client.execute_command(*command)
        return bench.store.alerts(overdue_s=60)

    assert run(Outcome.FAILED) == {}
    assert run(Outcome.FAILED) == {schedule.id: "It failed 2 times running: ValueError: no"}
    assert run(Outcome.DONE) == {}
    assert bench.store.find(schedule.id).failures == 2


def test_the_history_keeps_the_newest_and_goes_on_by_its_cursor(bench: Bench) -> None:
    schedule = bench.create(misfire="skip", grace=0)
    for _ in range(4):
        bench.shift(schedule.id, 99.5)
        bench.ticker.tick()

    first = bench.store.history(schedule.id, limit=150)
    rest = bench.store.history(schedule.id, below=first[-1][0], limit=500)
    dues = [slot.due for _, slot in (*first, *rest)]
    assert len(dues) == 400
    assert len(first) == 150
    assert dues[0] == max(dues)


def test_save_and_fire_at_the_same_time_never_run_a_slot_twice(bench: Bench) -> None:
    schedule = bench.create()
    for number in range(30):
        bench.shift(schedule.id, 0.05)
        seen = bench.store.find(schedule.id)
        edit = {"grace": number + 1}
        together(
            2,
            lambda thread, seen=seen, edit=edit: (
                bench.ticker.tick() if thread else bench.schedules.edit(seen.id, edit, version=seen.version)
            ),
        )
        while bench.ticker.tick() == 0:
            pass

    ran = bench.queued()
    assert len(ran) == len(set(ran)) == 30


def test_the_store_refuses_a_save_over_a_fire(bench: Bench) -> None:
    schedule = bench.create()
    bench.shift(schedule.id, 0.1)
    bench.ticker.tick()
    from thumbapp.schedules.store import SlotMoved

    with pytest.raises(SlotMoved):
        bench.store.save(replace(schedule, updated_by="ala"), schedule)

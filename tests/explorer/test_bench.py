"""The benchmark sends what it says, in every way, and leaves nothing."""

import pytest
import redis

from tests.explorer.conftest import EDITOR, VIEWER, ListAudit
from thumbapp.errors import BadParameter, ModeNeeded, ServerBusy
from thumbapp.explorer.bench import WAYS, Benchmark, Command, Plan, Timing
from thumbapp.explorer.gate import Gate


@pytest.mark.parametrize("command", list(Command))
def test_every_command_is_measured_in_every_way(command: Command, gate: Gate) -> None:
    *_, last = Benchmark(gate, Plan(25, command, 2), caller=EDITOR, db=0).run()

    assert last.part == 1
    assert [timing.way for timing in last.timings] == list(WAYS)
    assert all(len(timing.seconds) == 2 and timing.per_second > 0 for timing in last.timings)


def test_each_way_runs_the_command_as_often_as_asked(gate: Gate, any_client: redis.Redis) -> None:
    any_client.config_resetstat()

    list(Benchmark(gate, Plan(25, Command.INCR, 1), caller=EDITOR, db=0).run())

    assert any_client.info("commandstats")["cmdstat_incr"]["calls"] == 25 * len(WAYS)


def test_it_leaves_nothing_and_is_in_the_audit(gate: Gate, any_client: redis.Redis, audit: ListAudit) -> None:
    list(Benchmark(gate, Plan(25), caller=EDITOR, db=0).run())

    assert any_client.dbsize() == 0
    assert audit.lines[-1]["target"] == "app[0] BENCH 25 INCR"


def test_it_can_be_stopped(gate: Gate, any_client: redis.Redis) -> None:
    *_, last = Benchmark(gate, Plan(25), caller=EDITOR, db=0).run(lambda: True)

    assert (last.is_cut_short, last.timings) == (True, ())
    assert any_client.dbsize() == 0


def test_errors_are_not_measured(gate: Gate, any_client: redis.Redis) -> None:
    any_client.config_set("maxmemory", 1)

    try:
        with pytest.raises(ServerBusy, match="OOM"):
            list(Benchmark(gate, Plan(10, Command.INCR, 1), caller=EDITOR, db=0).run())
    finally:
        any_client.config_set("maxmemory", 0)


def test_it_takes_edit_mode(gate: Gate) -> None:
    with pytest.raises(ModeNeeded):
        Benchmark(gate, Plan(), caller=VIEWER, db=0)


@pytest.mark.parametrize(
    ("count", "command", "rounds"),
    [
        ("0", "INCR", "3"),
        ("100001", "INCR", "3"),
        ("1e9", "INCR", "3"),
        ("10", "FLUSHALL", "3"),
        ("10", "INCR", "11"),
        ("", "INCR", "1"),
    ],
)
def test_what_could_hurt_the_server_is_refused(count: str, command: str, rounds: str) -> None:
    with pytest.raises(BadParameter):
        Plan.parse(count, command, rounds)


def test_a_ratio_is_taken_round_by_round() -> None:
    slow, fast = Timing(WAYS[0], (6.0, 8.0), 10), Timing(WAYS[1], (1.0, 1.0), 10)

    assert fast.ratios(slow) == (6.0, 8.0)

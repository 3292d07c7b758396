"""How a server is: samples while somebody looks, what was slow, who is connected, how it is set."""

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR, VIEWER
from thumbapp.errors import ConfirmationNeeded, ModeNeeded
from thumbapp.explorer.diagnostics import MASK, Diagnostics, Sampler
from thumbapp.explorer.gate import Gate


class Clock:
    """A clock that moves when it is told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_rates_are_counted_from_one_sample_to_the_next(gate: Gate, any_client: redis.Redis) -> None:
    clock = Clock()
    sampler = Sampler(gate.server.pool, clock=clock)
    assert sampler.samples() == []
    any_client.set("a", 1)
    for _ in range(300):
        any_client.get("a")
    any_client.get("none")

    clock.now += 2

    sample = sampler.samples()[-1]
    assert 150 <= sample.commands <= 200
    assert sample.hit_rate == pytest.approx(300 / 301)
    assert sample.memory > 100_000
    assert sample.clients >= 1


def test_a_sample_is_taken_no_oftener_than_every_two_seconds(gate: Gate) -> None:
    clock = Clock()
    sampler = Sampler(gate.server.pool, clock=clock)
    for step in (0, 2, 0.5, 0.5):
        clock.now += step
        samples = sampler.samples()

    assert len(samples) == 1


def test_statistics_that_were_reset_make_no_negative_rate(gate: Gate, any_client: redis.Redis) -> None:
    clock = Clock()
    sampler = Sampler(gate.server.pool, clock=clock)
    for _ in range(50):
        any_client.ping()
    sampler.samples()
    any_client.config_resetstat()

    clock.now += 2

    assert sampler.samples() == []


def test_slow_commands_are_listed(gate: Gate, any_client: redis.Redis) -> None:
    any_client.config_set("slowlog-log-slower-than", 0)
    any_client.set(b"odd \xff", "x" * 10)
    any_client.config_set("slowlog-log-slower-than", 10_000)

    found = Diagnostics(gate, caller=VIEWER).slow_log()

    assert any(slow.command == "SET odd \\xff xxxxxxxxxx" for slow in found)


def test_the_slow_log_is_emptied_by_an_admin(gate: Gate, any_client: redis.Redis) -> None:
    any_client.config_set("slowlog-log-slower-than", 0)
    any_client.set("a", 1)
    any_client.config_set("slowlog-log-slower-than", -1)

    with pytest.raises(ModeNeeded):
        Diagnostics(gate, caller=EDITOR).forget_slow_commands()
    assert any_client.slowlog_len() > 0

    Diagnostics(gate, caller=ADMIN).forget_slow_commands()
    assert any_client.slowlog_len() == 0


def test_a_client_is_listed_and_ended(gate: Gate, any_client: redis.Redis) -> None:
    diagnostics = Diagnostics(gate, caller=ADMIN)
    any_client.client_setname("to-end")
    number = next(int(one["id"]) for one in diagnostics.clients() if one["name"] == "to-end")
    with pytest.raises(ConfirmationNeeded) as asked:
        diagnostics.kill_client(number)

    diagnostics.kill_client(number, confirm=asked.value.token)

    assert not [one for one in diagnostics.clients() if one["id"] == str(number)]


def test_every_client_is_listed_however_many(gate: Gate, any_client: redis.Redis) -> None:
    kwargs = any_client.get_connection_kwargs()
    others = [
        redis.Redis(host=kwargs["host"], port=kwargs["port"], protocol=2, socket_keepalive=False)
        for _ in range(40)
    ]
    for number, other in enumerate(others):
        other.client_setname(f"other-{number}")

    names = {one["name"] for one in Diagnostics(gate, caller=VIEWER).clients()}

    assert {f"other-{number}" for number in range(40)} <= names
    for other in others:
        other.close()


def test_settings_are_shown_without_secrets(gate: Gate, any_client: redis.Redis) -> None:
    any_client.config_set("masterauth", "hunter2")

    settings = Diagnostics(gate, caller=ADMIN).settings()

    assert settings["masterauth"] == MASK
    assert settings["maxmemory"] == "0"
    assert "hunter2" not in repr(settings)
    any_client.config_set("masterauth", "")


def test_a_setting_is_changed_after_a_question(gate: Gate, any_client: redis.Redis) -> None:
    diagnostics = Diagnostics(gate, caller=ADMIN)
    with pytest.raises(ConfirmationNeeded) as asked:
        diagnostics.change_setting("slowlog-max-len", "64")

    diagnostics.change_setting("slowlog-max-len", "64", confirm=asked.value.token)

    assert any_client.config_get("slowlog-max-len") == {"slowlog-max-len": "64"}


def test_the_dearest_commands_come_first(gate: Gate, any_client: redis.Redis) -> None:
    any_client.set("a", 1)

    found = Diagnostics(gate, caller=VIEWER).command_statistics()

    assert "SET" in [statistic.name for statistic in found]
    assert [statistic.micros for statistic in found] == sorted(
        (statistic.micros for statistic in found), reverse=True
    )


def test_settings_take_an_admin(gate: Gate) -> None:
    with pytest.raises(ModeNeeded):
        Diagnostics(gate, caller=EDITOR).settings()


def test_every_section_is_told(gate: Gate) -> None:
    info = Diagnostics(gate, caller=VIEWER).info()

    assert info["server"]["redis_version"]
    assert "used_memory" in info["memory"]

"""How the wish to stop is heard."""

import signal
import subprocess
import sys

import pytest

from thumbapp.runtime.stopping import Stopped, StopRequest


class Clock:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_one_request_stops_but_does_not_hurry(clock: Clock) -> None:
    stop = StopRequest(clock=clock)

    stop.ask()

    assert stop.is_set
    assert not stop.is_urgent


def test_one_press_that_arrives_twice_does_not_hurry(clock: Clock) -> None:
    stop = StopRequest(clock=clock)

    stop.ask()
    clock.now += 0.1
    stop.ask()

    assert not stop.is_urgent


def test_a_second_press_hurries(clock: Clock) -> None:
    stop = StopRequest(clock=clock)

    stop.ask()
    clock.now += 1
    stop.ask()

    assert stop.is_urgent


def test_a_signal_ends_at_once_what_takes_long() -> None:
    program = """
import signal, time
from thumbapp.runtime.stopping import Stopped, StopRequest
stop = StopRequest()
stop.listen()
try:
    with stop.interrupting():
        try:
            signal.raise_signal(signal.SIGTERM)
            time.sleep(30)
        except Exception:
            print("swallowed")
except Stopped:
    print("stopped", stop.is_set)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)

    assert (ran.stdout, ran.stderr) == ("stopped True\n", "")


def test_what_was_asked_for_otherwise_meanwhile_ends_it_afterwards() -> None:
    stop = StopRequest()

    with pytest.raises(Stopped), stop.interrupting():
        stop.ask()


def test_a_pause_ends_when_somebody_asks_to_stop() -> None:
    stop = StopRequest()
    stop.ask()

    with pytest.raises(Stopped):
        stop.pause(60)


def test_a_pause_ends_by_itself() -> None:
    StopRequest().pause(0.01)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_asks_to_stop(name: str, restored_signals: None) -> None:
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"no {name} on this system")
    stop = StopRequest()
    stop.listen()

    signal.raise_signal(number)

    assert stop.is_set


def test_nohup_keeps_its_promise(restored_signals: None) -> None:
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("no SIGHUP on this system")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = StopRequest()
    stop.listen()

    signal.raise_signal(signal.SIGHUP)

    assert not stop.is_set


ASK_AT_EACH_STEP = """
import sys
from thumbapp.runtime.stopping import StopRequest

def asking(stop, step):
    left = step
    def trace(frame, event, _):
        nonlocal left
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if not left:
            stop.ask()
        return trace
    return trace

for step in range(1, 400):
    stop = StopRequest()
    sys.settrace(asking(stop, step))
    stop.wait(0.001)
    sys.settrace(None)
    if not stop.is_set:
        break
print(step)
"""


def test_a_signal_may_come_at_any_step_of_waiting() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_AT_EACH_STEP], timeout=30, capture_output=True, text=True, check=True
    )

    assert 20 < int(done.stdout) < 399

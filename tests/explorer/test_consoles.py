"""A console's transcript is bounded, and an open console is found by nobody but its owner."""

import threading
from functools import partial
from threading import Thread

import pytest

from tests.patience import comes_true
from thumbapp.errors import ConsoleNotFound
from thumbapp.explorer.console import Console, ConsoleResult
from thumbapp.explorer.consoles import MOST_CHARACTERS, MOST_OF_ONE, Consoles, OpenConsole
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.servers import Server


def test_long_replies_push_old_lines_out(gate: Gate) -> None:
    opened = OpenConsole(Console(gate, db=0), "somebody")
    long = ConsoleResult(("GET", "a"), b"", "x" * (MOST_CHARACTERS // 2), 0.1, 0)

    for _ in range(3):
        opened.add(">", "GET a", [long], None)
    kept = [entry.number for entry in opened.entries]
    newest = opened.add(">", "GET b", [long, long, long], None)

    assert kept == [3]
    assert list(opened.entries) == [newest]


def test_an_open_console_is_its_owners_alone(gate: Gate) -> None:
    consoles = Consoles()
    opened = consoles.open("id", owner="one", gate=gate, db=0)

    with pytest.raises(ConsoleNotFound):
        consoles.open("id", owner="other", gate=gate, db=0)

    assert consoles.find("id", owner="other") is None
    assert consoles.find("id", owner="one") is opened


class SlowAudit:
    """An audit that writes nothing before it is told to."""

    def __init__(self) -> None:
        self.asked, self.may_write = threading.Event(), threading.Event()

    def record(self, **_: str) -> None:
        self.asked.set()
        self.may_write.wait(5)


def test_nobody_waits_for_a_busy_console_that_its_owners_seventh_closes(home: Server) -> None:
    audit, consoles = SlowAudit(), Consoles()
    gate = Gate(home, secret=b"secret", audit=audit)
    open_own = partial(consoles.open, owner="one", gate=gate, db=0)
    first, *_ = [open_own(str(number)).console for number in range(MOST_OF_ONE)]
    busy = Thread(target=first.run, args=("SET a 1",), kwargs={"caller": Caller("one", Mode.EDIT)})
    seventh = Thread(target=open_own, args=("seventh",))

    busy.start()
    assert audit.asked.wait(10)
    seventh.start()
    assert comes_true(lambda: consoles.find("seventh", owner="one"))
    was_busy = busy.is_alive()
    audit.may_write.set()
    seventh.join(10)

    assert was_busy
    assert consoles.find("0", owner="one") is None

"""A console's transcript is bounded, and an open console is found by nobody but its owner."""

import pytest

from thumbapp.errors import ConsoleNotFound
from thumbapp.explorer.console import Console, Said
from thumbapp.explorer.consoles import MOST_CHARACTERS, Consoles, Desk
from thumbapp.explorer.gate import Gate


def test_long_replies_push_old_lines_out(gate: Gate) -> None:
    desk = Desk(Console(gate, db=0), "somebody")
    long = Said(("GET", "a"), b"", "x" * (MOST_CHARACTERS // 2), 0.1, 0)

    for _ in range(3):
        desk.add(">", "GET a", [long], None)
    kept = [entry.number for entry in desk.entries]
    newest = desk.add(">", "GET b", [long, long, long], None)

    assert kept == [3]
    assert list(desk.entries) == [newest]


def test_an_open_console_is_its_owners_alone(gate: Gate) -> None:
    consoles = Consoles()
    desk = consoles.open("id", owner="one", gate=gate, db=0)

    with pytest.raises(ConsoleNotFound):
        consoles.open("id", owner="other", gate=gate, db=0)

    assert consoles.find("id", owner="other") is None
    assert consoles.find("id", owner="one") is desk

"""A part that ends is started again, later each time."""

import pytest

from thumbapp.errors import CannotStart
from thumbapp.runtime.restarter import FIRST_DELAY_S, LONGEST_DELAY_S, STEADY_S, Restarter, in_words


class Fake:
    """A part that ends when told to."""

    pid = 7

    def __init__(self) -> None:
        self.code: int | None = None
        self.starts = 0
        self.refuses = False

    def start(self) -> None:
        self.starts += 1
        if self.refuses:
            raise CannotStart("not today")
        self.code = None

    def exit_code(self) -> int | None:
        return self.code


class House:
    """A restarter with its part, its clock and what it said."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.part = Fake()
        self.restarter = Restarter(
            "worker", self.part, say=lambda part, text: self.said.append(text), clock=lambda: self.now
        )

    def fail(self, code: int = 1) -> float:
        """End the part and return after how long it is started again."""
        self.part.code, starts, began = code, self.part.starts, self.now
        while self.part.starts == starts:
            self.restarter.check()
            self.now += 0.25
        return self.now - began


@pytest.fixture
def house() -> House:
    return House()


def test_a_part_that_runs_is_left_alone(house: House) -> None:
    house.restarter.check()

    assert house.part.starts == 0
    assert house.said == []


def test_a_part_that_was_killed_is_started_again_and_both_is_said(house: House) -> None:
    house.fail(-15)

    assert house.said == ["ended (killed by SIGTERM); starts again in 0.5 s", "started again (pid 7)"]


def test_a_part_that_ends_at_once_is_started_later_each_time(house: House) -> None:
    pauses = [house.fail() for _ in range(10)]

    assert pauses == sorted(pauses)
    assert FIRST_DELAY_S <= pauses[0] < 2
    assert LONGEST_DELAY_S <= pauses[-1] < LONGEST_DELAY_S + 1


def test_a_part_that_ran_for_long_is_started_again_soon(house: House) -> None:
    pauses = [house.fail() for _ in range(5)]
    house.now += STEADY_S + 1

    assert house.fail() == pauses[0]


def test_a_part_that_cannot_be_started_is_tried_again(house: House) -> None:
    house.part.refuses = True
    house.fail()

    house.part.refuses = False
    house.fail()

    assert "not today" in house.said
    assert house.said[-1] == "started again (pid 7)"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param(0, "exit code 0", id="by itself"),
        pytest.param(-15, "killed by SIGTERM", id="signal"),
        pytest.param(-200, "killed by signal 200", id="unknown signal"),
    ],
)
def test_an_exit_code_is_said_in_words(code: int, words: str) -> None:
    assert in_words(code) == words

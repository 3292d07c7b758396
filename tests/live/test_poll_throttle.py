"""Pages that poll are slowed down when they are many, and go on as usual when they are few again."""

import heapq
import itertools

import pytest

from thumbapp.live.poll_throttle import LONGEST_S, MOST_A_SECOND, PollThrottle


class Pages:
    """Pages that ask when they are told to, on a clock of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self._polls = PollThrottle(clock=lambda: self.now)

    def asked(self, number: int, *, usual_s: float, seconds: float) -> list[float]:
        """Return after how many seconds each of the last questions of *number* pages may be followed."""
        due = [(self.now + usual_s * at / number, at) for at in range(number)]
        waits, end = [], self.now + seconds
        while due[0][0] < end:
            self.now, page = heapq.heappop(due)
            waits.append(self._polls.wait_s(usual_s))
            heapq.heappush(due, (self.now + waits[-1], page))
        self.now = end
        return waits[-number:]


@pytest.mark.parametrize(
    ("pages", "usual_s", "wait_s"), [(1, 5, 5), (100, 5, 5), (300, 5, 10), (904, 5, LONGEST_S), (300, 2, 10)]
)
def test_pages_wait_the_longer_the_more_they_are(pages: int, usual_s: float, wait_s: float) -> None:
    waits = Pages().asked(pages, usual_s=usual_s, seconds=60)

    assert sum(waits) / len(waits) == pytest.approx(wait_s, rel=0.15)
    assert wait_s == LONGEST_S or pages / (sum(waits) / len(waits)) < 1.3 * MOST_A_SECOND


def test_who_is_left_alone_asks_as_usual() -> None:
    pages = Pages()
    crowded = pages.asked(900, usual_s=5, seconds=60)

    alone = pages.asked(3, usual_s=5, seconds=60)

    assert all(itertools.starmap(lambda many, few: many > few, zip(crowded, alone, strict=False)))
    assert alone == [5, 5, 5]


def test_nobody_is_told_to_hurry() -> None:
    assert PollThrottle().wait_s(60) == 60

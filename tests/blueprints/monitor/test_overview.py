"""The overview: what waits, what was done, how long it took, and which tasks there are."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.blueprints.people import Browser
from thumbapp.taskqueue.queue import StreamHuey


@pytest.fixture
def done(huey: StreamHuey, queue: Callable[..., str], work: Callable[[], None]) -> None:
    """Run a task that works and one that fails, and have them counted."""
    queue("add", 1, 2)
    queue("fail", "no")
    work()
    assert huey.recorder
    huey.recorder.close()


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize("over", ["1h", "24h"])
def test_what_was_done_and_failed_is_in_figures_charts_and_tables(operator: Browser, over: str) -> None:
    page = operator.get(f"/overview?over={over}").text

    assert page.count('role="img"') >= 4
    assert page.count("<desc") == page.count('role="img"')
    for words in ("1, 100 %", "Waiting time", "p95", "the numbers"):
        assert words in page
    assert "style=" not in page


def test_an_hour_in_which_nothing_happened_is_a_page_too(operator: Browser) -> None:
    page = operator.get("/overview").text

    assert "nothing yet" in page
    assert "By task" not in page


def test_what_waits_is_told(operator: Browser, queue: Callable[..., str]) -> None:
    queue("add", 1, 2)
    queue("add", 1, 2)

    page = " ".join(operator.get("/overview").text.split())

    assert '<dt>waiting</dt> <dd><a href="/tasks?state=queued">2</a></dd>' in page


def test_every_registered_task_can_be_run_from_there(operator: Browser) -> None:
    page = operator.get("/overview").text

    assert "(seconds: float, mark: str = &#39;naps&#39;) -&gt; str" in page
    assert 'href="/tasks/new?name=nap"' in page


@pytest.mark.parametrize("over", ["2h", "", "-1"])
def test_another_span_is_refused(operator: Browser, over: str) -> None:
    assert operator.get("/overview", query_string={"over": over}).status_code == 400


@pytest.mark.usefixtures("done")
def test_the_changing_part_comes_alone(operator: Browser) -> None:
    answer: Any = operator.get("/overview/panel?over=24h")

    assert answer.text.lstrip().startswith('<div class="stack" id="panel"')

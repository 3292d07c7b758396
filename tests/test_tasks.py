"""The tasks that the mission names: what they are called, and what they say."""

import pytest

from thumbapp.tasks import huey


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("AdminPanel", "Dodano mnie przez panel admina"),
        ("summary", "Hello there every 10 sec"),
        ("test", "Hello there mortals"),
    ],
)
def test_a_task_says_its_sentence_to_the_log_and_as_its_result(
    name: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    assert huey.task_named(name)().execute() == says
    assert says in caplog.messages


def test_add_is_there_to_try() -> None:
    assert huey.task_named("add")(args=(2, 5)).execute() == 7

"""Error pages: what they advise fits what has happened."""

import pytest

from tests.blueprints.people import Site
from thumbapp import errors
from thumbapp.blueprints import problems

AGAIN = "Try again; if it happens again"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (errors.ScriptEnded(), "change the script before it runs again"),
        (errors.ScriptStuck(), "it shows how things are now"),
        (errors.LastAdmin(), "give somebody else the role first"),
        (errors.ServerLacks("EVAL_RO", "7.0"), "change what the message speaks of"),
        (errors.ThumbAppError("Something odd."), AGAIN),
    ],
    ids=lambda case: case if isinstance(case, str) else case.code,
)
def test_the_advice_fits_the_error(people: Site, error: errors.ThumbAppError, advice: str) -> None:
    with people.app.test_request_context("/redis/scripts"):
        page = problems.answer(error).get_data(as_text=True)

    assert advice in page
    assert (AGAIN in page) == (advice == AGAIN)

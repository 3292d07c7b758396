"""Every error: one cause, one code, one sentence that a person can act on."""

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from thumbapp import errors
from thumbapp.errors import Refused, ThumbAppError

CLASSES = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, ThumbAppError)
]
FACTS: dict[Any, Any] = {
    str: "A fact",
    object: "A fact",
    datetime: datetime(2026, 11, 24, tzinfo=UTC),
    Mapping[str, Refused]: {"name": Refused("A name is needed.")},
    int: 12_345_678_901,
    int | None: -11,
    float: 2.5,
    bool: True,
    bytes | None: b"other",
    Path: Path("folder"),
    Iterable[str]: ["one", "two"],
    datetime | None: datetime(2026, 11, 24, tzinfo=UTC),
}


def example(cause: type[ThumbAppError]) -> ThumbAppError:
    """Return *cause* with a fact for each argument; a class without facts of its own gets a sentence."""
    if cause.__init__ is Exception.__init__:
        return cause("A sentence.")
    hints = get_type_hints(cause.__init__)
    parameters = list(inspect.signature(cause).parameters.values())
    given = [FACTS[hints[item.name]] for item in parameters if item.kind is not item.KEYWORD_ONLY]
    named = {item.name: FACTS[hints[item.name]] for item in parameters if item.kind is item.KEYWORD_ONLY}
    return cause(*given, **named)


@pytest.mark.parametrize("cause", CLASSES, ids=lambda cause: cause.__name__)
def test_an_error_says_a_whole_sentence(cause: type[ThumbAppError]) -> None:
    sentence = str(example(cause))

    assert not sentence[0].islower()
    assert sentence.endswith(".")
    assert "None" not in sentence


@pytest.mark.parametrize("cause", CLASSES, ids=lambda cause: cause.__name__)
def test_an_error_has_a_code_of_its_own(cause: type[ThumbAppError]) -> None:
    assert "code" in vars(cause)
    assert cause.code == cause.code.lower().strip()
    assert set(cause.code) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_no_two_errors_share_a_code() -> None:
    codes = Counter(cause.code for cause in CLASSES)

    assert [code for code, count in codes.items() if count > 1] == []


def test_what_may_work_later_says_when() -> None:
    later = [cause for cause in CLASSES if issubclass(cause, errors.Unavailable)]

    assert later
    assert all(1 <= cause.retry_after_s <= 3600 for cause in later)

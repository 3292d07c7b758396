"""A time to live is typed as people say it."""

import pytest

from thumbapp.errors import BadEdit
from thumbapp.explorer.ttl import parse_ttl


@pytest.mark.parametrize(
    ("text", "ttl_ms"),
    [
        ("90", 90_000),
        ("0.5", 500),
        ("250 ms", 250),
        ("15 min", 900_000),
        ("1h 30m", 5_400_000),
        ("3 days", 259_200_000),
        ("2 Weeks", 1_209_600_000),
    ],
)
def test_a_life_is_read(text: str, ttl_ms: int) -> None:
    assert parse_ttl(text) == ttl_ms


@pytest.mark.parametrize("text", ["", "0", "-5", "soon", "5 fortnights", "1h x", "\u0665", "99999999999 w"])
def test_what_is_no_life_is_refused(text: str) -> None:
    with pytest.raises(BadEdit, match="no time to live"):
        parse_ttl(text)

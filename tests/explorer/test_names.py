"""Names travel and are shown without losing or hiding a byte."""

import pytest

from thumbapp.errors import BadParameter
from thumbapp.explorer.names import from_id, shown, to_id
from thumbapp.explorer.quoting import parse

NAMES = [
    b"",
    b"plain",
    bytes(range(256)),
    b"x" * 65_536,
    b"<script>alert(1)</script>",
    "מפתח\u202eabc".encode(),
    b"\x1b[31mred\x1b[0m",
    b"\xff\xfe",
    b"back\\slash \\xff",
    "Pierwsza lista żółta".encode(),
    b'quote"inside',
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_comes_back_from_its_id(name: bytes) -> None:
    text = to_id(name)

    assert from_id(text) == name
    assert text.replace("-", "").replace("_", "").isalnum() or text == "-"


@pytest.mark.parametrize("text", ["", "=", "YQ==", "a", "%%%", "YR", "ż", "Y Q"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        from_id(text)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_what_is_shown_hides_nothing_and_can_be_typed(name: bytes) -> None:
    text = shown(name)

    assert text.isprintable()
    assert parse('"' + text.replace('"', '\\"') + '"') == [name]


def test_text_is_shown_as_it_is() -> None:
    assert shown("Pierwsza lista żółta".encode()) == "Pierwsza lista żółta"

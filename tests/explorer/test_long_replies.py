"""Long replies come in portions that together are the whole; deep ones become a tree."""

import pytest

from thumbapp.explorer.long_replies import MOST_CHARACTERS, MOST_LINES, Branch, as_tree, portion


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("short", [5]),
        ("", [0]),
        ("a\n" * MOST_LINES + "b", [2 * MOST_LINES, 1]),
        ("x" * (MOST_CHARACTERS + 7), [MOST_CHARACTERS, 7]),
        (("y" * 600_000 + "\n") * 3, [600_001] * 3),
    ],
    ids=["short", "empty", "many lines", "one long line", "some long lines"],
)
def test_portions_are_the_whole_text(text: str, sizes: list[int]) -> None:
    found = [portion(text)]
    while len("".join(found)) < len(text):
        found.append(portion(text, len("".join(found))))

    assert "".join(found) == text
    assert [len(piece) for piece in found] == sizes


def test_lists_in_a_list_are_branches() -> None:
    tree = as_tree([[b"1-1", [b"name", b"Ala"]], None, 7, []])

    entry = Branch(1, 2, '"1-1"', ('1) "1-1"', Branch(2, 2, '"name"', ('1) "name"\n2) "Ala"',))))
    assert tree == Branch(0, 4, "", (entry, "2) (nil)\n3) (integer) 7\n4) (empty array)"))


@pytest.mark.parametrize("reply", [None, b"x", [1, 2], [[1]] * 5_000], ids=["nil", "string", "flat", "large"])
def test_what_is_flat_or_too_large_is_no_tree(reply: object) -> None:
    assert as_tree(reply) is None  # type: ignore[arg-type]  # a reply


def test_what_is_too_deep_is_no_tree() -> None:
    deep: object = b"x"
    for _ in range(30):
        deep = [deep]

    assert as_tree(deep) is None  # type: ignore[arg-type]  # a reply

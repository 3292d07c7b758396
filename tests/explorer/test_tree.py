"""Folders hold as many keys as were scanned below them, and no key is lost in folding."""

from thumbapp.explorer.scan import KeyRow
from thumbapp.explorer.tree import Folder, fold, steps


def rows(*names: bytes) -> list[KeyRow]:
    """Return a row for each of *names*."""
    return [KeyRow(name, "string", None, 1, 1) for name in names]


FIFTY = rows(*[b"user_permissions:%d" % number for number in range(50)])
MIXED = rows(b"app:user:1", b"app:user:2", b"app:x", b"app", b"app:", b":", b"a\x00:\xff:", b"plain")


def test_fifty_permissions_are_one_folder() -> None:
    level = fold(FIFTY)

    assert level.folders == [Folder(b"user_permissions:", b"user_permissions", 50)]
    assert level.rows == []


def test_a_level_has_folders_and_keys() -> None:
    level = fold(MIXED)

    assert [(folder.label, folder.count) for folder in level.folders] == [
        (b"", 1),
        (b"a\x00", 1),
        (b"app", 4),
    ]
    assert [row.name for row in level.rows] == [b"app", b"plain"]


def test_a_path_shows_what_is_below_it_alone() -> None:
    level = fold(MIXED, below=b"app:")

    assert level.folders == [Folder(b"app:user:", b"user", 2)]
    assert [row.name for row in level.rows] == [b"app:", b"app:x"]


def test_another_delimiter_folds_otherwise_and_none_not_at_all() -> None:
    assert [folder.label for folder in fold(FIFTY, delimiter=b"_").folders] == [b"user"]
    assert len(fold(FIFTY, delimiter=b"").rows) == 50
    assert fold(rows(b"a::b::c", b"a::d"), delimiter=b"::").folders == [Folder(b"a::", b"a", 2)]


def test_every_key_is_in_one_folder_or_one_row() -> None:
    level = fold(MIXED)

    assert sum(folder.count for folder in level.folders) + len(level.rows) == len(MIXED)


def test_the_way_down_is_known() -> None:
    assert [(step.path, step.label) for step in steps(b"app:user:")] == [
        (b"app:", b"app"),
        (b"app:user:", b"user"),
    ]
    assert steps(b"") == []

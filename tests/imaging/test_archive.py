"""The zip: clean names, each once, everything inside whole."""

import zipfile
from pathlib import Path

import pytest

from thumbapp.imaging.archive import clean_name, member_names, thumbnail_name, write_archive
from thumbapp.imaging.recipe import Size


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("rob.jfif", "rob.jfif"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("con", "_con"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("a\0b.png", "ab.png"),
        ("no_extension", "no_extension"),
        ("two.dots.png", "two.dots.png"),
        ("za\u017c\u00f3\u0142\u0107.png", "za\u017c\u00f3\u0142\u0107.png"),
        ("e\u0301.png", "\u00e9.png"),
        ('say "hi"?.png', "say _hi__.png"),
        ("trailing.jpg. . .", "trailing.jpg"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("line\nbreak.png", "linebreak.png"),
        ("", "picture"),
        ("...", "picture"),
        ("/", "picture"),
        ("x" * 300 + ".jpeg", "x" * 100 + ".jpeg"),
        ("a:b.png", "a_b.png"),
    ],
)
def test_name_is_clean_on_every_system(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("rob.jfif", "jpeg", "rob_128x128.jfif"),
        ("a.JPG", "jpeg", "a_128x128.JPG"),
        ("a.png", "jpeg", "a_128x128.jpg"),
        ("alpha.jpg", "png", "alpha_128x128.png"),
        ("noext", "webp", "noext_128x128.webp"),
        ("two.dots.gif", "gif", "two.dots_128x128.gif"),
        ("a.heic", "jpeg", "a_128x128.jpg"),
    ],
)
def test_thumbnail_is_named_after_its_original(name: str, format: str, expected: str) -> None:
    assert thumbnail_name(name, Size(128, 128), format) == expected


def test_equal_names_are_numbered_whatever_their_case() -> None:
    assert member_names(["a.png", "A.PNG", "a.png", "b"]) == ["a.png", "A (2).PNG", "a (3).png", "b"]


def test_a_numbered_name_meets_no_other() -> None:
    assert len(set(member_names(["a.png", "a (2).png", "a.png"]))) == 3


def test_archive_holds_everything_stored(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"first")
    (tmp_path / "two").write_bytes(b"second")

    write_archive(
        tmp_path / "all.zip",
        [("../a.png", tmp_path / "one"), ("a.png", tmp_path / "two")],
        texts={"manifest.json": "{}"},
    )

    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "a.png": b"first",
            "a (2).png": b"second",
            "manifest.json": b"{}",
        }
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_picture_called_like_a_text_gives_way(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"first")

    names = write_archive(
        tmp_path / "all.zip", [("manifest.json", tmp_path / "one")], texts={"manifest.json": "{}"}
    )

    assert names == ["manifest (2).json", "manifest.json"]


def test_archive_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_archive(tmp_path / "all.zip", [("a.png", tmp_path / "missing")])

    assert list(tmp_path.iterdir()) == []

"""Thumbnails from the command line, by the workers and without them."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from thumbapp.config import Settings

Run = Callable[..., Any]
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "made" / "here"


def names(folder: Path) -> list[str]:
    """Return what *folder* holds, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def children_at_work(pid: int) -> int:
    """Return how many processes the process *pid* has to decode in."""
    with suppress(psutil.Error):
        children = psutil.Process(pid).children(recursive=True)
        return sum("spawn_main" in " ".join(child.cmdline()) for child in children)
    return 0


def test_without_a_server_thumbnails_are_made_here(thumbapp: Run, picture: Path, out: Path) -> None:
    arguments = ["--size", "32x32,16", "--size", "w8", "--out", out, "--local"]
    answer = thumbapp("thumbs", picture, *arguments, THUMBAPP_REDIS_URL=NOWHERE)

    assert (answer.code, answer.err) == (0, "")
    assert names(out) == ["rob_16x16.jpg", "rob_32x32.jpg", "rob_w8.jpg"]
    with Image.open(out / "rob_32x32.jpg") as made:
        assert made.size == (32, 24)


def test_a_recipe_can_be_told_in_full(thumbapp: Run, picture: Path, out: Path) -> None:
    arguments = ["--fit", "pad", "--gravity", "south", "--background", "#0000ff", "--enlarge"]
    arguments += ["--format", "png", "--quality", "90", "--effort", "best"]
    arguments += ["--metadata", "credit", "--animation", "all"]

    answer = thumbapp("thumbs", picture, "--size", "400x900", *arguments, "--out", out, "--local")

    assert (answer.code, answer.err) == (0, "")
    with Image.open(out / "rob_400x900.png") as made:
        assert made.size == (400, 900)
        assert made.getpixel((200, 10)) == (0, 0, 255)
        assert made.getpixel((200, 890)) != (0, 0, 255)


@pytest.mark.usefixtures("worker")
def test_workers_make_thumbnails_and_keep_no_job(
    thumbapp: Run, picture: Path, out: Path, settings: Settings
) -> None:
    bad = picture.with_name("bad.jpg")
    bad.write_text("no picture", encoding="utf-8")

    answer = thumbapp("thumbs", bad, picture, "--size", "16", "--format", "webp", "--out", out, "--json")

    assert answer.code == 1
    assert [bool(item["error"]) for item in answer.json["items"]] == [True, False]
    assert names(out) == ["rob_16x16.webp"]
    assert [path for path in settings.media_dir.iterdir() if not path.name.startswith(".")] == []


def test_a_folder_is_walked_for_pictures(thumbapp: Run, picture: Path) -> None:
    folder = picture.parent
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    (folder / "deep").mkdir()
    shutil.copy(picture, folder / "deep" / "ROB.jpg")
    arguments = ["thumbs", folder, "--size", "16", "--local", "--out", folder / "thumbs"]

    first, second = thumbapp(*arguments), thumbapp(*arguments)

    assert (first.code, second.code) == (0, 0)
    made = sorted(name.casefold() for name in names(folder / "thumbs"))
    assert made == ["rob_16x16 (2).jpg", "rob_16x16.jpg"]


def test_all_cores_work_whatever_is_set_for_workers(
    environment: dict[str, str], tmp_path: Path, out: Path
) -> None:
    for number in range(6):
        Image.effect_noise((2000, 1500), 50).save(tmp_path / f"{number}.jpg")
    command = [sys.executable, "-m", "thumbapp", "thumbs", tmp_path, "--size", "64", "--local", "--out", out]

    most = 0
    with subprocess.Popen(
        list(map(str, command)), env=environment | {"THUMBAPP_WORKERS": "1"}, stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            most = max(most, children_at_work(process.pid))

    assert process.returncode == 0
    assert most > 1


def test_one_bad_file_spoils_no_other_and_no_original_is_replaced(thumbapp: Run, picture: Path) -> None:
    original = picture.with_name("rob_16x16.jpg")
    shutil.copy(picture, original)
    missing = picture.with_name("missing.jpg")

    answer = thumbapp("thumbs", missing, picture, original, "--size", 16, "--local", "--out", picture.parent)

    assert answer.code == 1
    assert f"{missing}: " in answer.err
    assert original.read_bytes() == picture.read_bytes()
    assert names(picture.parent) == ["rob.jpg", "rob_16x16 (2).jpg", "rob_16x16.jpg", "rob_16x16_16x16.jpg"]


@pytest.mark.parametrize(
    "arguments", [["--size", "big"], [], ["--size", "16", "--fit", "tight"]], ids=["size", "no size", "fit"]
)
def test_what_cannot_be_understood_is_bad_usage(
    thumbapp: Run, picture: Path, out: Path, arguments: list[str]
) -> None:
    assert thumbapp("thumbs", picture, *arguments, "--out", out).code == 2
    assert not out.exists()

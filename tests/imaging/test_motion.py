"""An animation gives its first frame, or stays one when asked."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.scenes import distance, rendered
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import probe

Thumbnail = Callable[..., Image.Image]
COLOURS = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]


def film(path: Path) -> Path:
    frames = [Image.new("RGB", (64, 48), colour) for colour in COLOURS]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    return path


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
@pytest.mark.parametrize("format", ["keep", "webp", "png"])
def test_all_frames_are_kept_when_asked(
    suffix: str, format: str, tmp_path: Path, thumbnail: Thumbnail
) -> None:
    path = film(tmp_path / f"film{suffix}")

    (made,) = rendered(path, tmp_path, sizes="32", format=format, animation="all")

    with Image.open(tmp_path / made.file) as small:
        seen = []
        for index, colour in enumerate(COLOURS):
            small.seek(index)
            seen.append(distance(small.convert("RGB"), Image.new("RGB", (32, 24), colour)) < 8)
            small.load()
        assert small.n_frames == 3
        assert seen == [True] * 3


def test_times_of_the_frames_are_kept(tmp_path: Path) -> None:
    (made,) = rendered(film(tmp_path / "film.gif"), tmp_path, sizes="32", animation="all")

    durations = []
    with Image.open(tmp_path / made.file) as small:
        for index in range(3):
            small.seek(index)
            durations.append(small.info["duration"])
    assert durations == [100, 200, 300]


@pytest.mark.parametrize(
    ("loop", "plays"), [(None, 1), (0, 0), (1, 2), (3, 4)], ids=["once", "for ever", "twice", "four times"]
)
def test_a_gif_plays_as_often_as_before(loop: int | None, plays: int, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in COLOURS]
    told = {} if loop is None else {"loop": loop}
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=100, **told)

    seen = []
    for format in ("keep", "webp", "png"):
        (made,) = rendered(tmp_path / "film.gif", tmp_path, sizes="32", format=format, animation="all")
        with Image.open(tmp_path / made.file) as small:
            seen.append(small.info.get("loop"))

    assert seen == [loop, plays, plays]


def test_a_picture_that_is_no_frame_of_its_apng_stays_out(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in COLOURS]
    told = {"append_images": frames, "duration": [100, 200, 300], "default_image": True}
    Image.new("RGB", (64, 48)).save(tmp_path / "film.png", save_all=True, **told)

    (made,) = rendered(tmp_path / "film.png", tmp_path, sizes="32", animation="all")

    seen = []
    with Image.open(tmp_path / made.file) as small:
        for index in range(small.n_frames):
            small.seek(index)
            seen.append((small.info["duration"], small.convert("RGB").getpixel((5, 5))))
    assert seen == [(100, COLOURS[0]), (200, COLOURS[1]), (300, COLOURS[2])]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_first_frame_is_the_default(
    suffix: str, tmp_path: Path, thumbnail: Thumbnail, limits: Limits
) -> None:
    small = thumbnail(film(tmp_path / f"film{suffix}"), "32")

    assert probe(tmp_path / f"32x32{suffix}", limits=limits).frames == 1
    assert distance(small.convert("RGB"), Image.new("RGB", (32, 24), COLOURS[0])) < 8


def test_a_format_that_cannot_move_shows_the_first_frame(tmp_path: Path, thumbnail: Thumbnail) -> None:
    small = thumbnail(film(tmp_path / "film.gif"), "32", format="jpeg", animation="all")

    assert small.format == "JPEG"


@pytest.mark.parametrize(("suffix", "frames"), [(".gif", 3), (".webp", 3), (".png", 3)])
def test_frames_are_counted(suffix: str, frames: int, tmp_path: Path, limits: Limits) -> None:
    assert probe(film(tmp_path / f"film{suffix}"), limits=limits).frames == frames


def test_frames_that_dispose_to_the_background_come_out_right(tmp_path: Path) -> None:
    first = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    first.paste((255, 0, 0, 255), (0, 0, 20, 20))
    second = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    second.paste((0, 0, 255, 255), (40, 20, 64, 48))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second], duration=100, disposal=2)

    (made,) = rendered(tmp_path / "a.gif", tmp_path, sizes="64", animation="all")

    with Image.open(tmp_path / made.file) as small:
        small.seek(1)
        frame = small.convert("RGBA")
    assert frame.getpixel((5, 5))[3] == 0
    assert frame.getpixel((55, 40))[2] > 200

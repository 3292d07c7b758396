"""How far a JPEG is drafted: as far as its texture allows, within the memory there is."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.imaging_profiles import profile
from tests.imaging.scenes import scene
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.probe import Probe, probe
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render_plan import plan_render
from thumbapp.imaging.resize import HAS_FAST_RESIZER

needs_fast_resizer = pytest.mark.skipif(not HAS_FAST_RESIZER, reason="the fast resizer has no wheel here")


def noise(side: int) -> Image.Image:
    return Image.effect_noise((side, side), 60).convert("RGB")


def probed(path: Path, image: Image.Image, **options: int | bytes) -> Probe:
    image.save(path, "JPEG", **({"quality": 90} | options))  # type: ignore[arg-type] # options of the encoder
    return probe(path, limits=Limits())


@pytest.fixture(scope="module")
def smooth(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """Return the header of a large picture without texture."""
    return probed(tmp_path_factory.mktemp("smooth") / "a.jpg", Image.new("RGB", (3000, 3000), (9, 99, 200)))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """Return the header of a large picture of fine texture."""
    return probed(tmp_path_factory.mktemp("busy") / "a.jpg", noise(3000))


def draft(found: Probe, size: str, effort: str = "default", limits: Limits | None = None) -> int:
    return plan_render(found, Recipe.parse(sizes=size, effort=effort), limits=limits or Limits()).draft


@needs_fast_resizer
@pytest.mark.parametrize(
    ("size", "plain", "fine"),
    [("1600", 1, 1), ("780", 2, 1), ("500", 2, 2), ("250", 4, 2), ("180", 4, 4), ("60", 8, 4), ("40", 8, 8)],
)
def test_fine_texture_is_drafted_less(size: str, plain: int, fine: int, smooth: Probe, busy: Probe) -> None:
    assert (draft(smooth, size), draft(busy, size)) == (plain, fine)


@needs_fast_resizer
def test_a_small_picture_of_fine_texture_is_decoded_in_full(tmp_path: Path) -> None:
    found = probed(tmp_path / "fine.jpg", noise(1500))

    assert draft(found, "40") == 1


@needs_fast_resizer
@pytest.mark.parametrize(("name", "wanted"), [("", 2), ("sRGB", 2), ("Display P3", 1)])
def test_wide_colours_ask_for_more(name: str, wanted: int, smooth: Probe) -> None:
    found = replace(smooth, header=replace(smooth.header, detail=1.25), profile=name)

    assert draft(found, "780") == wanted


@pytest.mark.parametrize(
    ("effort", "size", "wanted"), [("fast", "700", 2), ("fast", "500", 4), ("best", "500", 1)]
)
def test_effort_decides_first(effort: str, size: str, wanted: int, busy: Probe) -> None:
    assert draft(busy, size, effort) == wanted


@needs_fast_resizer
def test_fine_texture_takes_fewer_steps(smooth: Probe, busy: Probe) -> None:
    recipe = Recipe.parse(sizes="64")

    assert [plan_render(found, recipe, limits=Limits()).steps for found in (smooth, busy)] == [3, 2]


@needs_fast_resizer
@pytest.mark.parametrize(("effort", "wanted"), [("fast", 3), ("default", 1), ("best", 1)])
def test_black_and_white_is_scaled_in_one_step(effort: str, wanted: int, tmp_path: Path) -> None:
    noise(300).convert("1").save(tmp_path / "page.png")
    found = probe(tmp_path / "page.png", limits=Limits())

    assert plan_render(found, Recipe.parse(sizes="200,100", effort=effort), limits=Limits()).steps == wanted


@pytest.mark.parametrize(
    ("effort", "wanted", "mb"), [pytest.param("default", 4, 10, marks=needs_fast_resizer), ("best", 1, 11)]
)
def test_little_memory_drafts_further(effort: str, wanted: int, mb: int, busy: Probe) -> None:
    little = Limits(max_decode_bytes=mb * 10**6)

    assert (draft(busy, "60", effort), draft(busy, "60", effort, little)) == (wanted, 8)


def test_detail_depends_on_the_picture_more_than_on_its_quality(tmp_path: Path) -> None:
    image = Image.blend(scene(800, 600), noise(800).crop((0, 0, 800, 600)), 0.1)

    details = [
        probed(tmp_path / "a.jpg", image, **options).header.detail  # type: ignore[arg-type] # as above
        for options in ({}, {"quality": 75}, {"quality": 96}, {"progressive": True})
    ]

    assert max(details) < 1.6 * min(details)


def test_metadata_is_no_detail(tmp_path: Path) -> None:
    bare = probed(tmp_path / "a.jpg", scene())

    laden = probed(tmp_path / "b.jpg", scene(), icc_profile=profile("Display P3") * 50)

    assert laden.header.detail == bare.header.detail > 0


def test_other_formats_have_no_detail_to_judge(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.png")

    assert probe(tmp_path / "a.png", limits=Limits()).header.detail == 0


@needs_fast_resizer
@pytest.mark.parametrize(("effort", "wanted"), [("fast", [2.5, 1]), ("default", [1, 1])])
def test_fast_takes_wider_steps_on_smooth_pictures(
    effort: str, wanted: list[float], smooth: Probe, busy: Probe
) -> None:
    recipe = Recipe.parse(sizes="64", effort=effort)

    assert [plan_render(found, recipe, limits=Limits()).stride for found in (smooth, busy)] == wanted

"""What text becomes a recipe, and what is refused with a sentence."""

import json

import pytest

from thumbapp.errors import BadChoice, BadColour, BadQuality, BadRecipe, BadSize, NoSize, TooManySizes
from thumbapp.imaging.recipe import (
    Animation,
    Effort,
    Fit,
    Format,
    Gravity,
    Metadata,
    Recipe,
    Size,
    parse_sizes,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("128x96", Size(128, 96)),
        ("128", Size(128, 128)),
        ("w640", Size(640, None)),
        ("h480", Size(None, 480)),
        ("W640", Size(640, None)),
        ("128X96", Size(128, 96)),
        (" 64 ", Size(64, 64)),
        ("10000x1", Size(10_000, 1)),
    ],
)
def test_size_is_read(text: str, size: Size) -> None:
    assert Size.parse(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "1e9",
        "NaN",
        "12x",
        "x12",
        "1000000000",
        "10001",
        "0x5",
        "5x0",
        "w",
        "w0",
        "12.5",
        "\uff11\uff12",
        "\u00b2",
        "1_0",
    ],
)
def test_bad_size_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(BadSize, match=r"300x200, 640, w1200 or h800, each from 1 to 10,000"):
        Size.parse(text)


@pytest.mark.parametrize("text", ["128x96", "128x128", "w640", "h480"])
def test_size_reads_what_it_writes(text: str) -> None:
    assert str(Size.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("128x128,256x256", ["128x128", "256x256"]),
        ("300x200, 640, w1200", ["300x200", "640x640", "w1200"]),
        ("64;128\n256", ["64x64", "128x128", "256x256"]),
        ("300 x 200", ["300x200"]),
        ("300\u00d7200", ["300x200"]),
        ("128, 128x128,128", ["128x128"]),
    ],
    ids=["commas", "mixed", "other separators", "blanks around x", "times sign", "each once"],
)
def test_list_of_sizes_is_read(text: str, sizes: list[str]) -> None:
    assert [str(size) for size in parse_sizes(text)] == sizes


@pytest.mark.parametrize("text", ["", " ", ",", ",;,"])
def test_no_size_is_refused(text: str) -> None:
    with pytest.raises(NoSize):
        parse_sizes(text)


def test_ten_thousand_sizes_are_refused() -> None:
    with pytest.raises(TooManySizes, match="10,000 sizes were asked for; at most 50"):
        parse_sizes(",".join(str(side) for side in range(1, 10_001)))


def test_every_field_is_read() -> None:
    recipe = Recipe.parse(
        sizes=["100", "w50"],
        fit="fill",
        format="JPG",
        quality="90",
        include_original="0",
        enlarge="1",
        gravity="northwest",
        background="#FA0",
        metadata="credit",
        animation="all",
        effort="best",
    )

    assert recipe == Recipe(
        sizes=(Size(100, 100), Size(50, None)),
        fit=Fit.FILL,
        format=Format.JPEG,
        quality=90,
        include_original=False,
        enlarge=True,
        gravity=Gravity.NORTHWEST,
        background="#ffaa00",
        metadata=Metadata.CREDIT,
        animation=Animation.ALL,
        effort=Effort.BEST,
    )


def test_empty_words_are_the_defaults() -> None:
    assert Recipe.parse(sizes="128", fit="", format="", quality="") == Recipe(sizes=(Size(128, 128),))


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("fit", "squeeze", BadChoice),
        ("format", "tiff", BadChoice),
        ("gravity", "up", BadChoice),
        ("quality", "101", BadQuality),
        ("quality", "high", BadQuality),
        ("quality", "-1", BadQuality),
        ("quality", "1e2", BadQuality),
        ("background", "red;", BadColour),
        ("background", "#12345", BadColour),
    ],
)
def test_bad_word_is_refused(field: str, text: str, error: type[BadRecipe]) -> None:
    with pytest.raises(error, match="no "):
        Recipe.parse(sizes="128", **{field: text})  # type: ignore[arg-type] # a field of text


def test_recipe_survives_json() -> None:
    recipe = Recipe.parse(
        sizes="128,w64", fit="pad", background="#123456", include_original=False, effort="fast"
    )

    again = Recipe.from_json(json.loads(json.dumps(recipe.to_json())))

    assert again == recipe


def test_older_json_takes_the_defaults() -> None:
    assert Recipe.from_json({"sizes": ["64x64"]}) == Recipe(sizes=(Size(64, 64),))


@pytest.mark.parametrize(
    ("text", "claim"), [("1", True), ("YES", True), ("on", True), ("0", False), ("", False)]
)
def test_enlarging_is_asked_for_by_a_word(text: str, claim: bool) -> None:
    assert Recipe.parse(sizes="64", enlarge=text).enlarge is claim


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"sizes": "12x"}, "sizes"),
        ({"sizes": ""}, "sizes"),
        ({"enlarge": "perhaps"}, "enlarge"),
        ({"gravity": "up"}, "gravity"),
        ({"effort": "all"}, "effort"),
        ({"quality": "101"}, "quality"),
        ({"background": "red-ish"}, "background"),
    ],
    ids=str,
)
def test_a_refusal_knows_its_field(words: dict[str, str], field: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        Recipe.parse(**({"sizes": "64"} | words))  # type: ignore[arg-type] # parse() checks

    assert caught.value.field == field


def test_what_was_chosen_is_what_differs_from_the_usual() -> None:
    assert Recipe.parse(sizes="64").chosen == {}
    assert Recipe.parse(sizes="64", fit="pad", enlarge="1").chosen == {"fit": Fit.PAD, "enlarge": True}

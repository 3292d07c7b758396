"""Places stand on the map where they are: north up, east right, all inside, whatever their spread."""

import pytest

from thumbapp.blueprints.explorer.geo_map import HEIGHT, WIDTH, draw_map

POLAND = [("Gdansk", 18.65, 54.35), ("Krakow", 19.94, 50.06), ("Warszawa", 21.01, 52.23)]


def test_north_is_up_and_east_is_right() -> None:
    drawn = draw_map(POLAND)

    assert drawn is not None
    gdansk, krakow, warszawa = drawn.points
    assert gdansk.y < warszawa.y < krakow.y
    assert gdansk.x < krakow.x < warszawa.x


@pytest.mark.parametrize(
    "places",
    [
        POLAND,
        POLAND[:1],
        [("a", -180.0, -85.05), ("b", 180.0, 85.05)],
        [("a", 10.0, 50.0), ("b", 10.0, 50.0)],
        [("a", 10.0, 50.0), ("b", 10.001, 50.0)],
    ],
    ids=["country", "one", "world", "same", "street"],
)
def test_every_place_is_inside_with_lines_around(places: list[tuple[str, float, float]]) -> None:
    drawn = draw_map(places)

    assert drawn is not None
    assert all(0 < point.x < WIDTH and 0 < point.y < HEIGHT for point in drawn.points)
    assert 1 <= len(drawn.across) <= 9
    assert 1 <= len(drawn.up) <= 9


def test_many_places_have_no_labels_and_none_no_map() -> None:
    drawn = draw_map([(f"p{number}", number / 10, number / 20) for number in range(200)])

    assert drawn is not None
    assert {point.label for point in drawn.points} == {""}
    assert draw_map([]) is None

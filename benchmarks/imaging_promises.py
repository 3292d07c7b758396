"""What `thumbapp.imaging` promises beside other engines, each with the worst figure that was measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.imaging_tables import OURS, PLAIN, SHARP, Qualities, Results, table, worst

_FAST, _DEFAULT, _BEST = OURS
_NAIVE = "copy().thumbnail()"
_PROGRESSIVE, _P3 = "12 MP progressive", "12 MP Display-P3"
_LARGE = ("24 MP 4:2:0", "24 MP 4:4:4", "24 MP 4:4:4 detailed")
COLUMNS = ("12 MP 4:2:0", *_LARGE, _PROGRESSIVE, _P3)
_PATTERNS = ("zone plate 12 MP", "scanned text 8 MP")
_MEMORY_MIB = 60


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: what is measured, the bound it keeps, and each picture's figure."""

    says: str
    limit: float
    found: Mapping[str, float]
    is_least: bool = False

    @property
    def worst(self) -> tuple[str, float]:
        """The picture that comes nearest to the bound, or passes it furthest, and its figure."""
        pick = min if self.is_least else max
        return pick(self.found.items(), key=lambda item: item[1])

    @property
    def holds(self) -> bool:
        """Whether no picture is beyond the bound."""
        return self.worst[1] >= self.limit if self.is_least else self.worst[1] <= self.limit

    @property
    def slack(self) -> float:
        """How far the worst is from the bound, as a share of it; less than 0 beyond it."""
        distance = self.worst[1] - self.limit if self.is_least else self.limit - self.worst[1]
        return distance / self.limit if self.limit else distance

    def row(self) -> list[str]:
        """Return the cells of the promise's line."""
        sign = "at least" if self.is_least else "at most"
        picture, figure = self.worst
        return [self.says, f"{sign} {self.limit:g}", f"{figure:.2f}", picture, "yes" if self.holds else "no"]


def promises(speeds: Results, quality: Qualities, memory_mib: Mapping[str, float]) -> list[Promise]:
    """Return all promises that the pictures measured can tell about, the tightest first."""
    made = [*_speed(speeds), *_others(speeds), *_quality(quality)]
    made.append(Promise("default: MiB above idle", _MEMORY_MIB, memory_mib))
    return sorted((promise for promise in made if promise.found), key=lambda promise: promise.slack)


def promises_table(made: list[Promise]) -> str:
    """Return the table of *made*."""
    return table(["promise", "bound", "worst", "on", "holds"], [promise.row() for promise in made])


def _ratio(speeds: Results, one: str, other: str, *pictures: str, of: str = "cpu_ms") -> dict[str, float]:
    return {
        picture: speeds[picture][one][of] / speeds[picture][other][of]
        for picture in pictures
        if picture in speeds and {one, other} <= set(speeds[picture])
    }


def _speed(speeds: Results) -> Iterator[Promise]:
    sharp, usual = SHARP[0], (COLUMNS[0], *_LARGE)
    fast_of_sharp, default_of_sharp = f"fast: CPU of {sharp}", f"default: CPU of {sharp}"
    yield Promise(fast_of_sharp, 0.8, _ratio(speeds, _FAST, sharp, *usual, _P3))
    yield Promise(fast_of_sharp, 0.9, _ratio(speeds, _FAST, sharp, _PROGRESSIVE))
    yield Promise(default_of_sharp, 0.7, _ratio(speeds, _DEFAULT, sharp, COLUMNS[0], _P3))
    yield Promise(default_of_sharp, 0.9, _ratio(speeds, _DEFAULT, sharp, _PROGRESSIVE))
    yield Promise(default_of_sharp, 1.05, _ratio(speeds, _DEFAULT, sharp, *_LARGE))
    for ours, word in ((_FAST, "fast"), (_DEFAULT, "default")):
        yield Promise(f"{word}: CPU of the floor", 1.6, _ratio(speeds, ours, "floor", *usual, _PROGRESSIVE))
        yield Promise(f"{word}: CPU of the floor", 1.8, _ratio(speeds, ours, "floor", _P3))
        says = f"{word}: times faster than {_NAIVE}"
        yield Promise(says, 4, _ratio(speeds, _NAIVE, ours, *usual, _P3), is_least=True)
        yield Promise(says, 2.3, _ratio(speeds, _NAIVE, ours, _PROGRESSIVE), is_least=True)


def _others(speeds: Results) -> Iterator[Promise]:
    sharp, png, webp = SHARP[0], "PNG 4 MP", "WebP 12 MP"
    yield Promise(f"default: CPU of {sharp}", 1.7, _ratio(speeds, _DEFAULT, sharp, png))
    yield Promise(f"default: bytes of {sharp}", 0.7, _ratio(speeds, _DEFAULT, sharp, png, of="bytes"))
    yield Promise(f"fast: CPU of {sharp}", 1.0, _ratio(speeds, _FAST, sharp, webp))
    yield Promise(f"default: CPU of {sharp}", 1.0, _ratio(speeds, _DEFAULT, sharp, webp))
    says = f"without the fast resizer: times faster than {_NAIVE}"
    yield Promise(says, 2, _ratio(speeds, _NAIVE, PLAIN, *COLUMNS), is_least=True)


def _quality(quality: Qualities) -> Iterator[Promise]:
    least = {name: {picture: worst(found[name]) for picture, found in quality.items()} for name in OURS}
    photos = {picture: db for picture, db in least[_DEFAULT].items() if picture not in _PATTERNS}
    yield Promise("default: least dB, photos", 52, photos, is_least=True)
    yield Promise("best: least dB", 54, least[_BEST], is_least=True)
    for sharp in SHARP:
        says = f"dB above {sharp}, any size"
        yield Promise(f"fast: {says}", 0, _gains(quality, _FAST, sharp, *quality), is_least=True)
        yield Promise(f"default: {says}", 0, _gains(quality, _DEFAULT, sharp, *_PATTERNS), is_least=True)


def _gains(quality: Qualities, ours: str, sharp: str, *pictures: str) -> dict[str, float]:
    """Return how much better *ours* is than *sharp* on each picture, at the size where it is least so."""
    return {
        picture: min(
            one[0] - other[0]
            for one, other in zip(quality[picture][ours], quality[picture][sharp], strict=True)
        )
        for picture in pictures
        if sharp in quality.get(picture, {})
    }

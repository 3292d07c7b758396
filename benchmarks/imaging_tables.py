"""The tables of docs/benchmarks.md that compare engines, as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.imaging_peers import SIZES

MISSING = "-"
OURS = ("ours fast", "ours default", "ours best")
PLAIN = "ours default without the fast resizer"
SMALL_PAGES = "ours default without huge pages"
SHARP = ("sharp cascade", "sharp usual")
# what is measured of each engine on each picture
Results = Mapping[str, Mapping[str, Mapping[str, float]]]
# PSNR and SSIM at each size, by picture and engine
Qualities = Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def figures(results: Results, names: Sequence[str], *, of: str, per: float = 1.0) -> str:
    """Return one line an engine with the figure *of* in units of *per*, one column a picture."""
    rows = [
        [name, *(f"{row[name][of] / per:.0f}" if name in row else MISSING for row in results.values())]
        for name in names
    ]
    return table(["engine", *results], rows)


def ratios(results: Results) -> str:
    """Return how long ours takes beside the others."""
    pairs = [(ours, other) for ours in OURS[:2] for other in ("sharp cascade", "floor", "copy().thumbnail()")]
    pairs.append((PLAIN, "copy().thumbnail()"))
    rows = [
        [
            f"{ours} / {other}",
            *(
                f"{row[ours]['cpu_ms'] / row[other]['cpu_ms']:.2f}" if {ours, other} <= set(row) else MISSING
                for row in results.values()
            ),
        ]
        for ours, other in pairs
    ]
    return table(["ratio", *results], rows)


def quality(results: Qualities) -> str:
    """Return PSNR at each size and the least SSIM, the picture where the default is worst first."""
    ordered = sorted(results.items(), key=lambda item: worst(item[1]["ours default"]))
    rows = [
        [picture, name, *(f"{db:.1f}" for db, _ in pairs), f"{min(ssim for _, ssim in pairs):.4f}"]
        for picture, engines in ordered
        for name, pairs in engines.items()
    ]
    return table(["picture", "engine", *(f"{size} px" for size in SIZES), "least SSIM"], rows)


def worst(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the least PSNR of all sizes."""
    return min(db for db, _ in pairs)


def photographs(results: Qualities, sharp: str) -> str:
    """Return the least PSNR of each photograph, the worst for the default first."""
    names = [name for name in (*OURS[:2], sharp) if name in next(iter(results.values()), {})]
    ordered = sorted(results.items(), key=lambda item: worst(item[1]["ours default"]))
    rows = [[picture, *(f"{worst(engines[name]):.1f}" for name in names)] for picture, engines in ordered]
    return table(["photograph", *names], rows)

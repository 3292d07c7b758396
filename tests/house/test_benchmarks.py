"""The figures in docs/benchmarks.md are what the commands write, the worst first."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (?P<command>[\w.]+): begin -->\n(?P<text>.*?)<!-- (?P=command): end -->", re.S)


def rows(title: str) -> list[list[str]]:
    """Return the cells of each line below the head of the table under *title*."""
    part = PAGE.partition(f"### {title}\n")[2].partition("\n### ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_table_is_written_by_a_command() -> None:
    assert "|---" in PAGE
    assert "|---" not in BLOCK.sub("", PAGE)


@pytest.mark.parametrize("block", list(BLOCK.finditer(PAGE)), ids=lambda block: str(block["command"]))
def test_every_block_names_its_command_machine_and_day(block: re.Match[str]) -> None:
    assert f"python -m benchmarks.{block['command']}" in PAGE
    assert (ROOT / "benchmarks" / f"{block['command']}.py").exists()
    assert re.search(r"\d+ \w+ \d{4}", block["text"])
    assert re.search(r"\d cores", block["text"])


@pytest.mark.parametrize("title", ["Quality, PSNR in dB", "Photographs as they are, least PSNR in dB"])
def test_the_worst_picture_comes_first(title: str) -> None:
    found = rows(f"{title}, the worst first")
    ours = [row[2:-1] for row in found if row[1] == "ours default"] or [row[2:3] for row in found]

    worst = [min(map(float, cells)) for cells in ours]

    assert worst == sorted(worst)
    assert len(worst) > 10


@pytest.mark.parametrize("picture", ["zone plate 12 MP", "scanned text 8 MP", "24 MP 4:4:4 detailed"])
def test_hard_pictures_are_in_the_table(picture: str) -> None:
    assert picture in {row[0] for row in rows("Quality, PSNR in dB, the worst first")}

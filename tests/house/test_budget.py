"""The budget of sizes: short functions, short files, and no check silenced without a reason.

Complexity, docstrings and types are ruff's and mypy's part (`test_checks`).
"""

import ast
import io
import re
import statistics
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted((ROOT / "thumbapp").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PYTHON = [*PRODUCT, *TESTS, *sorted((ROOT / "benchmarks").rglob("*.py")), *sorted(ROOT.glob("*.py"))]
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))

SILENCED = re.compile(r"noqa|type:\s*ignore")
RULE_AND_REASON = re.compile(r"(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|ignore\[[\w-]+(,\s*[\w-]+)*\])\W+\w\S* \w")


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many lines it has from ``def`` to its end, docstring and blank lines too."""

    path: Path
    name: str
    first_line: int
    lines: int

    def __str__(self) -> str:
        return f"{_short(self.path)}:{self.first_line} {self.name}: {self.lines} lines"


def _functions(paths: Iterable[Path]) -> Iterator[Function]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(path, node.name, node.lineno, (node.end_lineno or 0) - node.lineno + 1)


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _too_long(paths: Iterable[Path], most: int) -> list[str]:
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in paths}
    return [f"{_short(path)}: {lines} lines" for path, lines in sizes.items() if lines > most]


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    ("paths", "median", "named"), [(PRODUCT, 8, ""), (TESTS, 12, "test_")], ids=["product", "tests"]
)
def test_half_of_the_functions_are_short(paths: list[Path], median: int, named: str) -> None:
    lines = [function.lines for function in _functions(paths) if function.name.startswith(named)]

    assert statistics.median(lines) <= median


def test_no_function_is_longer_than_a_screen() -> None:
    assert [str(function) for function in _functions(PYTHON) if function.lines > 50] == []


def test_no_module_is_longer_than_one_noun_needs() -> None:
    assert _too_long(PRODUCT, 400) == []


def test_no_script_is_longer_than_one_page_needs() -> None:
    assert _too_long(SCRIPTS, 150) == []


def test_a_silenced_check_names_its_rule_and_the_reason() -> None:
    bare = [
        f"{_short(path)}:{line} {comment}"
        for path in [*PRODUCT, *sorted(ROOT.glob("*.py"))]
        for line, comment in _comments(path)
        if SILENCED.search(comment) and not RULE_AND_REASON.search(comment)
    ]

    assert bare == []


@pytest.mark.parametrize(
    ("comment", "is_reasoned"),
    [
        ("# noqa", False),
        ("# noqa: S603", False),
        ("# noqa: S603 - the venv's own Python", True),
        ("# type: ignore", False),
        ("# type: ignore[misc]", False),
        ("# type: ignore[misc]  # huey has no types", True),
        ("# type: ignore[misc, no-untyped-call]  # redis-py's constructor", True),
    ],
)
def test_a_reason_is_told_from_none(comment: str, is_reasoned: bool) -> None:
    assert bool(RULE_AND_REASON.search(comment)) is is_reasoned

"""What pages, styles and scripts may not hold: the content policy would block it, or worse, not."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = [path for path in sorted((ROOT / "static" / "css").rglob("*.css")) if path.name != "tokens.css"]
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
SWAP = ROOT / "static" / "js" / "lib" / "swap.js"

BANNED_IN_PAGES = {
    "unescaped": r"\|\s*safe\b|autoescape\s+false",
    "inline-handler": r"<[^>]*\son[a-z]+\s*=",
    "inline-style": r"<[^>]*\sstyle\s*=|<style\b",
    "inline-script": r"<script(?![^>]*(\ssrc=|type=\"application/json\"))",
    "from-outside": r"(src|srcset|href)\s*=\s*[\"'](https?:)?//[^\"']+\.(js|css|woff2?|png|svg)",
}
BANNED_IN_STYLES = {
    "literal-colour": r"#[0-9a-f]{3,8}\b|\b(rgba?|hsla?|oklch|oklab)\(",
    "from-outside": r"url\(\s*[\"']?(https?:)?//",
    "layer": r"@layer\b",
}
BANNED_IN_SCRIPTS = {
    "eval": r"\beval\(|new Function\(",
    "from-outside": r"(from|import\()\s*[\"'](https?:)?//",
}


def findings(paths: list[Path], pattern: str) -> list[str]:
    """Return where *pattern* stands in *paths*, comments left out."""
    found = []
    for path in paths:
        text = re.sub(r"/\*.*?\*/|\{#.*?#\}", _only_lines, path.read_text("utf-8"), flags=re.DOTALL)
        for match in re.finditer(pattern, text, re.IGNORECASE):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT).as_posix()}:{line} {match[0][:60]}")
    return found


def _only_lines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


@pytest.mark.parametrize("pattern", BANNED_IN_PAGES.values(), ids=BANNED_IN_PAGES)
def test_no_page_holds(pattern: str) -> None:
    assert findings(TEMPLATES, pattern) == []


@pytest.mark.parametrize("pattern", BANNED_IN_STYLES.values(), ids=BANNED_IN_STYLES)
def test_no_sheet_but_the_tokens_holds(pattern: str) -> None:
    assert findings(STYLES, pattern) == []


@pytest.mark.parametrize("pattern", BANNED_IN_SCRIPTS.values(), ids=BANNED_IN_SCRIPTS)
def test_no_script_holds(pattern: str) -> None:
    assert findings(SCRIPTS, pattern) == []


def test_only_one_script_makes_elements_from_the_servers_html() -> None:
    others = [path for path in SCRIPTS if path != SWAP]

    assert findings(others, r"\.(inner|outer)HTML\s*\+?=|insertAdjacentHTML|document\.write") == []


def test_there_is_something_to_look_at() -> None:
    assert all([TEMPLATES, STYLES, SCRIPTS])

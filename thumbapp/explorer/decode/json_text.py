"""JSON with line breaks and indents put in: its own tokens stay as they are, however deep they lie."""

import itertools
import json
import re
from typing import Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+')
_DEEPEST_INDENT: Final = 40
_STEP: Final = "  "
_PAIRS: Final = {"{": "}", "[": "]"}


def looks_like(data: bytes, *, is_cut: bool) -> bool:
    """Whether *data* is a JSON object or array, or begins like one when it *is_cut*."""
    stripped = data.strip()
    if stripped[:1] not in (b"{", b"["):
        return False
    try:
        _check(stripped)
    except RecursionError:
        return True
    except ValueError:
        return is_cut and bool(re.match(rb'\{\s*("|\})|\[\s*["\[{\dtfn\-\]]', stripped))
    return True


def indented(text: str, *, is_cut: bool) -> tuple[str, str]:
    """Return *text* with a token a line or so, and a warning, "" when all is well.

    Raises:
        ValueError: it is not JSON; of the beginning of a longer text that is not asked.
    """
    warning = "" if not is_cut else "Only the beginning of the value is shown."
    if not is_cut:
        try:
            _check(text)
        except RecursionError:
            warning = "It is nested too deeply to be checked."
    return "".join(_laid_out(_TOKEN.findall(text))), warning


def _check(text: str | bytes) -> None:
    """Raise ValueError when *text* is not JSON; numbers may be of any length."""
    json.loads(text, parse_int=str, parse_float=str)


def _laid_out(tokens: list[str]) -> list[str]:
    """Return *tokens* with the white space that shows their depth between them."""
    out: list[str] = []
    depth = 0
    for before, part in itertools.pairwise(["", *tokens]):
        if part in ("}", "]"):
            depth = max(0, depth - 1)
            out += [] if _PAIRS.get(before) == part else [_line_end(depth)]
        elif before in ("{", "[", ","):
            out.append(_line_end(depth))
        if part in _PAIRS:
            depth += 1
        out.append(": " if part == ":" else part)
    return out


def _line_end(depth: int) -> str:
    return "\n" + _STEP * min(depth, _DEEPEST_INDENT)

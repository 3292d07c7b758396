"""Lists and sorted sets, by their place in the row: from either end, by score, by text, or searched."""

import re
from typing import Final

from thumbapp.errors import BadParameter
from thumbapp.explorer.connections import Connection, unfailed
from thumbapp.explorer.reply_types import number
from thumbapp.explorer.resp import Argv, Reply
from thumbapp.explorer.values.hashed import scan_page
from thumbapp.explorer.values.model import CUT_AT, Element, KeyFacts, Page, PageQuery, Scored, listed

_SEARCH_STEP: Final = 500
_SEARCHED_AT_ONCE: Final = 10_000
_SCORE: Final = re.compile(r"\(?[+-]?(inf|\d+(\.\d*)?(e[+-]?\d+)?|\.\d+)", re.IGNORECASE | re.ASCII)


def list_page(connection: Connection, facts: KeyFacts, query: PageQuery) -> Page:
    """Return elements of the list from the asked place on; counted from its tail when reversed.

    *low* and *high* of the question are the first and last place, negative ones counted from the tail.
    """
    if query.find:
        return _found_in_list(connection, facts, query)
    total = facts.length or 0
    first, last = _places(query, total)
    start = query.index()
    at = last - start if query.is_reversed else first + start
    count = min(query.affordable(facts), (at - first if query.is_reversed else last - at) + 1)
    if count <= 0:
        return Page([], says=f"The list is shorter now: it has {total:,} elements." if start else "")
    values = listed(connection.exchange(_window(facts.name, at, count, total, query), cut_at=CUT_AT)[0])
    if query.is_reversed:
        values.reverse()
    step = -1 if query.is_reversed else 1
    items = [Element(at + step * place, value) for place, value in enumerate(values)]
    if not items and start:
        return Page([], says=f"The list is shorter now: it has {total:,} elements.")
    is_more = items and items[-1].index != (first if query.is_reversed else last)
    return Page(items, str(start + len(items)) if is_more else None)


def zset_page(connection: Connection, facts: KeyFacts, query: PageQuery) -> Page:
    """Return members of the sorted set with their scores and ranks, in order or reversed."""
    if query.find:
        return _found_in_zset(connection, facts, query)
    first, total = _range(connection, facts, query)
    start, count = query.index(), query.affordable(facts)
    count = min(count, total - start)
    if count <= 0:
        return Page([], says=f"There are {total:,} members in this range now." if start else "")
    command = "ZREVRANGE" if query.is_reversed else "ZRANGE"
    at = first + start
    flat = listed(
        connection.exchange((command, facts.name, at, at + count - 1, "WITHSCORES"), cut_at=CUT_AT)[0]
    )
    last = (facts.length or 0) - 1
    items = [
        Scored(value, score.decode(), last - at - place if query.is_reversed else at + place)
        for place, (value, score) in enumerate(zip(flat[::2], flat[1::2], strict=True))
    ]
    after = start + len(items)
    return Page(items, str(after) if items and after < total else None, extra={"in_range": total})


def positions(connection: Connection, name: bytes, items: list[Scored]) -> list[tuple[Scored, float, float]]:
    """Return those of *items* whose scores may be places on earth, with longitude and latitude."""
    likely = [item for item in items if item.score.isdecimal() and 2**40 < int(item.score) < 2**52]
    if not likely or len(likely) * 2 < len(items):
        return []
    replies = unfailed(connection.exchange(("GEOPOS", name, *[item.value for item in likely]))[0])
    places = zip(likely, replies if isinstance(replies, list) else [], strict=False)
    return [(item, *_degrees(place)) for item, place in places if isinstance(place, list)]


def _window(name: bytes, at: int, count: int, total: int, query: PageQuery) -> Argv:
    """Return what reads *count* elements from *at* on; from the tail by negative places, the nearer way."""
    if query.is_reversed:
        return "LRANGE", name, at - count + 1 - total, at - total
    return "LRANGE", name, at, at + count - 1


def _places(query: PageQuery, total: int) -> tuple[int, int]:
    """Return the first and the last place that are asked for, of a list with *total* elements."""
    low, high = _place(query.low, 0), _place(query.high, -1)
    first = max(0, low + total if low < 0 else low)
    return first, min(total - 1, high + total if high < 0 else high)


def _place(text: str, default: int) -> int:
    digits = text.strip().removeprefix("-")
    if text.strip() and (not digits.isascii() or not digits.isdecimal() or len(digits) > 15):
        raise BadParameter("low or high", text, "a place such as 0, 7 or -1")
    return int(text) if text.strip() else default


def _found_in_list(connection: Connection, facts: KeyFacts, query: PageQuery) -> Page:
    """Return the elements that hold what is searched for, among ten thousand from the cursor on."""
    start, found = query.index(), list[Element]()
    step = max(1, min(_SEARCH_STEP, query.affordable(facts) * 5))
    total = facts.length or 0
    for at in range(start, min(total, start + _SEARCHED_AT_ONCE), step):
        values = listed(connection.exchange(("LRANGE", facts.name, at, at + step - 1), cut_at=65_536)[0])
        found += [Element(at + place, value) for place, value in enumerate(values) if query.find in value]
        if not values or len(found) >= query.limit:
            break
    kept = found[: query.limit]
    seen = (
        kept[-1].index + 1 if len(found) >= query.limit else min(total, at + step) if total > start else total
    )
    return Page(
        kept, str(seen) if seen < total else None, says=f"{seen:,} of {total:,} elements were searched."
    )


def _found_in_zset(connection: Connection, facts: KeyFacts, query: PageQuery) -> Page:
    found, cursor = scan_page(connection, "ZSCAN", facts, query, width=2)
    return Page([Scored(value, score.decode()) for value, score in found], cursor)


def _range(connection: Connection, facts: KeyFacts, query: PageQuery) -> tuple[int, int]:
    """Return the rank at which the asked range begins, counted from its end when reversed, and its size."""
    total = facts.length or 0
    if not query.low and not query.high:
        return 0, total
    if query.by == "rank":
        low, high = _places(query, total)
        return total - 1 - high if query.is_reversed else low, max(0, high - low + 1)
    is_lex = query.by == "lex"
    lowest, highest, command = ("-", "+", "ZLEXCOUNT") if is_lex else ("-inf", "+inf", "ZCOUNT")
    lower, upper = _bound(query.low, lowest, is_lex=is_lex), _bound(query.high, highest, is_lex=is_lex)
    before = (command, facts.name, lowest, _beside(lower, is_lex=is_lex))
    after = (command, facts.name, _beside(upper, is_lex=is_lex), highest)
    skipped, inside = connection.exchange(
        after if query.is_reversed else before, (command, facts.name, lower, upper)
    )
    at_edge = (upper if query.is_reversed else lower) in (lowest, highest)
    return 0 if at_edge else number(unfailed(skipped)) or 0, number(unfailed(inside)) or 0


def _bound(text: str, default: str, *, is_lex: bool) -> str:
    """Return the end of a range: a score, or a text, which counts itself in unless ``(`` stands before."""
    if not text or text in ("-", "+"):
        return text or default
    if is_lex:
        return text if text[0] in "[(" else f"[{text}"
    if not _SCORE.fullmatch(text):
        raise BadParameter("low or high", text, "a score such as 5, (5, -inf or +inf")
    return text


def _beside(bound: str, *, is_lex: bool) -> str:
    """Return *bound* for the range that ends just beside it: what was in is out."""
    if is_lex:
        return {"[": "(", "(": "["}.get(bound[0], bound[0]) + bound[1:]
    return bound[1:] if bound.startswith("(") else f"({bound}"


def _degrees(place: list[Reply]) -> tuple[float, float]:
    longitude, latitude = (float(part) for part in place[:2] if isinstance(part, bytes))
    return longitude, latitude

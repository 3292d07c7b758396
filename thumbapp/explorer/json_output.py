"""Keys and values as JSON tells of them, the same in the API and in commands."""

from typing import Any

from thumbapp.explorer.long_names import id_of
from thumbapp.explorer.names import shown
from thumbapp.explorer.replies import bytes_as_json
from thumbapp.explorer.scan import KeyRow, ScanPage
from thumbapp.explorer.values.model import Bytes, Element, Entry, Item, Pair, Scored
from thumbapp.explorer.values.opening import OpenedKey


def row_as_json(row: KeyRow) -> dict[str, Any]:
    """Return what a list tells of a key; null is what the server would not say, or no expiry."""
    return {
        "id": id_of(row.name),
        "name": shown(row.name),
        "type": row.type,
        "ttl_ms": row.ttl_ms,
        "bytes": row.bytes,
        "length": row.length,
    }


def page_as_json(portion: ScanPage) -> dict[str, Any]:
    """Return a page of keys; ``cursor`` goes on, null at the end."""
    return {
        "items": list(map(row_as_json, portion.rows)),
        "cursor": portion.cursor,
        "scanned": portion.scanned,
        "total": portion.total,
    }


def key_as_json(opened: OpenedKey) -> dict[str, Any]:
    """Return a key with a page of its value, its items as their type has them."""
    facts, page = opened.facts, opened.page
    return {
        "id": id_of(facts.name),
        "name": shown(facts.name),
        "type": facts.type,
        "encoding": facts.encoding,
        "length": facts.length,
        "bytes": facts.bytes,
        "ttl_ms": facts.ttl_ms,
        "idle_s": facts.idle_s,
        "items": list(map(item_as_json, page.items)),
        "cursor": page.cursor,
        "says": page.says,
        **page.extra,
    }


def item_as_json(item: Item) -> dict[str, Any]:
    """Return one item; bytes are text where they are UTF-8, ``{"base64": ...}`` where not."""
    if isinstance(item, Element):
        return {"index": item.index, "value": bytes_as_json(item.value)}
    if isinstance(item, Scored):
        return {"value": bytes_as_json(item.value), "score": item.score, "rank": item.rank}
    if isinstance(item, Pair):
        return {
            "field": bytes_as_json(item.field),
            "value": bytes_as_json(item.value),
            "ttl_ms": item.ttl_ms,
        }
    if isinstance(item, Entry):
        return {"id": item.id, "fields": [list(map(bytes_as_json, pair)) for pair in item.pairs]}
    if isinstance(item, Bytes):
        return {"offset": item.offset, "value": bytes_as_json(item.data)}
    return {"value": bytes_as_json(item.value)}

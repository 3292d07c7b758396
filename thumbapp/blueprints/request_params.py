"""What a request asks for, as the query or a JSON body say it, read once and bounded."""

from typing import Any

import orjson
from flask import request

from thumbapp.errors import BadParameter, NoJsonObject


def number_param(name: str, *, default: int, most: int, least: int = 1) -> int:
    """Return the number *name* of the query, from *least* to *most*; raises BadParameter."""
    text = request.args.get(name, str(default))
    if (number := parse_number(text, most=most)) is None or number < least:
        raise BadParameter(name, text, f"a number from {least} to {most:,}")
    return number


def parse_number(text: str, *, most: int) -> int | None:
    """Return the number that *text* is in ASCII digits, None for anything else and for more than *most*."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        return None
    return number if (number := int(text)) <= most else None


def json_body(*, most_bytes: int) -> dict[str, Any]:
    """Return the JSON object that is the body; raises NoJsonObject, or 413 above *most_bytes*."""
    request.max_content_length = most_bytes
    try:
        told = orjson.loads(request.get_data())
        orjson.dumps(told)  # refuses what is nested so deep that nobody could say or keep it
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise NoJsonObject from error
    if not isinstance(told, dict):
        raise NoJsonObject
    return told

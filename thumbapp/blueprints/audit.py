"""The audit as a page and as a file, for administrators."""

import csv
import io
from collections.abc import Iterator
from typing import Final

import orjson
from flask import Blueprint, Response, current_app, render_template, request, stream_with_context

from thumbapp.audit import Entry, Wanted
from thumbapp.blueprints.context import parts
from thumbapp.errors import BadParameter
from thumbapp.moments import rfc3339
from thumbapp.runtime.logs import json_line, one_line

ENTRIES_A_PAGE = 50
# What an action begins with, and how the filter calls it; other blueprints stand there by their name.
_FAMILIES: Final = {
    "sign": "signing in and out",
    "user": "users",
    "account": "passwords",
    "token": "API tokens",
    "session": "sessions",
    "jobs": "jobs by page",
    "api": "jobs by API",
    "schedule": "schedules",
    "redis": "Redis",
    "explorer": "Redis pages",
    "task": "tasks",
    "queue": "queues",
    "worker": "workers",
}
_RESULTS: Final = {"ok": "done", "refused": "refused"}
_READ_ONLY: Final = ("audit", "bootstrap", "health", "assets")
_FILTERS: Final = ("who", "action", "q", "result")
_COLUMNS = ("when", "who", "action", "target", "source", "result")

bp = Blueprint("audit", __name__, url_prefix="/audit")


@bp.get("")
def index() -> str:
    """Show what was done, newest first; ``who``, ``action``, ``q`` and ``result`` filter."""
    wanted, cursor = _wanted(), request.args.get("cursor")
    page = parts().audit.page(wanted, cursor=cursor, limit=ENTRIES_A_PAGE)
    filters = {name: request.args[name] for name in _FILTERS if request.args.get(name)}
    return render_template(
        "accounts/audit.html",
        page=page,
        wanted=wanted,
        cursor=cursor,
        families=_families(),
        results=_RESULTS,
        filters=filters,
    )


@bp.get("/export")
def export() -> Response:
    """Return all that the filter leaves as a file: ``format`` is ``csv`` or ``json`` (an object a line)."""
    kind = request.args.get("format", "csv")
    writers = {"csv": (_csv, "text/csv"), "json": (_json_lines, "application/x-ndjson")}
    if kind not in writers:
        raise BadParameter("format", kind, "csv json")
    write, mime_type = writers[kind]
    lines = stream_with_context(write(parts().audit.walk(_wanted())))
    headers = {"Content-Disposition": f'attachment; filename="audit.{kind}"', "Cache-Control": "no-store"}
    return Response(lines, mimetype=mime_type, headers=headers)


def _wanted() -> Wanted:
    who, action, text, result = (request.args.get(name, "") for name in _FILTERS)
    return Wanted(who=who, action=action, text=text, result=result)


def _families() -> dict[str, str]:
    """Return beginnings of actions with their words, none of them missing that the site can write."""
    known = tuple(_FAMILIES)
    others = sorted(name for name in current_app.blueprints if not name.startswith((*known, *_READ_ONLY)))
    return _FAMILIES | {name: name.replace("_", " ") for name in others}


def _facts(entry: Entry) -> dict[str, str]:
    texts = (entry.who, entry.action, entry.target, entry.source, entry.result)
    return dict(zip(_COLUMNS, (rfc3339(entry.when) or "", *texts), strict=True))


def _csv(entries: Iterator[Entry]) -> Iterator[bytes]:
    """Yield the lines of a table.

    What a spreadsheet would take for a formula begins with an apostrophe; what would drive a terminal is
    written as escapes.
    """
    yield _csv_line(_COLUMNS)
    for entry in entries:
        yield _csv_line(tuple(map(_harmless, _facts(entry).values())))


def _csv_line(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _harmless(text: str) -> str:
    shown = one_line(text)
    return f"'{shown}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else shown


def _json_lines(entries: Iterator[Entry]) -> Iterator[bytes]:
    for entry in entries:
        yield f"{json_line(orjson.dumps(_facts(entry)).decode())}\n".encode()

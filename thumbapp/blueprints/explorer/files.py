"""Keys as files: a value as it is, an export of many keys, and an import of what was exported."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, session, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.explorer.key_import import explain, import_all, import_progress
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.problems import refused
from thumbapp.errors import BadParameter, ThumbAppError
from thumbapp.explorer.decode.images import media_type
from thumbapp.explorer.export import export
from thumbapp.explorer.key_import import Policy
from thumbapp.explorer.names import literally
from thumbapp.explorer.records import Record
from thumbapp.explorer.scan import Search
from thumbapp.explorer.values import strings
from thumbapp.forms.explorer.key_import import ImportRequest

bp = Blueprint("explorer_files", __name__, url_prefix="/redis")
_IMPORTED: Final = "redis_imported"
_PICTURE_POLICY: Final = "default-src 'none'; sandbox"
_LINES: Final = "application/x-ndjson"
_FORMATS: Final = {"jsonl": _LINES, "commands": "text/plain"}


@bp.get("/raw")
def raw() -> Response:
    """Give the bytes of a string: a file to save, or with ``inline`` a picture to show."""
    location = current_location()
    found = strings.chunks(location.gate, location.name or b"", db=location.db)
    first = next(found, b"")
    kind = media_type(first) if request.args.get("inline") else None
    response = Response(
        stream_with_context(chain([first], found)), mimetype=kind or "application/octet-stream"
    )
    response.headers["Content-Security-Policy"] = _PICTURE_POLICY
    if kind is None:
        response.headers.set("Content-Disposition", "attachment", filename="value.bin")
    return response


@bp.get("/export")
def export_keys() -> Response:
    """Give the keys that the search finds, or with ``only`` the open one, as JSON Lines or commands."""
    location, form = current_location(), request.args.get("format", "jsonl")
    if form not in _FORMATS:
        raise BadParameter("format", form[:40], " ".join(_FORMATS))
    search = Search(literally(location.name or b"")) if request.args.get("only") else location.search
    lines = _written(export(location.gate, search, db=location.db), form)
    first = next(lines, b"")  # what fails at the beginning is a page and not half a file
    response = Response(stream_with_context(chain([first], lines)), mimetype=_FORMATS[form])
    ending = "jsonl" if form == "jsonl" else "txt"
    name = f"{location.gate.server.name}-{location.db}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/import")
def show_import() -> str:
    """Show the form that takes a file of keys, and what the last one came to."""
    return _import_page(current_location(), done=session.pop(_IMPORTED, None))


@bp.post("/import")
def import_keys() -> AnyResponse:
    """Take a file of keys, or say what it would do; to scripts, how far it is all the while."""
    location = current_location()
    try:
        sent = ImportRequest.read(request.form, request.files)
        if _LINES in request.accept_mimetypes.values():
            return _lines(location, sent)
        done = import_all(location, sent)
    except ThumbAppError as error:
        return refused(_import_page(location, error=explain(error), typed=request.form), error)
    session[_IMPORTED] = done
    return redirect(location.url("explorer_files.show_import"), 303)


def _lines(location: Location, sent: ImportRequest) -> Response:
    """Return the import as it goes on; the gate notes what it did."""
    audit_trail.left_to_the_gate()
    return Response(
        stream_with_context(import_progress(location, sent)),
        mimetype=_LINES,
        headers={"X-Accel-Buffering": "no"},
    )


def _import_page(location: Location, **shown: object) -> str:
    return render_template("explorer/import.html", location=location, policies=list(Policy), **shown)


def _written(found: Iterator[Record], form: str) -> Iterator[bytes]:
    for record in found:
        if form == "jsonl":
            yield record.to_json() + b"\n"
        else:
            yield "".join(f"{line}\n" for line in record.lines()).encode()

"""Keys as files: a value as it is, an export of many keys, and an import of what was exported."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, session, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.explorer.intake import in_words, progress, take
from thumbapp.blueprints.explorer.where import Where, where
from thumbapp.blueprints.problems import refused
from thumbapp.errors import BadParameter, ThumbAppError
from thumbapp.explorer.decode.images import media_type
from thumbapp.explorer.export import export
from thumbapp.explorer.intake import Policy
from thumbapp.explorer.names import literally
from thumbapp.explorer.records import Record
from thumbapp.explorer.scan import Search
from thumbapp.explorer.values import strings
from thumbapp.forms.explorer.intake import Intake

bp = Blueprint("explorer_files", __name__, url_prefix="/redis")
_IMPORTED: Final = "redis_imported"
_PICTURE_POLICY: Final = "default-src 'none'; sandbox"
_LINES: Final = "application/x-ndjson"
_FORMATS: Final = {"jsonl": _LINES, "commands": "text/plain"}


@bp.get("/raw")
def raw() -> Response:
    """Give the bytes of a string: a file to save, or with ``inline`` a picture to show."""
    place = where()
    found = strings.chunks(place.gate, place.name or b"", db=place.db)
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
    place, form = where(), request.args.get("format", "jsonl")
    if form not in _FORMATS:
        raise BadParameter("format", form[:40], " ".join(_FORMATS))
    search = Search(literally(place.name or b"")) if request.args.get("only") else place.search
    lines = _written(export(place.gate, search, db=place.db), form)
    first = next(lines, b"")  # what fails at the beginning is a page and not half a file
    response = Response(stream_with_context(chain([first], lines)), mimetype=_FORMATS[form])
    ending = "jsonl" if form == "jsonl" else "txt"
    name = f"{place.gate.server.name}-{place.db}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/import")
def show_import() -> str:
    """Show the form that takes a file of keys, and what the last one came to."""
    return _import_page(where(), done=session.pop(_IMPORTED, None))


@bp.post("/import")
def import_keys() -> AnyResponse:
    """Take a file of keys, or say what it would do; to scripts, how far it is all the while."""
    place = where()
    try:
        intake = Intake.read(request.form, request.files)
        if _LINES in request.accept_mimetypes.values():
            return _lines(place, intake)
        done = take(place, intake)
    except ThumbAppError as error:
        return refused(_import_page(place, error=in_words(error), typed=request.form), error)
    session[_IMPORTED] = done
    return redirect(place.url("explorer_files.show_import"), 303)


def _lines(place: Where, intake: Intake) -> Response:
    """Return the import as it goes on; the gate notes what it did."""
    audit_trail.left_to_the_gate()
    return Response(
        stream_with_context(progress(place, intake)), mimetype=_LINES, headers={"X-Accel-Buffering": "no"}
    )


def _import_page(place: Where, **shown: object) -> str:
    return render_template("explorer/import.html", place=place, policies=list(Policy), **shown)


def _written(found: Iterator[Record], form: str) -> Iterator[bytes]:
    for record in found:
        if form == "jsonl":
            yield record.to_json() + b"\n"
        else:
            yield "".join(f"{line}\n" for line in record.lines()).encode()

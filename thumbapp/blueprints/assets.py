"""Static files under addresses that carry their content's hash, so a browser may keep them for good."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app, request, url_for
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

_YEAR_S: Final = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Version the addresses of *app*'s static files and of its blueprints'."""
    app.url_defaults(_add_version)
    app.add_template_global(asset)
    app.after_request(_keep)


def asset(filename: str) -> str:
    """Return the address of one of our static files; templates that other apps use too ask for it so."""
    return url_for("static", filename=filename)


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add ``v``, the start of the file's SHA-256, to the address of a static file."""
    if not _is_static(endpoint) or "v" in values or "filename" not in values:
        return
    name, _, _ = endpoint.rpartition(".static")
    folder = current_app.blueprints[name].static_folder if name else current_app.static_folder
    path = safe_join(folder or "", values["filename"])
    if path and (found := Path(path)).is_file():
        values["v"] = _version(path, found.stat().st_mtime_ns)


@cache
def _version(path: str, changed_ns: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _keep(response: AnyResponse) -> AnyResponse:
    """Let a versioned file be kept for a year; an unversioned one is asked for again each time."""
    if _is_static(request.endpoint or "") and response.status_code in {200, 304}:
        versioned = "v" in request.args
        response.headers["Cache-Control"] = (
            f"public, max-age={_YEAR_S}, immutable" if versioned else "no-cache"
        )
    return response


def _is_static(endpoint: str) -> bool:
    return endpoint == "static" or endpoint.endswith(".static")

"""An import of keys: all at once for a plain form, or as lines of JSON for a page that shows how far it is.

Whoever closes the answer ends the import: what is whole stays, what was begun is dropped.
"""

import time
from collections.abc import Iterator
from typing import Final

import orjson
from flask import request

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location
from thumbapp.blueprints.filters import counted
from thumbapp.errors import BadImport, ServerAway, ServerBusy, ServerRefused, ThumbAppError
from thumbapp.explorer.key_import import Imported, import_lines
from thumbapp.forms.explorer.key_import import ImportRequest

_EVERY_S: Final = 0.25


def import_all(location: Location, sent: ImportRequest) -> dict[str, object]:
    """Import *sent* and return what it came to: ``says`` and some of the names."""
    audit_trail.note("redis.import", location.database)
    with sent.source:
        *_, state = _states(location, sent)
    if state.made + state.replaced or sent.is_dry_run:
        audit_trail.left_to_the_gate()
    return {"says": _says(state, sent), "samples": state.samples}


def import_progress(location: Location, sent: ImportRequest) -> Iterator[bytes]:
    """Yield how far the import is a few times a second; the last line is ``done`` or has an ``error``."""
    left = request.environ.get("waitress.client_disconnected", lambda: False)
    state, due = Imported(), 0.0
    with sent.source:
        try:
            for state in _states(location, sent):
                if left():
                    return
                if time.monotonic() >= due:
                    due = time.monotonic() + _EVERY_S
                    yield _line(state, sent)
            yield _line(state, sent, done=True, samples=state.samples)
        except ThumbAppError as error:
            yield _line(state, sent, code=error.code, error=explain(error))


def explain(error: ThumbAppError) -> str:
    """Return why an import broke off, and what that means for the keys before."""
    if isinstance(error, BadImport):
        return f"{error} Keys before that line are in."
    stopped = isinstance(error, ServerAway | ServerBusy | ServerRefused)
    return f"{error} Keys that were whole before are in." if stopped else str(error)


def _states(location: Location, sent: ImportRequest) -> Iterator[Imported]:
    return import_lines(
        location.gate,
        sent.lines,
        caller=modes.caller(),
        db=location.db,
        policy=sent.policy,
        dry_run=sent.is_dry_run,
        read=sent.reader,
    )


def _line(state: Imported, sent: ImportRequest, **more: object) -> bytes:
    facts = {"says": _says(state, sent), "bytes": sent.position, "size": sent.size}
    return orjson.dumps(facts | more) + b"\n"


def _says(state: Imported, sent: ImportRequest) -> str:
    """Return what was done so far, or in a dry run would be."""
    would = "Nothing was changed; it would be: " if sent.is_dry_run else ""
    return (
        f"{would}{counted(state.made, 'key')} made, {state.replaced:,} replaced. {state.skipped:,} skipped, "
        f"{state.expired:,} had expired, {state.protected:,} protected, {counted(state.lines, 'line')} read."
    )

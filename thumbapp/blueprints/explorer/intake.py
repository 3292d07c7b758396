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
from thumbapp.blueprints.explorer.where import Where
from thumbapp.blueprints.filters import counted
from thumbapp.errors import BadImport, ServerAway, ServerBusy, ServerRefused, ThumbAppError
from thumbapp.explorer.intake import Imported, import_lines
from thumbapp.forms.explorer.intake import Intake

_EVERY_S: Final = 0.25


def take(place: Where, intake: Intake) -> dict[str, object]:
    """Import *intake* and return what it came to: ``says`` and some of the names."""
    audit_trail.note("redis.import", f"{place.gate.server.name}[{place.db}]")
    with intake.source:
        *_, state = _states(place, intake)
    if state.made + state.replaced or intake.is_dry_run:
        audit_trail.left_to_the_gate()
    return {"says": _says(state, intake), "samples": state.samples}


def progress(place: Where, intake: Intake) -> Iterator[bytes]:
    """Yield how far the import is a few times a second; the last line is ``done`` or has an ``error``."""
    left = request.environ.get("waitress.client_disconnected", lambda: False)
    state, due = Imported(), 0.0
    with intake.source:
        try:
            for state in _states(place, intake):
                if left():
                    return
                if time.monotonic() >= due:
                    due = time.monotonic() + _EVERY_S
                    yield _line(state, intake)
            yield _line(state, intake, done=True, samples=state.samples)
        except ThumbAppError as error:
            yield _line(state, intake, code=error.code, error=in_words(error))


def in_words(error: ThumbAppError) -> str:
    """Return why an import broke off, and what that means for the keys before."""
    if isinstance(error, BadImport):
        return f"{error} Keys before that line are in."
    stopped = isinstance(error, ServerAway | ServerBusy | ServerRefused)
    return f"{error} Keys that were whole before are in." if stopped else str(error)


def _states(place: Where, intake: Intake) -> Iterator[Imported]:
    return import_lines(
        place.gate,
        intake.lines,
        caller=modes.caller(),
        db=place.db,
        policy=intake.policy,
        dry_run=intake.is_dry_run,
        read=intake.reader,
    )


def _line(state: Imported, intake: Intake, **more: object) -> bytes:
    facts = {"says": _says(state, intake), "bytes": intake.position, "size": intake.size}
    return orjson.dumps(facts | more) + b"\n"


def _says(state: Imported, intake: Intake) -> str:
    """Return what was done so far, or in a dry run would be."""
    would = "Nothing was changed; it would be: " if intake.is_dry_run else ""
    return (
        f"{would}{counted(state.made, 'key')} made, {state.replaced:,} replaced. {state.skipped:,} skipped, "
        f"{state.expired:,} had expired, {state.protected:,} protected, {counted(state.lines, 'line')} read."
    )

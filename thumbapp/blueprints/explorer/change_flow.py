"""Changes of keys as a browser asks for them: made, said, offered to undo; or asked about again.

What could not be done is never lost: the page that says why holds the form as it was filled in.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import redirect, render_template, session
from werkzeug.wrappers import Response

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location
from thumbapp.blueprints.problems import refused
from thumbapp.errors import ConfirmationNeeded, GateRefused, KeyChanged, ThumbAppError
from thumbapp.explorer.connections import Journal
from thumbapp.explorer.edit import ChangeResult, Editor, copy_key
from thumbapp.explorer.input_format import format_input, plainest_format
from thumbapp.explorer.long_names import id_of
from thumbapp.explorer.names import shown
from thumbapp.explorer.replies import as_text
from thumbapp.explorer.undo import Undo, mark
from thumbapp.forms.explorer.keys import COPY_FIELDS, Copying
from thumbapp.forms.explorer.model import Action, Typed

_DONE: Final = "redis_done"
_MOST_SENT: Final = 12
_MOST_REPLIES: Final = 10
_MOST_COMPARED: Final = 20_000
_MOST_DIFF_LINES: Final = 200
_SHOWN_CURRENT: Final = 20_000
COPY: Final = Action("key.copy", "Copy", "copy", None, COPY_FIELDS)


@dataclass(frozen=True, slots=True)
class Again:
    """A form that could not be done, as it was filled in, and why.

    *current* is what stands there now when somebody else changed it, *diff* the way from it to what was
    typed; *confirm* what to send for a yes.
    """

    action: Action
    error: ThumbAppError
    values: Mapping[str, str]
    url: str
    current: str = ""
    diff: tuple[str, ...] = ()
    confirm: str = ""
    effect: str = ""

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else changed the key meanwhile."""
        return isinstance(self.error, KeyChanged)


def change(location: Location, action: Action, form: Mapping[str, str]) -> Response:
    """Make the change that *form* describes and lead back to the key."""
    journal = Journal()
    name = location.name or b""
    audit_trail.note("redis.change", f"{location.database} {action.name} {shown(name)[:200]}")
    try:
        if action.is_new:
            name = Typed(b"", form).said("name")
        made = action.change(Typed(name, form))
        editor = Editor(
            location.gate, parts().explorer.undo, caller=modes.caller(), db=location.db, journal=journal
        )
        done = editor.apply(made, confirm=form.get("confirm", ""))
    except ThumbAppError as error:
        return _asked_again(location, action, form, error)
    new = Typed(name, form).said("new") if action.name == "key.rename" else name
    key = "" if action.name == "key.delete" else id_of(new)
    return _led_on(location, done, journal, key=key)


def copy(location: Location, form: Mapping[str, str]) -> Response:
    """Copy the open key as *form* says and lead to the copy."""
    audit_trail.note("redis.copy", f"{location.database} {shown(location.name or b'')[:200]}")
    try:
        wanted = Copying.read(Typed(location.name or b"", form))
        done = copy_key(
            location.gate,
            parts().explorer.undo,
            name=location.name or b"",
            new=wanted.new,
            db=location.db,
            to_db=wanted.to_db,
            replace=wanted.replace,
            caller=modes.caller(),
        )
    except ThumbAppError as error:
        return _asked_again(location, COPY, form, error, endpoint="explorer_changes.copy")
    return _led_on(location, done, Journal(), key=id_of(wanted.new), db=wanted.to_db)


def undo(location: Location, undo_id: str, *, force: bool) -> Response:
    """Take a change back and lead to where it was."""
    journal = Journal()
    audit_trail.note("redis.undo", location.database)
    editor = Editor(
        location.gate, parts().explorer.undo, caller=modes.caller(), db=location.db, journal=journal
    )
    try:
        says = editor.undo(undo_id, force=force)
    except ThumbAppError as error:
        _noted_by_gate(error)
        page = render_template("explorer/undo_again.html", error=error, undo_id=undo_id, location=location)
        return refused(page, error)
    audit_trail.left_to_the_gate()
    _remember({"says": f"Undone: {says}.", "sent": _sent(journal)})
    return redirect(location.part_url(), 303)


def done_just_now() -> Mapping[str, object]:
    """Return what the last change of this browser came to, once: what it says, its reply, its undo."""
    found: Mapping[str, object] = session.pop(_DONE) if _DONE in session else {}
    return found


def undoable(location: Location) -> list[tuple[str, Undo]]:
    """Return what who is asking can still undo on the server of *location*, the latest first."""
    caller = modes.caller()
    return parts().explorer.undo.recent(who=caller.who, server=location.gate.server.name)


def _led_on(location: Location, done: ChangeResult, journal: Journal, **changes: Any) -> Response:
    audit_trail.left_to_the_gate()
    replies = "\n".join(as_text(reply) for reply in done.replies[:_MOST_REPLIES])
    _remember({"says": done.says, "reply": replies[:1000], "undo": done.undo_id, "sent": _sent(journal)})
    led = replace(location, **changes)
    return redirect(led.part_url() if led == location else led.url(), 303)


def _remember(facts: Mapping[str, object]) -> None:
    session[_DONE] = facts


def _sent(journal: Journal) -> list[tuple[str, str]]:
    """Return the commands that were sent, a packet a line, with their times."""
    return [
        (
            " / ".join(sent.commands)[:300] + (" ..." if sent.count > len(sent.commands) else ""),
            f"{sent.ms:.1f}",
        )
        for sent in journal.sent[:_MOST_SENT]
    ]


def _asked_again(
    location: Location,
    action: Action,
    form: Mapping[str, str],
    error: ThumbAppError,
    *,
    endpoint: str = "explorer_changes.change",
) -> Response:
    """Return the page that says why, with the form as it was filled in."""
    _noted_by_gate(error)
    values = dict(form)
    current, diff = "", tuple[str, ...]()
    if isinstance(error, KeyChanged) and error.current is not None:
        values["seen"] = mark(error.current)
        current = format_input(
            error.current[:_SHOWN_CURRENT], plainest_format(error.current[:_SHOWN_CURRENT])
        )
        diff = _difference(current, form.get("value", ""))
    asked = error if isinstance(error, ConfirmationNeeded) else None
    again = Again(
        action,
        error,
        values,
        location.part_url(endpoint),
        current,
        diff,
        confirm=asked.token if asked else "",
        effect=asked.effect if asked else "",
    )
    return refused(render_template("explorer/again.html", again=again, location=location), error)


def _noted_by_gate(error: ThumbAppError) -> None:
    if isinstance(error, GateRefused):
        audit_trail.left_to_the_gate()


def _difference(current: str, typed: str) -> tuple[str, ...]:
    """Return the lines that lead from *current* to *typed*; none when there is too much to compare."""
    if len(current) + len(typed) > _MOST_COMPARED:
        return ()
    before, after = current.splitlines(), typed.splitlines()
    lines = list(difflib.unified_diff(before, after, "there now", "typed", lineterm="", n=2))
    return tuple(lines[2 : _MOST_DIFF_LINES + 2])

"""Lua scripts for administrators: an editor, KEYS and ARGV, saved ones, and the server's functions."""

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.blueprints.identity import asker
from thumbapp.errors import (
    ConfirmationNeeded,
    ScriptEnded,
    ScriptNotFound,
    ScriptRunning,
    ThumbAppError,
    server_said,
)
from thumbapp.explorer import scripting
from thumbapp.explorer.long_names import id_of
from thumbapp.explorer.names import shown
from thumbapp.explorer.quoting import argument, parse
from thumbapp.explorer.replies import as_json
from thumbapp.explorer.resp import Argv, Cut, Failure, Status
from thumbapp.explorer.scripting import Library, Outcome
from thumbapp.explorer.scripts import SAMPLES, Script, words

ROWS: Final = 3
_NEW: Final = Script("", "return redis.call('PING')\n")

bp = Blueprint("explorer_scripts", __name__, url_prefix="/redis/scripts")


@bp.get("")
def show() -> str:
    """Show the editor with a saved script, a sample, or a first one."""
    modes.note_use()
    return _page(current_location(), _chosen())


@bp.post("")
def act() -> AnyResponse | str:
    """Run or save what is in the editor; what the gate asks or refuses stands beside it."""
    location, script = current_location(), _argument()
    if request.form.get("action") == "save":
        return _saved(location, script)
    audit_trail.left_to_the_gate()
    try:
        outcome = _run(location, script)
    except (ConfirmationNeeded, ScriptRunning) as question:
        return _page(location, script, question=question)
    except ScriptEnded:
        raise  # the server of the library on this page only just starts again
    except ThumbAppError as error:
        return _page(location, script, error=error)
    return _page(location, script, outcome=outcome)


@bp.post("/remove")
def remove() -> AnyResponse:
    """Forget a saved script."""
    parts().explorer.scripts.remove(request.form.get("script", ""))
    audit_trail.note("redis.script", "removed")
    flash("The script is removed from the library.", "ok")
    return redirect(current_location().url("explorer_scripts.show"), 303)


@bp.post("/kill")
def kill() -> AnyResponse:
    """End the script that keeps the server busy."""
    location = current_location()
    audit_trail.left_to_the_gate()
    is_function = request.form.get("kind") == "FUNCTION KILL"
    reply = scripting.kill(location.gate, caller=modes.caller(), is_function=is_function)
    if isinstance(reply, Failure):
        flash(reply.text, "danger")
    else:
        flash("The script is ended.", "ok")
    return redirect(location.url("explorer_scripts.show"), 303)


@bp.post("/flush")
def flush() -> AnyResponse | str:
    """Have the server forget every loaded script; asks first."""
    return _command(("SCRIPT", "FLUSH"), "The server has forgotten its scripts.")


@bp.post("/library")
def load_library() -> AnyResponse | str:
    """Load a library of functions, or replace it."""
    source = request.form.get("source", "").replace("\r\n", "\n").encode()
    return _command(("FUNCTION", "LOAD", "REPLACE", source), "The library is loaded.")


@bp.post("/library/delete")
def delete_library() -> AnyResponse | str:
    """Delete a library of functions; asks first."""
    return _command(
        ("FUNCTION", "DELETE", argument(request.form.get("library", ""))), "The library is deleted."
    )


@bp.post("/call")
def call() -> str:
    """Call a function of a library."""
    location = current_location()
    audit_trail.left_to_the_gate()
    try:
        outcome = scripting.call_function(
            location.gate,
            argument(request.form.get("function", "")),
            keys=parse(request.form.get("keys", "")),
            args=parse(request.form.get("args", "")),
            caller=modes.caller(),
            db=location.db,
            confirm=request.form.get("confirm", ""),
        )
    except (ConfirmationNeeded, ScriptRunning) as question:
        return _page(location, _NEW, question=question)
    except ScriptEnded:
        raise
    except ThumbAppError as error:
        return _page(location, _NEW, error=error)
    return _page(location, _NEW, outcome=outcome)


def _page(
    location: Location,
    script: Script,
    *,
    outcome: Outcome | None = None,
    question: ConfirmationNeeded | ScriptRunning | None = None,
    error: ThumbAppError | None = None,
) -> str:
    saved = parts().explorer.scripts.all()
    told: dict[str, Any] = {
        "script": script,
        "keys": _rows(script.keys),
        "args": _rows(script.args),
        "outcome": outcome,
        "reply_json": as_json(outcome.reply) if outcome else None,
        "keys_to_open": _keys_to_open(location, script, outcome) if outcome else [],
        "question": question,
        "error": error,
        "saved": saved,
        "samples": SAMPLES,
        "loaded": _loaded(location, saved),
        "libraries": _libraries(location),
        "read_only": request.form.get("action", "read") == "read",
    }
    return render_template("explorer/scripts.html", **told, **page_context(location))


def _chosen() -> Script:
    if script_id := request.args.get("script", ""):
        return parts().explorer.scripts.find(script_id)
    if name := request.args.get("sample", ""):
        sample = next((sample for sample in SAMPLES if sample.name == name), None)
        if sample is None:
            raise ScriptNotFound(name)
        return sample
    return _NEW


def _argument() -> Script:
    form = request.form
    return Script(
        name=form.get("name", ""),
        source=form.get("source", "").replace("\r\n", "\n"),
        keys=words(form.getlist("key")),
        args=words(form.getlist("arg")),
        id=form.get("script", ""),
    )


def _run(location: Location, script: Script) -> Outcome:
    return scripting.run_script(
        location.gate,
        script.source.encode(),
        keys=[argument(key) for key in script.keys],
        args=[argument(arg) for arg in script.args],
        caller=modes.caller(),
        db=location.db,
        read_only=request.form.get("action") == "read",
        confirm=request.form.get("confirm", ""),
    )


def _saved(location: Location, script: Script) -> AnyResponse | str:
    try:
        kept = parts().explorer.scripts.save(script, by=asker().name)
    except ThumbAppError as error:
        return _page(location, script, error=error)
    audit_trail.note("redis.script", f"saved {kept.name}")
    flash(f"“{kept.name}” is in the library.", "ok")
    return redirect(location.url("explorer_scripts.show") + f"&script={kept.id}", 303)


def _command(argv: Argv, says: str) -> AnyResponse | str:
    """Run *argv* and say so, or show the question that the gate asks about it."""
    location = current_location()
    audit_trail.left_to_the_gate()
    try:
        confirm = request.form.get("confirm", "")
        reply = location.gate.run(argv, caller=modes.caller(), db=location.db, confirm=confirm).reply
    except ConfirmationNeeded as question:
        return _page(location, _NEW, question=question)
    if isinstance(reply, Failure):
        return _page(location, _NEW, error=server_said(reply.text))
    flash(says, "ok")
    return redirect(location.url("explorer_scripts.show"), 303)


def _loaded(location: Location, saved: list[Script]) -> dict[str, bool]:
    try:
        shas = [script.sha for script in saved]
        return scripting.loaded(location.gate, shas, caller=modes.caller())
    except ThumbAppError:
        return {}


def _libraries(location: Location) -> list[Library] | None:
    try:
        return scripting.libraries(location.gate)
    except ThumbAppError:
        return None


def _keys_to_open(location: Location, script: Script, outcome: Outcome) -> list[tuple[str, str]]:
    """Return the keys that *script* was given, and the one that it named, each with its address."""
    names = list(map(argument, script.keys))
    if (named := _key_named(location, outcome)) is not None:
        names.append(named)
    beginning = {"path": "", "cursor": "", "match": "", "type": ""}
    return [(shown(name), location.url(key=id_of(name), **beginning)) for name in dict.fromkeys(names)]


def _key_named(location: Location, outcome: Outcome) -> bytes | None:
    """Return the string that the script answered when it is the name of a key, None when it is not."""
    reply = outcome.reply
    if not isinstance(reply, bytes) or isinstance(reply, Status | Cut):
        return None
    try:
        is_key = location.gate.read(("EXISTS", reply), caller=modes.caller(), db=location.db) == 1
    except ThumbAppError:  # the script has run: what it answered is shown in any case
        return None
    return reply if is_key else None


def _rows(given: tuple[str, ...]) -> list[str]:
    """Return the rows of a table of arguments, a few empty ones after those that are given."""
    return [*given, *[""] * max(1, ROWS - len(given))]

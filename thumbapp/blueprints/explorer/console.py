"""The console, on a page of its own and docked under the keys; what waits runs in a second pane."""

import secrets
from collections.abc import Iterator
from typing import Any, Final

import orjson
from flask import Blueprint, Response, jsonify, redirect, render_template, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.blueprints.identity import asker
from thumbapp.blueprints.request_params import parse_number
from thumbapp.errors import FileNotThere, LineUnreadable, ThumbAppError
from thumbapp.explorer.blocking import Arrival, BlockingCommand
from thumbapp.explorer.console import MOST_REPEATS, ConsoleResult, prompt
from thumbapp.explorer.consoles import OpenConsole, TranscriptEntry
from thumbapp.explorer.long_replies import as_tree, portion
from thumbapp.explorer.quoting import parse
from thumbapp.explorer.replies import as_json
from thumbapp.explorer.syntax import complete
from thumbapp.live.events import EventLog
from thumbapp.live.subscription import Subscription

MOST_LINES: Final = 100
_STOP: Final = "console.stop"
_HIGHEST_NUMBER: Final = 10**9

bp = Blueprint("explorer_console", __name__, url_prefix="/redis/console")


bp.add_app_template_filter(portion, "reply_portion")
bp.add_app_template_filter(as_tree, "reply_tree")


@bp.app_template_filter()
def reply_json(said: ConsoleResult) -> str:
    """Return the reply as JSON text."""
    return orjson.dumps(as_json(said.reply), option=orjson.OPT_INDENT_2).decode()


@bp.get("")
def show() -> str:
    """Show a console with what was typed in it so far."""
    modes.note_use()
    location = current_location()
    return render_template("explorer/console.html", **console_parts(location), **page_context(location))


@bp.post("")
def type_line() -> AnyResponse:
    """Run what was typed and show the console again."""
    location = current_location()
    opened = _open_console(location)
    _run_lines(opened)
    return redirect(
        location.url("explorer_console.show", db=opened.console.db) + f"&console={_console_id()}", 303
    )


@bp.post("/run")
def run() -> str:
    """Run what was typed and show what came of it, and how the console stands now."""
    location = current_location()
    opened = _open_console(location)
    told = {"entries": _run_lines(opened), "opened": opened, "console": _console_id()}
    return render_template("explorer/_console_answer.html", location=location, **told)


@bp.get("/complete")
def completions() -> Response:
    """Return how the line up to the cursor may go on, and how its command is written."""
    location = current_location()
    with location.gate.server.pool.connection(location.db) as connection:
        docs = parts().explorer.syntax(location.server, connection)
        found = complete(docs, request.args.get("line", "")[:1_000], connection)
    usage = {"syntax": found.usage.syntax, "summary": found.usage.summary} if found.usage else None
    return jsonify(lines=found.lines, usage=usage)


@bp.get("/reply")
def reply() -> Response:
    """Return a portion of a long reply, and where the next one begins."""
    text, start = _said_before().text, max(0, request.args.get("from", 0, type=int))
    shown = portion(text, start)
    end = start + len(shown)
    return jsonify(text=shown, next=end if shown and end < len(text) else None)


@bp.post("/close")
def close() -> AnyResponse:
    """Close the console and give its connection back."""
    parts().explorer.consoles.close(_console_id(), owner=_owner())
    return Response(status=204)


@bp.post("/forget")
def forget() -> AnyResponse:
    """Forget what one has typed before."""
    parts().explorer.history.forget(asker().name)
    return redirect(current_location().url("explorer_console.show"), 303)


@bp.post("/waits")
def wait() -> AnyResponse:
    """Stream what a command that waits brings, a line of JSON each, until it is stopped."""
    location = current_location()
    audit_trail.left_to_the_gate()
    argv = tuple(parse(request.form.get("line", "")))
    follows = request.form.get("follow") == "1"
    waiting = BlockingCommand(location.gate, argv, caller=modes.caller(), db=location.db, follows=follows)
    seat = parts().hub.subscribe([f"wait:{_wait_id()}"], session=_owner())
    found = stream_with_context(_arrivals(waiting, seat))
    return Response(found, mimetype="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


@bp.post("/waits/stop")
def stop_waiting() -> AnyResponse:
    """End a wait, whichever process holds it."""
    events = EventLog(parts().redis, namespace=parts().settings.namespace)
    events.publish(f"wait:{_wait_id()}", _STOP, {})
    return Response(status=204)


def console_parts(location: Location) -> dict[str, Any]:
    """Return what a console shows, on its page or docked: the transcript, and how it stands."""
    console_id = _console_id()
    opened = parts().explorer.consoles.find(console_id, owner=_owner()) if console_id else None
    label = location.gate.server.label
    return {
        "console": console_id if opened else secrets.token_urlsafe(16),
        "opened": opened,
        "entries": list(opened.entries) if opened else [],
        "prompt": opened.console.prompt if opened else prompt(label, db=location.db),
        "history": parts().explorer.history.of(asker().name)[-200:],
    }


def _open_console(location: Location) -> OpenConsole:
    modes.note_use()
    audit_trail.left_to_the_gate()
    return parts().explorer.consoles.open(_console_id(), owner=_owner(), gate=location.gate, db=location.db)


def _run_lines(opened: OpenConsole) -> list[TranscriptEntry]:
    """Run each line that was typed; the first that is refused ends it."""
    text, entries = request.form.get("line", ""), []
    lines = [line for line in text.splitlines() if line.strip()][:MOST_LINES]
    for line in lines:
        entries.append(_run_line(opened, line))
        if entries[-1].error:
            break
    return entries


def _run_line(opened: OpenConsole, line: str) -> TranscriptEntry:
    parts().explorer.history.add(asker().name, line)
    shown = opened.console.prompt
    try:
        said = opened.console.run(line, caller=modes.caller(), confirm=request.form.get("confirm", ""))
    except ThumbAppError as error:
        return opened.add(shown, line, [], error)
    return opened.add(shown, line, said, None)


def _arrivals(waiting: BlockingCommand, seat: Subscription) -> Iterator[bytes]:
    """Yield what comes, blank lines to notice a page that was closed, and at last how it ended."""
    left = request.environ.get("waitress.client_disconnected", lambda: False)

    def is_over() -> bool:
        return seat.is_over or left() or seat.next(timeout_s=0) is not None

    with seat:
        yield b'{"kind":"waiting"}\n'
        try:
            for quiet, arrival in enumerate(waiting.arrivals(is_over)):
                if arrival is not None:
                    yield _told(arrival)
                elif quiet % 20 == 0:
                    yield b"\n"
        except ThumbAppError as error:
            yield orjson.dumps({"kind": "error", "code": error.code, "text": str(error)}) + b"\n"
        yield b'{"kind":"ended"}\n'


def _told(arrival: Arrival) -> bytes:
    told = {"kind": "reply", "text": arrival.text, "reply": as_json(arrival.reply)}
    return orjson.dumps(told | {"waited_s": round(arrival.waited_s, 3)}) + b"\n"


def _said_before() -> ConsoleResult:
    """Return the reply that the address names; raises FileNotThere when it is kept no more."""
    opened = parts().explorer.consoles.find(_console_id(), owner=_owner())
    number = parse_number(request.args.get("number", ""), most=_HIGHEST_NUMBER)
    which = parse_number(request.args.get("said", ""), most=MOST_REPEATS)
    entry = opened.find(number) if opened and number is not None else None
    if entry is None or which is None or which >= len(entry.said):
        raise FileNotThere
    return entry.said[which]


def _owner() -> str:
    return modes.caller().binding


def _console_id() -> str:
    return request.values.get("console", "")[:64]


def _wait_id() -> str:
    """Return the id that the page gave its wait; it is only good together with who is asking."""
    text = request.form.get("wait", "")
    if not 16 <= len(text) <= 64 or not text.replace("-", "").replace("_", "").isalnum():
        raise LineUnreadable("it has no id")
    return f"{_owner()[:16]}:{text}"

"""The key browser, for operators: servers, databases, keys as a tree or list, and the open key."""

from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints.access import safe_path
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.console import console_parts
from thumbapp.blueprints.explorer.keys import keys_page, lines
from thumbapp.blueprints.explorer.location import current_location
from thumbapp.blueprints.explorer.page_context import page_context, status_context
from thumbapp.blueprints.explorer.values import value_pane
from thumbapp.blueprints.request_params import number_param
from thumbapp.blueprints.streams import with_poll_after
from thumbapp.errors import KeyNotFound, SignInBusy, SignInFailed, Throttled
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.scan import MOST_ROWS_STREAMED, STEP

STATUS_S: Final = 2.0  # as the page with the server's charts asks; others ask every 5 s

bp = Blueprint("explorer", __name__, url_prefix="/redis")


@bp.get("")
def index() -> str:
    """Show the keys of a database and the open key."""
    modes.note_use()
    location = current_location()
    shown = {"keys": keys_page(location), "pane": value_pane(location), **console_parts(location)}
    return render_template("explorer/index.html", **shown, **page_context(location))


@bp.get("/panel")
def panel() -> str:
    """Show the open key alone, for the page to put in its place."""
    modes.note_use()
    location = current_location()
    return render_template("explorer/_pane.html", pane=value_pane(location), location=location)


@bp.get("/entries")
def entries() -> str:
    """Show the entries of the open stream alone, for who follows it."""
    pane = value_pane(current_location())
    if pane is None or pane.view is None:
        raise (pane.error if pane and pane.error else KeyNotFound("that is open"))
    return render_template("explorer/_entries.html", pane=pane)


@bp.get("/scan")
def scan_keys() -> AnyResponse:
    """Stream keys while they are found, a line of JSON for each portion."""
    limit = number_param("limit", default=STEP, most=MOST_ROWS_STREAMED)
    found = stream_with_context(lines(current_location(), limit=limit))
    return Response(found, mimetype="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


@bp.get("/status")
def status() -> Response:
    """Show how the server is now."""
    page = render_template("explorer/_connection.html", **status_context(current_location()))
    return with_poll_after(Response(page), usual_s=STATUS_S, longest_s=30)


@bp.post("/mode")
def set_mode() -> AnyResponse:
    """Switch view, edit or admin mode on, with the password unless it was given just now."""
    try:
        mode = modes.switch(request.form.get("mode", ""), password=request.form.get("password", ""))
        flash(_SAYS[mode], "ok")
    except (SignInFailed, SignInBusy, Throttled) as error:
        flash(f"{error} The mode was not changed.", "danger")
    return redirect(safe_path(request.form.get("next", "/redis")), 303)


_SAYS = {
    Mode.VIEW: "View mode: nothing can be changed.",
    Mode.EDIT: "Edit mode is on until 15 minutes pass without use.",
    Mode.ADMIN: "Admin mode is on until 15 minutes pass without use.",
}

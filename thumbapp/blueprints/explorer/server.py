"""How the server is: live charts, INFO, slow commands, clients, settings, what commands cost."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.blueprints.request_params import parse_number
from thumbapp.blueprints.streams import with_poll_after
from thumbapp.errors import BadParameter, ConfirmationNeeded, ThumbAppError
from thumbapp.explorer.diagnostics import EVERY_S, Diagnostics
from thumbapp.explorer.diagnostics_charts import charts_of

_ASK: Final[dict[str, Callable[[Diagnostics], object]]] = {
    "info": Diagnostics.info,
    "slow": lambda server: {"commands": server.slow_log(), "latency": server.latency()},
    "clients": Diagnostics.clients,
    "settings": lambda server: server.settings(request.args.get("pattern") or "*"),
    "commands": Diagnostics.command_statistics,
}
_HIGHEST_CLIENT: Final = 2**63 - 1

bp = Blueprint("explorer_server", __name__, url_prefix="/redis/server")


@bp.app_template_filter()
def at_second(moment: int) -> str:
    """Return a time of the server, in seconds since 1970, as text in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


@bp.get("")
def show() -> str:
    """Show one part of what is known of the server; the charts first."""
    modes.note_use()
    return _page(current_location())


@bp.get("/charts")
def charts() -> Response:
    """Show the charts alone, for the page to put in their place."""
    samples = parts().explorer.sampler(current_location().server).samples()
    return with_poll_after(
        Response(render_template("explorer/_charts.html", charts=charts_of(samples))), usual_s=EVERY_S
    )


@bp.post("/setting")
def change_setting() -> AnyResponse | str:
    """Change a setting of the running server; asks first."""
    name, value = request.form.get("name", ""), request.form.get("value", "")
    return _done(
        lambda server, confirm: server.change_setting(name, value, confirm=confirm), f"{name} is {value} now."
    )


@bp.post("/slow/forget")
def forget_slow_commands() -> AnyResponse | str:
    """Empty the slow log."""
    return _done(lambda server, _: server.forget_slow_commands(), "The slow log is empty.")


@bp.post("/client")
def kill_client() -> AnyResponse | str:
    """End the connection of a client; asks first."""
    text = request.form.get("client", "")
    client_id = parse_number(text, most=_HIGHEST_CLIENT)
    if client_id is None:
        raise BadParameter("client", text, "the id of a client")
    return _done(
        lambda server, confirm: server.kill_client(client_id, confirm=confirm),
        "It is disconnected.",
    )


def _done(do: Callable[[Diagnostics, str], None], says: str) -> AnyResponse | str:
    """Do it and say so, or show the page with what the gate asks or the server refuses."""
    location = current_location()
    audit_trail.left_to_the_gate()
    try:
        do(_diagnostics(location), request.form.get("confirm", ""))
    except ConfirmationNeeded as question:
        return _page(location, question=question)
    except ThumbAppError as error:
        return _page(location, error=error)
    flash(says, "ok")
    found = f"&pattern={quote(pattern)}" if (pattern := request.args.get("pattern")) else ""
    return redirect(location.url("explorer_server.show") + f"&part={_part()}{found}", 303)


def _page(
    location: Location, *, question: ConfirmationNeeded | None = None, error: ThumbAppError | None = None
) -> str:
    part = _part()
    told: object = None
    try:
        if part == "charts":
            told = charts_of(parts().explorer.sampler(location.server).samples())
        else:
            told = _ASK[part](_diagnostics(location))
    except ThumbAppError as refusal:
        error = error or refusal
    shown: dict[str, Any] = {
        "part": part,
        "parts": ["charts", *_ASK],
        "pattern": request.args.get("pattern", ""),
        "told": told,
        "question": question,
        "error": error,
    }
    return render_template("explorer/server.html", **shown, **page_context(location))


def _diagnostics(location: Location) -> Diagnostics:
    return Diagnostics(location.gate, caller=modes.caller())


def _part() -> str:
    part = request.values.get("part", "charts")
    if part != "charts" and part not in _ASK:
        raise BadParameter("part", part, ", ".join(["charts", *_ASK]))
    return part

"""Keyspace notifications: what the server is to tell, for a while, and the live feed of it."""

import threading
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.feed import feed_batch, feed_stream
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.errors import ConfirmationNeeded, ThumbAppError
from thumbapp.explorer.feeds import Feed, Message
from thumbapp.explorer.names import shown, to_id
from thumbapp.explorer.notifications import LEAVES_S, LETTERS, Notifications, Switch, event_of, patterns

_GRACE_S: Final = 1.0

bp = Blueprint("explorer_events", __name__, url_prefix="/redis/events")


@bp.get("")
def show() -> str:
    """Show what the server tells about its keys, and the feed."""
    modes.note_use()
    return _page(current_location())


@bp.post("")
def change() -> AnyResponse | str:
    """Have the server tell what is ticked; asks first."""
    location = current_location()
    audit_trail.left_to_the_gate()
    try:
        _switch(location).set(
            request.form.getlist("letter"),
            caller=modes.caller(),
            confirm=request.form.get("confirm", ""),
        )
    except ConfirmationNeeded as question:
        return _page(location, question=question, ticked=request.form.getlist("letter"))
    flash("The server tells this now. It is put back when you leave, ten minutes later at the latest.", "ok")
    return redirect(location.url("explorer_events.show"), 303)


@bp.post("/restore")
def restore() -> AnyResponse:
    """Put the setting back as it was."""
    location = current_location()
    audit_trail.note("redis.events", "put back")
    if _switch(location).restore():
        flash("The setting is as it was before.", "ok")
    return redirect(location.url("explorer_events.show"), 303)


@bp.post("/leave")
def leave() -> AnyResponse:
    """Put the setting back in a moment, unless another page still watches."""
    switch = _switch(current_location())
    switch.leave()
    timer = threading.Timer(LEAVES_S + _GRACE_S, _put_back, [switch])
    timer.daemon = True
    timer.start()
    return Response(status=204)


@bp.get("/stream")
def stream() -> Response:
    """Stream what happens to keys."""
    location = current_location()
    return feed_stream(_feed(location), _told, on_look=_switch(location).renew)


@bp.get("/messages")
def messages() -> Response:
    """Return what happened since ``?after=``."""
    location = current_location()
    _switch(location).renew()
    return feed_batch(_feed(location), _told)


def _page(
    location: Location, *, question: ConfirmationNeeded | None = None, ticked: list[str] | None = None
) -> str:
    state, error = _state(location)
    letters = frozenset(ticked) if ticked is not None else state.letters if state else frozenset()
    told = {"state": state, "error": error, "letters": LETTERS, "ticked": letters, "question": question}
    return render_template("explorer/events.html", **told, **page_context(location))


def _state(location: Location) -> tuple[Switch | None, ThumbAppError | None]:
    try:
        switch = _switch(location)
        switch.restore_if_due()
        return switch.state(), None
    except ThumbAppError as error:
        return None, error


def _switch(location: Location) -> Notifications:
    return parts().explorer.notifications(location.server)


def _put_back(switch: Notifications) -> None:
    switch.restore_if_due()


def _feed(location: Location) -> Feed:
    letters = _switch(location).state().letters or frozenset("KE")
    feed_hub = parts().explorer.feeds(location.server)
    return feed_hub.feed(patterns=patterns(letters, db=location.db, key=location.name))


def _told(message: Message) -> dict[str, Any]:
    direction, key, event = event_of(message.channel, message.data)
    return {
        "direction": direction,
        "key": shown(key),
        "key_id": to_id(key),
        "event": shown(event),
        "channel": shown(message.channel),
    }

"""Publish and subscribe: a live page of several channels and patterns, counts, and a box to publish."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.feed import feed_batch, feed_stream
from thumbapp.blueprints.explorer.location import current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.errors import ThumbAppError
from thumbapp.explorer.channels import Channels, count_channels
from thumbapp.explorer.feeds import Feed, Message
from thumbapp.explorer.names import shown
from thumbapp.explorer.quoting import argument, parse
from thumbapp.explorer.resp import Cut

bp = Blueprint("explorer_pubsub", __name__, url_prefix="/redis/pubsub")


@bp.get("")
def show() -> str:
    """Show the channels that are listened to, and how many listen."""
    modes.note_use()
    location = current_location()
    counts, error = _counts()
    asked = {name: request.args.get(name, "") for name in ("channels", "patterns")}
    told = {"counts": counts, "error": error, "asked": asked, "refusal": _refusal()}
    return render_template("explorer/pubsub.html", **told, **page_context(location))


@bp.get("/counts")
def counts() -> str:
    """Show how many listen now, for the page to put in its place."""
    found, error = _counts()
    return render_template("explorer/_channels.html", counts=found, error=error)


@bp.get("/stream")
def stream() -> Response:
    """Stream what is published on the channels and patterns."""
    return feed_stream(_feed(), _told)


@bp.get("/messages")
def messages() -> Response:
    """Return what was published since ``?after=``."""
    return feed_batch(_feed(), _told)


@bp.post("/publish")
def publish() -> AnyResponse:
    """Publish a message and say how many heard it."""
    location = current_location()
    audit_trail.left_to_the_gate()
    channel, message = argument(request.form.get("channel", "")), request.form.get("message", "")
    ran = location.gate.run(("PUBLISH", channel, message.encode()), caller=modes.caller(), db=location.db)
    flash(
        f"{ran.reply} heard it on {shown(channel)}." if isinstance(ran.reply, int) else str(ran.reply), "ok"
    )
    asked = {name: request.args[name] for name in ("channels", "patterns") if request.args.get(name)}
    return redirect(location.url("explorer_pubsub.show") + _query(asked), 303)


def _feed() -> Feed:
    feed_hub = parts().explorer.feeds(current_location().server)
    return feed_hub.feed(channels=_names("channels"), patterns=_names("patterns"))


def _refusal() -> ThumbAppError | None:
    """Return why what is asked for cannot be listened to."""
    try:
        if _names("channels") or _names("patterns"):
            _feed()
    except ThumbAppError as error:
        return error
    return None


def _names(field: str) -> list[bytes]:
    """Return the names in a field, parted by blanks and quoted as in redis-cli."""
    return parse(request.args.get(field, ""))


def _counts() -> tuple[Channels | None, ThumbAppError | None]:
    try:
        return count_channels(current_location().gate, _names("channels"), caller=modes.caller()), None
    except ThumbAppError as error:
        return None, error


def _told(message: Message) -> dict[str, Any]:
    whole = message.data.total if isinstance(message.data, Cut) else len(message.data)
    return {
        "channel": shown(message.channel),
        "pattern": shown(message.pattern),
        "text": shown(message.data),
        "bytes": whole,
    }


def _query(asked: dict[str, str]) -> str:
    return f"&{urlencode(asked)}" if asked else ""

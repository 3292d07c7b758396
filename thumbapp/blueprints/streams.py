"""A live stream as an HTTP answer: server-sent events, or 204 when all places are taken."""

from collections.abc import Callable
from typing import Any

import orjson
from flask import Response, jsonify, request, stream_with_context

from thumbapp.blueprints.context import parts
from thumbapp.blueprints.identity import address, owner
from thumbapp.errors import ThumbAppError, TooManyStreams
from thumbapp.live import sse
from thumbapp.live.events import Event
from thumbapp.live.hub import Hub
from thumbapp.live.poll_throttle import LONGEST_S


def conditional(body: dict[str, Any]) -> Response:
    """Return *body* as JSON for who asks instead of hearing a stream; 304 when it is what they have."""
    response = jsonify(body)
    response.add_etag()
    response.make_conditional(request)
    return response


def with_poll_after(response: Response, *, usual_s: float, longest_s: float = LONGEST_S) -> Response:
    """Return *response* to a question that a page repeats, with the seconds until it may: ``Poll-After``."""
    response.headers["Poll-After"] = f"{parts().poll_throttle.wait_s(usual_s, longest_s=longest_s):.1f}"
    return response


def live_response(topic: str, *, state: Callable[[], dict[str, Any]]) -> Response:
    """Return the stream of *topic*, of our own hub, counted for who is asking; see `follow`."""
    return follow(parts().hub, topic, state=state, session=owner() or address(), kind="job")


def follow(hub: Hub, topic: str, *, state: Callable[[], dict[str, Any]], session: str, kind: str) -> Response:
    """Return the stream of *topic*: *state* at once, and read anew whenever something happened.

    As every event carries the whole state, a browser that comes back needs nothing it missed. Without
    a free place the answer is 204: the page then asks every few seconds.
    """
    state()  # an unknown job is a 404, not an open stream
    try:
        subscription = hub.subscribe([topic], session=session)
    except TooManyStreams:
        return Response(status=204)

    def render(event: Event) -> bytes:
        try:
            return orjson.dumps(state())
        except ThumbAppError:
            return event.data  # deleted or expired meanwhile: the event itself says so

    left = request.environ.get("waitress.client_disconnected", lambda: False)
    now = Event("", frozenset(), kind, b"{}")
    frames = sse.stream(subscription, render=render, first=[now], newest_only=True, is_disconnected=left)
    return Response(stream_with_context(frames), headers=sse.HEADERS)

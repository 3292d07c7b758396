"""What is published on a server as a live answer: server-sent events, or a portion to a page that polls.

An id is ``<began>-<number>``: which feed, and how far one has read. An id of a feed that is there no
more begins anew, and the page is told that something may be missing.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson
from flask import Response, request, stream_with_context

from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.streams import conditional, with_poll_after
from thumbapp.errors import TooManyStreams
from thumbapp.explorer.feeds import Feed, Message
from thumbapp.live import sse
from thumbapp.live.subscription import Subscription

LOT_S: Final = 0.05
POLL_S: Final = 5.0
_MOST_A_LOT: Final = 100
_HEARTBEAT_S: Final = 15.0
_LIFETIME_S: Final = 60.0
_WAIT_S: Final = 0.5

Tell = Callable[[Message], dict[str, Any] | None]


def feed_stream(feed: Feed, tell: Tell, *, on_look: Callable[[], object] = lambda: None) -> Response:
    """Return *feed* as server-sent events, `tell` making each message; 204 when no place is free.

    *on_look* is called every few seconds while somebody reads.
    """
    try:
        seat = parts().hub.subscribe([], session=modes.caller().binding)
    except TooManyStreams:
        return Response(status=204)
    after, is_lost = _place(feed, request.headers.get("Last-Event-ID", ""))
    frames = _frames(feed, tell, seat=seat, after=after, is_lost=is_lost, on_look=on_look)
    return Response(stream_with_context(frames), headers=sse.HEADERS)


def feed_batch(feed: Feed, tell: Tell) -> Response:
    """Return what came after the id ``?after=`` as JSON, for a page that asks every few seconds."""
    after, is_lost = _place(feed, request.args.get("after", ""))
    told, position = _portion(feed, tell, after, timeout_s=0, is_lost=is_lost)
    return with_poll_after(conditional(told | {"id": _id(feed, position)}), usual_s=POLL_S)


def _frames(
    feed: Feed,
    tell: Tell,
    *,
    seat: Subscription,
    after: int,
    is_lost: bool,
    on_look: Callable[[], object],
) -> Iterator[bytes]:
    left = request.environ.get("waitress.client_disconnected", lambda: False)
    end, beat = time.monotonic() + _LIFETIME_S, 0.0
    with seat:
        yield b"retry: 1000\n" + sse.heartbeat(_id(feed, after))
        while not (seat.is_over or left()) and time.monotonic() < end:
            told, position = _portion(feed, tell, after, timeout_s=_WAIT_S, is_lost=is_lost, most=_MOST_A_LOT)
            if position != after or is_lost or told["trouble"]:
                yield sse.frame("messages", orjson.dumps(told), event_id=_id(feed, position))
            elif time.monotonic() > beat:
                yield sse.heartbeat(_id(feed, position))
            if time.monotonic() > beat:
                on_look()
                beat = time.monotonic() + (_HEARTBEAT_S if not told["trouble"] else 1.0)
            after, is_lost = position, False
            seat.next(timeout_s=LOT_S if not told["trouble"] else 1.0)


def _portion(
    feed: Feed, tell: Tell, after: int, *, timeout_s: float, is_lost: bool, most: int = 200
) -> tuple[dict[str, Any], int]:
    portion = feed.wait(after, timeout_s=timeout_s, most=most)
    messages = [told | {"at": message.at} for message in portion.messages if (told := tell(message))]
    facts = {"messages": messages, "dropped": portion.dropped, "trouble": portion.trouble, "lost": is_lost}
    return facts, portion.position


def _place(feed: Feed, text: str) -> tuple[int, bool]:
    """Return how far the id *text* has read, and whether something before that may be missing."""
    began, _, number = text.partition("-")
    if not text:
        return feed.position, False
    if began == str(feed.began_ms) and number.isascii() and number.isdecimal() and len(number) < 16:
        return min(int(number), feed.position), False
    return feed.position, True


def _id(feed: Feed, position: int) -> str:
    return f"{feed.began_ms}-{position}"

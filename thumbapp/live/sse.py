"""Server-sent events: a subscription as the bytes of a ``text/event-stream`` answer.

Knows no web framework: the view wraps the bytes in its response with `HEADERS`.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator

from thumbapp.live.events import Event
from thumbapp.live.subscription import Subscription

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
POLL_S = 0.5
RETRY_MS = 1_000
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


def event_data(event: Event) -> bytes:
    """Return the event's JSON: what is sent when the view renders nothing of its own."""
    return event.data


def stream(
    subscription: Subscription,
    *,
    render: Callable[[Event], bytes | None] = event_data,
    first: Iterable[Event] = (),
    newest_only: bool = False,
    is_disconnected: Callable[[], bool] = lambda: False,
    heartbeat_s: float = 15.0,
    lifetime_s: float = 60.0,
) -> Iterator[bytes]:
    """Yield frames until the browser left, the subscription is over, or *lifetime_s* has passed.

    *first* is sent at once: the state read after subscribing, so that nothing falls between. *render*
    returns what goes into ``data``, None to leave the event out; where it reads the whole state anew,
    *newest_only* sends one frame for all events that wait. Every frame, heartbeats included,
    carries the id from which the browser goes on when it comes back. The subscription is closed at
    the end, also when the server drops the iterator.
    """
    with subscription:
        yield b"retry: %d\n" % RETRY_MS + heartbeat(subscription.position)
        yield from (frame(event.kind, data) for event in first if (data := render(event)) is not None)
        end = time.monotonic() + lifetime_s
        arrivals = _arrivals(
            subscription, is_disconnected, newest_only=newest_only, heartbeat_s=heartbeat_s, end=end
        )
        for event in arrivals:
            data = render(event) if event else None
            if event and data is not None:
                yield frame(event.kind, data, event_id=event.id)
            else:
                yield heartbeat(subscription.position)


def frame(kind: str, data: bytes, *, event_id: str = "") -> bytes:
    """Return one event as the browser reads it; *data* may have any line ends."""
    head = [b"id: " + event_id.encode()] if event_id else []
    lines = [b"data: " + line for line in _LINE_ENDS.split(data)]
    return b"\n".join([*head, b"event: " + kind.encode(), *lines, b"", b""])


def heartbeat(event_id: str) -> bytes:
    """Return a frame that no listener sees: it keeps proxies from closing and moves the id on."""
    return b": ok\n" + (b"id: %s\n\n" % event_id.encode() if event_id else b"\n")


def _arrivals(
    subscription: Subscription,
    is_disconnected: Callable[[], bool],
    *,
    newest_only: bool,
    heartbeat_s: float,
    end: float,
) -> Iterator[Event | None]:
    """Yield each event, None when it is time for a heartbeat and once when the lifetime is over."""
    beat = time.monotonic() + heartbeat_s
    while not (subscription.is_over or is_disconnected()):
        now = time.monotonic()
        timeout_s = max(0.0, min(POLL_S, beat - now, end - now))
        event = subscription.next(timeout_s=timeout_s, newest_only=newest_only)
        now = time.monotonic()
        if event or now >= min(beat, end):
            beat = now + heartbeat_s
            yield event
        if now >= end:
            return

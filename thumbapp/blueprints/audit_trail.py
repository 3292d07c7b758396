"""The audit of the web: every request that may change something leaves one entry, done or refused."""

from typing import Final

from flask import Flask, g, request
from werkzeug.wrappers import Response

from thumbapp.blueprints.access import ACCESS_LEVELS, AccessLevel
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.identity import address, known_name
from thumbapp.errors import RedisUnavailable, ThumbAppError

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    """Write an entry for each unsafe request of *app*."""
    app.after_request(_record)


def note(action: str, target: str = "") -> None:
    """Say what the request does, in place of its endpoint and the ids of its address."""
    g.audit_action = action
    about(target)


def changes_nothing() -> None:
    """Say that the request changes nothing, whatever its method: it leaves no entry unless it is refused."""
    g.audit_nothing = True


def left_to_the_gate() -> None:
    """Say that the explorer's gate notes what the request does, and what it refuses."""
    g.audit_left = True


def refused(error: ThumbAppError) -> None:
    """Say that what the request asked for was refused, although its answer is a page."""
    g.audit_refused = error.code


def about(target: str) -> None:
    """Say what the request is about, where its address does not."""
    g.audit_target = target


def _refusal(response: Response) -> str:
    """Return the code of what was refused, the status where there is none."""
    return str(g.get("audit_refused") or g.get("problem_code", response.status_code))


def _record(response: Response) -> Response:
    if request.method in _SAFE or request.endpoint is None:
        return response
    if g.get("audit_left") or (g.get("audit_nothing") and response.status_code < 400):
        return response
    ids = " ".join(map(str, (request.view_args or {}).values()))
    action = g.get("audit_action", request.endpoint)
    is_done = response.status_code < 400 and "audit_refused" not in g
    is_sign_in = is_done and action.startswith("sign-")
    parts().audit.record(
        who=known_name(),
        action=action,
        target=g.get("audit_target", ids),
        source=address(),
        result="ok" if is_done else _refusal(response),
        by_all=ACCESS_LEVELS.get(request.endpoint) in (AccessLevel.ADDRESS, AccessLevel.UPLOAD)
        and not is_sign_in,
        is_away=g.get("problem_code") == RedisUnavailable.code,
    )
    return response

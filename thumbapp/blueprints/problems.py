"""Which HTTP status each kind of error gets, and the two shapes it is told in.

Under ``/api/`` an error is RFC 9457 problem+json with a stable ``code``; elsewhere a page in the
site's own style that needs neither Redis nor a session.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import redis
from flask import Flask, Response, current_app, g, json, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from thumbapp import errors
from thumbapp.blueprints import identity
from thumbapp.blueprints.context import WorkerStatus

_log = logging.getLogger(__name__)

# The first class in this order that the error is an instance of decides.
STATUS: Final[dict[type[Exception], int]] = {
    errors.NoFileChosen: 400,
    errors.BadRecipe: 400,
    errors.BadParameter: 400,
    errors.BrokenRequest: 400,
    errors.NoJsonObject: 400,
    errors.VersionNeeded: 428,
    errors.TooSlow: 408,
    errors.FormTooLarge: 413,
    errors.SignInRequired: 401,
    errors.SignInFailed: 401,
    errors.TokenRefused: 401,
    errors.RoleTooLow: 403,
    errors.UserNotFound: 404,
    errors.TokenNotFound: 404,
    errors.UnknownQueue: 404,
    errors.WorkerNotFound: 404,
    errors.UserExists: 409,
    errors.LastAdmin: 409,
    errors.LinkUsed: 410,
    errors.Throttled: 429,
    errors.StillWorking: 409,
    errors.FileTooLarge: 413,
    errors.RequestTooLarge: 413,
    errors.NotAPicture: 415,
    errors.LineUnreadable: 400,
    errors.GateRefused: 403,
    errors.ConfirmationNeeded: 409,
    errors.UnknownServer: 404,
    errors.KeyNotFound: 404,
    errors.KeyExists: 409,
    errors.KeyChanged: 409,
    errors.UndoGone: 410,
    errors.ScriptNotFound: 404,
    errors.ConsoleNotFound: 404,
    errors.ScriptEnded: 409,
    errors.ScriptRunning: 409,
    errors.ScriptStuck: 409,
    errors.TransactionLost: 409,
    errors.ScheduleNotFound: 404,
    errors.StaleSchedule: 409,
    errors.StillRunning: 409,
    errors.NotFromCode: 409,
    errors.FromCode: 409,
    errors.TaskNotFound: 404,
    errors.LetterNotFound: 404,
    errors.WrongTaskState: 409,
    errors.TaskNotKept: 409,
    errors.UnknownTask: 422,
    errors.MessageRefused: 422,
    errors.MessageTooLarge: 413,
    errors.BodyNotJson: 400,
    errors.Refused: 422,
    errors.JobNotFound: 404,
    errors.FileNotThere: 404,
    errors.JobExpired: 410,
    errors.NotYourJob: 403,
    errors.WrongState: 409,
    errors.RenderFailed: 422,
    errors.Unavailable: 503,
}
_ADVICE: Final[dict[int, str]] = {
    400: "Go back, correct what the message says, and send it again.",
    403: "Reload the page if it was open for long, or sign in as somebody who may.",
    404: "Check the address, or start from the first page.",
    405: "Go back, or start from the first page.",
    401: "Sign in and you come back here.",
    409: "Go back and reload the page: it shows how things are now.",
    410: "Upload the picture again to make new thumbnails.",
    413: "Make the picture smaller, or send fewer pictures at once.",
    422: "Go back, and change what the message speaks of.",
    429: "Wait a little; what you have is kept.",
    503: "Nothing was lost. The page will work again by itself; try in a moment.",
}
_ADVICE_FOR: Final[dict[str, str]] = {
    errors.JobNotFound.code: "It may have been deleted; the list of jobs has those that are there.",
    errors.NotYourJob.code: "Only the browser that made a job, or the account, can change it.",
    errors.ModeNeeded.code: "Switch the mode on at the top of the Redis pages; it asks for your password.",
    errors.RoleTooLow.code: "Sign in as somebody who may, or ask an administrator.",
    errors.LinkUsed.code: "Sign in with your password, or ask for a new link.",
    errors.UserNotFound.code: "Go back and reload the page.",
    errors.TaskNotFound.code: "Check the address, or look for it in the list of tasks.",
    errors.LastAdmin.code: "Go back, and give somebody else the role first.",
    errors.ScriptEnded.code: "Wait until the server is back; change the script before it runs again.",
}
# Werkzeug's own sentences are long and speak of URLs and methods.
_PLAINLY: Final[dict[int, str]] = {
    404: "There is nothing at this address.",
    405: "This address takes other requests than this one.",
}
_ADVICE_FOR_ALL: Final = "Try again; if it happens again, tell the administrator the number below."


def init_app(app: Flask) -> None:
    """Answer every error of *app* in the shape its address asks for."""
    app.register_error_handler(errors.ThumbAppError, _known)
    app.register_error_handler(redis.RedisError, _redis_away)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def status_of(error: Exception) -> int:
    """Return the HTTP status of one of our errors, 500 for what has none."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def problem(
    status: int,
    *,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> AnyResponse:
    """Return the error in the shape that the current address asks for; *facts* are for programs."""
    g.problem_code = code
    title = HTTPStatus(status).phrase
    if request.path.startswith("/api/"):
        response: AnyResponse = problem_json(status, code=code, title=title, detail=detail, facts=facts or {})
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            code=code,
            title=title.capitalize(),
            message=detail,
            advice=_ADVICE_FOR.get(code) or _ADVICE.get(status, _ADVICE_FOR_ALL),
            request_id=g.get("request_id", ""),
        )
        response = make_response(page, status)
    response.headers.extend(headers or {})
    return response


def problem_json(status: int, *, code: str, title: str, detail: str, facts: Mapping[str, Any]) -> Response:
    """Return an error as RFC 9457 has it, with more *facts* about it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": g.get("request_id", ""),
        **facts,
    }
    return Response(json.dumps(body), status, content_type="application/problem+json")


def refused(page: str, error: errors.ThumbAppError) -> Response:
    """Return *page*, on which the sentence of *error* stands, with the status that goes with it."""
    g.problem_code = error.code
    return make_response(page, status_of(error), headers_for(error))


def answer(error: errors.ThumbAppError | redis.RedisError) -> AnyResponse:
    """Return what is said of *error*, one of ours or one of Redis."""
    return _redis_away(error) if isinstance(error, redis.RedisError) else _known(error)


def headers_for(error: errors.ThumbAppError) -> dict[str, str]:
    """Return what the status of *error* needs beside it: when to try again, how to sign in."""
    if isinstance(error, errors.Unavailable | errors.Throttled):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.SignInRequired | errors.TokenRefused):
        return {"WWW-Authenticate": 'Bearer realm="ThumbApp"'}
    return {}


def _known(error: errors.ThumbAppError) -> AnyResponse:
    if isinstance(error, errors.RedisUnavailable):  # the error page asks no server that is away
        g.worker_status = WorkerStatus(known=False)
        identity.forget()
    if isinstance(error, errors.Unavailable):
        _log.warning("%s %s: %s", request.method, request.path, error)
    return problem(
        status_of(error),
        code=error.code,
        detail=str(error),
        headers=headers_for(error),
        facts=error.facts,
    )


def _redis_away(error: redis.RedisError) -> AnyResponse:
    _log.warning("%s %s: Redis: %s", request.method, request.path, error)
    return _known(errors.RedisUnavailable())


def _forged(error: CSRFError) -> AnyResponse:
    detail = "The form was open for too long or came from another site, so nothing was done. Reload the page."
    return problem(400, code="csrf", detail=detail)


def _http(error: HTTPException) -> AnyResponse:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if isinstance(error, SecurityError):  # without a known host no page can be built
        return Response(
            "This host name is not served; add it to THUMBAPP_ALLOWED_HOSTS.\n", 400, mimetype="text/plain"
        )
    if isinstance(error, RequestEntityTooLarge):
        return _known(_too_large())
    code = error.name.lower().replace(" ", "-")
    kept = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    detail = _PLAINLY.get(error.code) or error.description or "The request could not be served."
    return problem(error.code, code=code, detail=detail, headers=kept)


def _too_large() -> errors.ThumbAppError:
    """Return what is too large: the request, or only its form; Werkzeug does not say."""
    limit = int(current_app.config["MAX_CONTENT_LENGTH"] or 0)
    if request.content_length is None or request.content_length > limit:
        return errors.RequestTooLarge(limit)
    return errors.FormTooLarge()


def _unknown(error: Exception) -> AnyResponse:
    _log.exception("%s %s failed, request %s", request.method, request.path, g.get("request_id", ""))
    return problem(
        500, code="internal", detail="Something went wrong on the server. It was written to the log."
    )

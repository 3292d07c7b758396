"""What every response carries and every request must pass: policy, origin, CSRF, host, log line."""

import logging
import secrets
import time
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import access
from thumbapp.blueprints.context import has_session_cookie

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; img-src 'self' data: blob:; base-uri 'none'; frame-ancestors 'none'"
)
MEDIA_POLICY: Final = "default-src 'none'; sandbox"
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
# What these show, a browser does not keep: tokens, links, who is who.
_SECRET_PAGES: Final = {"account", "audit", "sign_in", "users"}
_OWN_SITES: Final = {"same-origin", "none"}

csrf = CSRFProtect()
_log = logging.getLogger("thumbapp.web")


def init_app(app: Flask) -> None:
    """Guard every request of *app* and dress every response."""
    app.before_request(_begin)
    access.init_app(app)
    app.before_request(_check_origin)
    csrf.init_app(app)
    app.after_request(_dress)


def protect_cookie_request() -> None:
    """Check the CSRF token of an unsafe API request that carries our cookie.

    One without the cookie acts as nobody, so there is nothing that a foreign page could borrow.
    """
    if request.method not in _SAFE and has_session_cookie():
        csrf.protect()


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began = time.perf_counter()


def _check_origin() -> None:
    """Refuse an unsafe request that the browser says comes from another site."""
    if request.method in _SAFE or not has_session_cookie():
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES:
        raise Forbidden("The request came from another site, so nothing was done.")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("The request came from another site, so nothing was done.")


def _dress(response: AnyResponse) -> AnyResponse:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Request-ID"] = g.get("request_id", "")
    if not (request.endpoint or "").endswith("static"):
        is_secret = request.blueprint in _SECRET_PAGES
        headers.setdefault("Cache-Control", "no-store" if is_secret else "no-cache, private")
        response.vary.add("Cookie")
        _log_request(response)
    return response


def _log_request(response: AnyResponse) -> None:
    took_ms = (time.perf_counter() - g.began) * 1000 if "began" in g else 0.0
    level = logging.DEBUG if request.endpoint in {"health.alive", "health.ready"} else logging.INFO
    _log.log(
        level,
        "%s %s %s %.0f ms %s",
        request.method,
        request.path,
        response.status_code,
        took_ms,
        g.get("request_id", ""),
    )

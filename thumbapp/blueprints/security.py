"""What every response carries and every request must pass: policy, origin, CSRF, host, log line."""

import logging
import secrets
import time
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Forbidden, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import access, identity
from thumbapp.blueprints.context import has_session_cookie, parts
from thumbapp.runtime.headers import ALWAYS, HSTS, POLICY

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
# What these show, a browser does not keep: tokens, links, who is who.
_SECRET_PAGES: Final = {"account", "audit", "sign_in", "users"}
_OWN_SITES: Final = {"same-origin", "none"}

_LINE: Final = "%(method)s %(path)s %(status)s %(ms)s ms %(request_id)s %(who)s %(address)s"

csrf = CSRFProtect()
_log = logging.getLogger("thumbapp.web")


def init_app(app: Flask) -> None:
    """Guard every request of *app* and dress every response."""
    app.before_request(_begin)
    app.before_request(_check_host)
    access.init_app(app)
    app.before_request(_check_origin)
    csrf.init_app(app)
    app.after_request(_dress)


def protect_cookie_request() -> None:
    """Check CSRF token and origin of an unsafe API request that carries our cookie.

    One without the cookie acts as its token or as nobody, so there is nothing that a foreign page could
    borrow. One with it must say where it comes from: every browser does.
    """
    if request.method in _SAFE or not has_session_cookie():
        return
    csrf.protect()
    if "Origin" not in request.headers and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise Forbidden("The request carries a cookie and does not say that it comes from this site.")


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began = time.perf_counter()


def _check_host() -> None:
    """Refuse a host that is neither a loopback name nor allowed; ``.example`` allows what ends so, too.

    Flask's own TRUSTED_HOSTS cuts an IPv6 address at its first colon.
    """
    is_named = "Host" in request.headers or request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0"
    name = urlsplit(f"//{request.host}").hostname or "" if is_named else ""
    for allowed in (*LOOPBACK, *parts().settings.allowed_hosts):
        if name == allowed.strip("[]") or (allowed.startswith(".") and f".{name}".endswith(allowed)):
            return
    raise SecurityError


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
    headers.update(ALWAYS)
    if request.is_secure:
        headers["Strict-Transport-Security"] = HSTS
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
    facts = {
        "method": request.method,
        "path": _path_to_log(),
        "status": response.status_code,
        "ms": round(took_ms),
        "request_id": g.get("request_id", ""),
        "who": identity.known_name(),
        "address": identity.address(),
    }
    _log.log(level, _LINE, facts, extra={"facts": facts})


def _path_to_log() -> str:
    """Return the path, but for one that is a secret itself."""
    rule = request.url_rule
    return rule.rule if rule and request.endpoint == "sign_in.link" else request.path

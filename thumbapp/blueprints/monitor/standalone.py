"""The monitor in any Flask app with a `StreamHuey`: one call registers it, under a frame of its own.

Its templates are rendered by an environment of their own, so that neither its names nor the app's
templates, filters and globals are in each other's way.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import flask_bootstrap
import redis
from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from flask.templating import Environment
from jinja2 import FileSystemLoader
from werkzeug.wrappers import Response as AnyResponse

from thumbapp import resources
from thumbapp.blueprints import filters, problems
from thumbapp.blueprints.monitor import views
from thumbapp.blueprints.monitor.blueprint import data
from thumbapp.blueprints.monitor.context import EXTENSION, Monitor
from thumbapp.errors import RedisUnavailable, ThumbAppError
from thumbapp.live.hub import Hub
from thumbapp.live.listener import BLOCK_MS
from thumbapp.taskqueue.control import Owner
from thumbapp.taskqueue.queue import StreamHuey

STREAMS: Final = 8
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_log = logging.getLogger("thumbapp.monitor")


def register_monitor(
    app: Flask,
    huey: StreamHuey,
    *,
    allow: Callable[[], bool],
    url_prefix: str = "/monitor",
    layout: str | None = None,
    audit: Callable[[str, str], None] | None = None,
    timezone: str = "UTC",
    streams: int = STREAMS,
    owners: dict[str, Owner] | None = None,
) -> None:
    """Add the monitor of *huey* to *app*: pages below *url_prefix*, JSON below ``<url_prefix>/api/v1``.

    *allow* says for the current request whether who asks may see and change tasks: there is no default,
    for whoever may can run every registered task. *layout* is a template of *app* with the blocks
    ``title``, ``head``, ``content`` and ``scripts``; None: a plain frame. *audit* is told action and
    target of whatever changes something; None: it is logged. At most *streams* live streams are open.
    """
    app.extensions[EXTENSION] = Monitor(
        host=_AppHost(app, allow=allow, layout=layout, audit=audit or _to_log, timezone=timezone),
        client=huey.client,
        namespace=huey.namespace,
        huey=huey,
        hub=Hub(partial(_listening_client, huey.client), namespace=huey.namespace, capacity=streams),
        owners=owners or {},
        timezone=timezone,
    )
    for name, folder in (("monitor_assets", _static()), ("monitor_bootstrap", _bootstrap())):
        shown = Blueprint(name, __name__, static_folder=str(folder), static_url_path=f"/{name}")
        app.register_blueprint(shown, url_prefix=url_prefix)
    views.mount(app, pages_at=url_prefix, data_at=f"{url_prefix}/api/v1")


class _AppHost:
    """An app that knows nothing of ThumbApp as the site around the monitor."""

    def __init__(
        self,
        app: Flask,
        *,
        allow: Callable[[], bool],
        layout: str | None,
        audit: Callable[[str, str], None],
        timezone: str,
    ) -> None:
        self._allow = allow
        self._audit = audit
        self._layout = layout
        self._pages = _environment(app, timezone=timezone)

    def guard(self, *, is_api: bool) -> None:
        """Refuse who may not, and what another site's page sends; the app's own CSRF check stays its own."""
        if not self._allow():
            abort(403)
        if request.method not in _SAFE and not _is_from_here(is_api=is_api):
            abort(403, "The request came from another site, so nothing was done.")

    def render(self, template: str, /, **shown: Any) -> str:
        """Return the page *template* in the app's layout, or in the plain frame."""
        layout: Any = "monitor/frame.html"
        if self._layout:
            layout = current_app.jinja_env.get_template(self._layout)
        context: dict[str, Any] = {}
        current_app.update_template_context(context)
        return self._pages.get_template(template).render(**context | shown, layout=layout)

    def note(self, action: str, target: str = "") -> None:
        """Tell the app what is being done."""
        self._audit(action, target)

    def told(self, error: ThumbAppError | redis.RedisError) -> AnyResponse:
        """Return a page of the error, or problem+json."""
        known = error if isinstance(error, ThumbAppError) else RedisUnavailable()
        status = problems.status_of(known)
        title = HTTPStatus(status).phrase
        if request.blueprint == data.name:
            answer = problems.problem_json(status, code=known.code, title=title, detail=str(known), facts={})
        else:
            page = self.render("monitor/problem.html", status=status, title=title, message=str(known))
            answer = Response(page, status)
        answer.headers.extend(problems.headers_for(known))
        return answer

    def visitor(self) -> str:
        """Return the address that looks."""
        return request.remote_addr or ""


def _environment(app: Flask, *, timezone: str) -> Environment:
    """Return what renders our templates for *app*: our filters, and the few globals they ask for."""
    pages = Environment(app, loader=FileSystemLoader(resources.folder("templates")), autoescape=True)
    pages.globals |= app.jinja_env.globals | {
        "asset": lambda filename: url_for("monitor_assets.static", filename=filename),
        "bootstrap_css": lambda: url_for("monitor_bootstrap.static", filename="css/bootstrap.min.css"),
        "may": lambda endpoint: True,
        "csrf_token": _csrf_token,
    }
    for function in (filters.filesize, filters.ago, filters.iso, filters.counted):
        pages.filters[function.__name__] = function
    pages.filters |= {"span": filters.span, "shortened": filters.shortened}
    pages.filters["exact"] = partial(filters.exact, timezone=timezone)
    return pages


def _csrf_token() -> str:
    """Return the app's own token where it checks one with Flask-WTF."""
    made = current_app.jinja_env.globals.get("csrf_token")
    return str(made()) if callable(made) and "csrf" in current_app.extensions else ""


def _is_from_here(*, is_api: bool) -> bool:
    """Whether a page of this site sent the request; a program that sends no cookie is no page."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site in {"same-origin", "none"}
    if (origin := request.headers.get("Origin")) is not None:
        return urlsplit(origin).netloc == request.host
    return is_api and not request.cookies


def _listening_client(client: redis.Redis) -> redis.Redis:
    """Return a client of the same server that waits long enough to listen."""
    pool = client.connection_pool
    options = pool.connection_kwargs | {"socket_timeout": BLOCK_MS / 1000 + 5}
    with suppress(KeyError):
        del options["maintenance_notifications_config"]  # redis-py's own, bound to its pool
    return redis.Redis(
        connection_pool=redis.ConnectionPool(connection_class=pool.connection_class, **options)
    )


def _to_log(action: str, target: str) -> None:
    _log.info("%s %s by %s", action, target, request.remote_addr)


def _static() -> Path:
    return resources.folder("static")


def _bootstrap() -> Path:
    return Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"

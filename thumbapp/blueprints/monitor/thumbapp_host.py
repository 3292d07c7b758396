"""The monitor inside ThumbApp: our frame, our table of rights, our audit and our error pages."""

from typing import Any

import redis
from flask import Flask, render_template
from werkzeug.wrappers import Response

from thumbapp.blueprints import audit_trail, problems
from thumbapp.blueprints.context import Parts
from thumbapp.blueprints.identity import address, owner
from thumbapp.blueprints.monitor import blueprint, views
from thumbapp.blueprints.monitor.context import EXTENSION, Monitor
from thumbapp.blueprints.security import csrf, protect_cookie_request
from thumbapp.errors import ThumbAppError
from thumbapp.jobs.control import JobControl
from thumbapp.taskqueue.queue import StreamHuey


class ThumbAppHost:
    """ThumbApp as the site around the monitor; `thumbapp.blueprints.access` says who may what."""

    def guard(self, *, is_api: bool) -> None:
        """Check CSRF for the API; the table of rights was asked before."""
        if is_api:
            protect_cookie_request()

    def render(self, template: str, /, **shown: Any) -> str:
        """Return the page *template* in ThumbApp's frame."""
        return render_template(template, layout="base.html", **shown)

    def note(self, action: str, target: str = "") -> None:
        """Say what the audit is to say of this request."""
        audit_trail.note(action, target)

    def told(self, error: ThumbAppError | redis.RedisError) -> Response:
        """Return our error page, or problem+json."""
        return problems.answer(error)

    def visitor(self) -> str:
        """Return who looks."""
        return owner() or address()


def init_app(app: Flask, parts: Parts, huey: StreamHuey) -> None:
    """Add the monitor to *app*, ThumbApp itself."""
    app.extensions[EXTENSION] = Monitor(
        host=ThumbAppHost(),
        client=parts.redis,
        namespace=parts.settings.namespace,
        huey=huey,
        hub=parts.hub,
        owners={"make_thumbnails": JobControl(parts.jobs)},
        timezone=parts.settings.timezone or "UTC",
    )
    csrf.exempt(blueprint.data)
    views.mount(app, pages_at="", data_at="/api/v1")

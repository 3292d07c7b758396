"""`create_app`: the Flask application, assembled from its parts by a helper each."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_compress import Compress
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

from thumbapp import __version__, cli, resources
from thumbapp.accounts.service import Accounts
from thumbapp.audit import AuditLog
from thumbapp.blueprints import (
    account,
    api,
    assets,
    audit,
    audit_trail,
    filters,
    health,
    identity,
    jobs,
    metrics,
    problems,
    schedule_api,
    schedule_pages,
    schedules,
    security,
    sign_in,
    users,
)
from thumbapp.blueprints.browser_session import BrowserSessions
from thumbapp.blueprints.context import EXTENSION, Parts, worker_status
from thumbapp.blueprints.explorer import api as explorer_api
from thumbapp.blueprints.explorer.blueprints import PAGES as REDIS_PAGES
from thumbapp.blueprints.monitor import thumbapp_host as monitor
from thumbapp.config import MEGA, Settings
from thumbapp.explorer.service import Explorer
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.service import Enqueue, JobService
from thumbapp.live.hub import Hub
from thumbapp.live.listener import BLOCK_MS
from thumbapp.live.poll_throttle import PollThrottle
from thumbapp.runtime.connection import connect
from thumbapp.runtime.disk_space import DiskSpace
from thumbapp.runtime.request_body import RequestBodyMiddleware
from thumbapp.runtime.web import THREADS
from thumbapp.taskqueue.control import TaskControl
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.scheduling import schedules_of
from thumbapp.taskqueue.workers import WorkerRegistry

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SHUTDOWN: Final = "thumbapp.shutdown"
_THREADS_KEPT_FREE: Final = 16


def create_app(
    settings: Settings | None = None,
    *,
    enqueue: Enqueue | None = None,
    huey: StreamHuey | None = None,
    server_threads: int = THREADS,
) -> Flask:
    """Return the application; nothing is connected before the first request.

    *settings* default to the environment's, *enqueue* and *huey*, the queue with its tasks, to those of
    `thumbapp.tasks`. *server_threads* is how many requests the server works on at once: live streams
    leave 16 of them free.
    """
    settings = settings or Settings.from_environ()
    app = Flask(
        "thumbapp", static_folder=resources.folder("static"), template_folder=resources.folder("templates")
    )
    app.instance_path = str(settings.data_dir)
    _configure(app, settings)
    huey = huey or _huey()
    _assemble(app, settings, enqueue=enqueue or _queue(), huey=huey, server_threads=server_threads)
    _extend(app)
    _add_pages(app)
    monitor.init_app(app, app.extensions[EXTENSION], huey)
    for name in cli.COMMANDS:
        app.cli.add_command(cli.load(name), name)
    app.wsgi_app = _wrapped(app, settings)  # type: ignore[assignment,method-assign]  # Flask documents it
    return app


def _wrapped(app: Flask, settings: Settings) -> "WSGIApplication":
    """Return *app* behind what reads requests for it."""
    hops = settings.trusted_proxies
    app_with_bodies = RequestBodyMiddleware(app.wsgi_app, DiskSpace(settings.min_free_mb * MEGA))
    if not hops:
        return app_with_bodies
    return ProxyFix(app_with_bodies, x_for=hops, x_proto=hops, x_host=hops)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret(),
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_PARTS=settings.max_files + 200,
        SESSION_COOKIE_NAME="thumbapp_session",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=365),
        SEND_FILE_MAX_AGE_DEFAULT=None,
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        COMPRESS_MIMETYPES=["text/css", "text/javascript", "image/svg+xml"],
        COMPRESS_ALGORITHM=["br", "gzip"],
    )


def _assemble(
    app: Flask, settings: Settings, *, enqueue: Enqueue, huey: StreamHuey, server_threads: int
) -> None:
    client = connect(settings, name="thumbapp-web")
    ledger = Ledger.from_settings(settings, client)
    hub = Hub(
        lambda: connect(settings, read_timeout_s=BLOCK_MS / 1000 + 5, name="thumbapp-live"),
        namespace=settings.namespace,
        capacity=settings.sse_streams or max(1, server_threads - _THREADS_KEPT_FREE),
    )
    audit_log = AuditLog(client, namespace=settings.namespace)
    redis_explorer = Explorer(settings, client=client, audit=audit_log)
    app.extensions[EXTENSION] = Parts(
        settings=settings,
        redis=client,
        jobs=JobService(settings, ledger=ledger, enqueue=enqueue, withdraw=TaskControl(huey).withdraw),
        media=ledger.media,
        workers=WorkerRegistry(client, namespace=settings.namespace),
        hub=hub,
        poll_throttle=PollThrottle(),
        accounts=Accounts(client, namespace=settings.namespace),
        audit=audit_log,
        explorer=redis_explorer,
        schedules=schedules_of(huey, client, namespace=settings.namespace, timezone=settings.timezone),
    )
    app.extensions[SHUTDOWN] = [hub.close, redis_explorer.close]


def _queue() -> Enqueue:
    from thumbapp.tasks import enqueue_job

    return enqueue_job


def _huey() -> StreamHuey:
    from thumbapp.tasks import huey

    return huey


def _extend(app: Flask) -> None:
    Bootstrap5(app)
    Compress(app)
    parts: Parts = app.extensions[EXTENSION]
    identity.init_app(app, BrowserSessions(parts.accounts.sessions))
    audit_trail.init_app(app)
    security.init_app(app)
    problems.init_app(app)
    filters.init_app(app)
    assets.init_app(app)
    shown = {"version": __version__, "settings": parts.settings}
    asked = {
        "worker_status": LocalProxy(worker_status),
        "schedule_alerts": LocalProxy(schedule_pages.alerts),
    }
    app.context_processor(lambda: shown | asked)


def _add_pages(app: Flask) -> None:
    for blueprint in (api.bp, schedule_api.bp, explorer_api.bp):
        security.csrf.exempt(blueprint)  # they check by themselves: without our cookie no token is needed
        app.register_blueprint(blueprint)
    people = (sign_in.bp, account.bp, users.bp, audit.bp)
    for blueprint in (jobs.bp, health.bp, metrics.bp, *people, *REDIS_PAGES, schedules.bp):
        app.register_blueprint(blueprint)

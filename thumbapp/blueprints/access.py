"""Who may ask for what: one table, and whatever is not in it is nobody's.

A test walks every address as a visitor, a user, an operator, an administrator and a token.
"""

from enum import StrEnum
from typing import Final

from flask import Flask, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from thumbapp.accounts.model import Role
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.identity import Asker, asker
from thumbapp.errors import RedisUnavailable, RoleTooLow, SignInRequired


class AccessLevel(StrEnum):
    """What must be true of who asks for something; each includes the one before it."""

    NOTHING = "nothing"  # not even Redis
    ADDRESS = "address"  # whoever knows the address, which cannot be guessed where it matters
    UPLOAD = "upload"  # whoever may upload: everybody unless THUMBAPP_PUBLIC_UPLOAD is 0
    USER = Role.USER
    OPERATOR = Role.OPERATOR
    ADMIN = Role.ADMIN


ACCESS_LEVELS: Final[dict[str, AccessLevel]] = {
    "static": AccessLevel.NOTHING,
    "bootstrap.static": AccessLevel.NOTHING,
    "health.alive": AccessLevel.NOTHING,
    "health.ready": AccessLevel.NOTHING,
    "metrics.show": AccessLevel.OPERATOR,
    "jobs.create": AccessLevel.UPLOAD,
    "jobs.index": AccessLevel.UPLOAD,
    "jobs.show": AccessLevel.ADDRESS,
    "jobs.panel": AccessLevel.ADDRESS,
    "jobs.row": AccessLevel.ADDRESS,
    "jobs.batch": AccessLevel.ADDRESS,
    "jobs.batch_panel": AccessLevel.ADDRESS,
    "jobs.status": AccessLevel.ADDRESS,
    # Whose job it is, or whether its delete token was sent, the job service checks.
    "jobs.cancel": AccessLevel.ADDRESS,
    "jobs.retry": AccessLevel.ADDRESS,
    "jobs.delete": AccessLevel.ADDRESS,
    "api.describe": AccessLevel.UPLOAD,
    "api.create": AccessLevel.UPLOAD,
    "api.index": AccessLevel.UPLOAD,
    "api.show": AccessLevel.ADDRESS,
    "api.delete": AccessLevel.ADDRESS,
    "api.retry": AccessLevel.ADDRESS,
    "api.events": AccessLevel.ADDRESS,
    "api.archive": AccessLevel.ADDRESS,
    "api.thumbnail": AccessLevel.ADDRESS,
    "api.batch": AccessLevel.ADDRESS,
    "api.batch_events": AccessLevel.ADDRESS,
    "api.batch_archive": AccessLevel.ADDRESS,
    "sign_in.login": AccessLevel.ADDRESS,
    "sign_in.logout": AccessLevel.ADDRESS,
    "sign_in.link": AccessLevel.ADDRESS,
    "schedules.index": AccessLevel.OPERATOR,
    "schedules.panel": AccessLevel.OPERATOR,
    "schedules.demo": AccessLevel.OPERATOR,
    "schedules.create": AccessLevel.OPERATOR,
    "schedules.preview": AccessLevel.OPERATOR,
    "schedules.arguments": AccessLevel.OPERATOR,
    "schedules.show": AccessLevel.OPERATOR,
    "schedules.show_panel": AccessLevel.OPERATOR,
    "schedules.edit": AccessLevel.OPERATOR,
    "schedules.run": AccessLevel.OPERATOR,
    "schedules.switch": AccessLevel.OPERATOR,
    "schedules.reset": AccessLevel.OPERATOR,
    "schedules.duplicate": AccessLevel.OPERATOR,
    "schedules.delete": AccessLevel.OPERATOR,
    "schedules.bulk": AccessLevel.OPERATOR,
    "schedule_api.index": AccessLevel.OPERATOR,
    "schedule_api.create": AccessLevel.OPERATOR,
    "schedule_api.show": AccessLevel.OPERATOR,
    "schedule_api.edit": AccessLevel.OPERATOR,
    "schedule_api.delete": AccessLevel.OPERATOR,
    "schedule_api.run": AccessLevel.OPERATOR,
    "schedule_api.preview": AccessLevel.OPERATOR,
    "schedule_api.preview_of": AccessLevel.OPERATOR,
    "schedule_api.history": AccessLevel.OPERATOR,
    "account.show": AccessLevel.USER,
    "account.set_password": AccessLevel.USER,
    "account.create_token": AccessLevel.USER,
    "account.revoke_token": AccessLevel.USER,
    "account.end_session": AccessLevel.USER,
    "account.end_sessions": AccessLevel.USER,
    "users.index": AccessLevel.ADMIN,
    "users.add": AccessLevel.ADMIN,
    "users.change_role": AccessLevel.ADMIN,
    "users.invite": AccessLevel.ADMIN,
    "users.remove": AccessLevel.ADMIN,
    "audit.index": AccessLevel.ADMIN,
    "audit.export": AccessLevel.ADMIN,
    "explorer.index": AccessLevel.OPERATOR,
    "explorer.panel": AccessLevel.OPERATOR,
    "explorer.entries": AccessLevel.OPERATOR,
    "explorer.scan_keys": AccessLevel.OPERATOR,
    "explorer.status": AccessLevel.OPERATOR,
    "explorer.set_mode": AccessLevel.OPERATOR,
    "explorer_console.show": AccessLevel.OPERATOR,
    "explorer_bench.show": AccessLevel.OPERATOR,
    "explorer_bench.run": AccessLevel.OPERATOR,
    "explorer_bench.stream": AccessLevel.OPERATOR,
    "explorer_bench.save": AccessLevel.OPERATOR,
    "explorer_acl.show": AccessLevel.ADMIN,
    "explorer_acl.save": AccessLevel.ADMIN,
    "explorer_acl.remove": AccessLevel.ADMIN,
    "explorer_server.show": AccessLevel.OPERATOR,
    "explorer_server.charts": AccessLevel.OPERATOR,
    "explorer_server.change_setting": AccessLevel.OPERATOR,
    "explorer_server.kill_client": AccessLevel.OPERATOR,
    "explorer_server.forget_slow_commands": AccessLevel.OPERATOR,
    "explorer_scripts.show": AccessLevel.ADMIN,
    "explorer_scripts.act": AccessLevel.ADMIN,
    "explorer_scripts.remove": AccessLevel.ADMIN,
    "explorer_scripts.kill": AccessLevel.ADMIN,
    "explorer_scripts.flush": AccessLevel.ADMIN,
    "explorer_scripts.load_library": AccessLevel.ADMIN,
    "explorer_scripts.delete_library": AccessLevel.ADMIN,
    "explorer_scripts.call": AccessLevel.ADMIN,
    "explorer_pubsub.show": AccessLevel.OPERATOR,
    "explorer_pubsub.counts": AccessLevel.OPERATOR,
    "explorer_pubsub.stream": AccessLevel.OPERATOR,
    "explorer_pubsub.messages": AccessLevel.OPERATOR,
    "explorer_pubsub.publish": AccessLevel.OPERATOR,
    "explorer_events.show": AccessLevel.OPERATOR,
    "explorer_events.change": AccessLevel.OPERATOR,
    "explorer_events.restore": AccessLevel.OPERATOR,
    "explorer_events.leave": AccessLevel.OPERATOR,
    "explorer_events.stream": AccessLevel.OPERATOR,
    "explorer_events.messages": AccessLevel.OPERATOR,
    "explorer_console.type_line": AccessLevel.OPERATOR,
    "explorer_console.run": AccessLevel.OPERATOR,
    "explorer_console.completions": AccessLevel.OPERATOR,
    "explorer_console.reply": AccessLevel.OPERATOR,
    "explorer_console.close": AccessLevel.OPERATOR,
    "explorer_console.forget": AccessLevel.OPERATOR,
    "explorer_console.wait": AccessLevel.OPERATOR,
    "explorer_console.stop_waiting": AccessLevel.OPERATOR,
    # How far a command may go, the explorer's gate decides.
    "explorer_api.keys": AccessLevel.OPERATOR,
    "explorer_api.value": AccessLevel.OPERATOR,
    "explorer_api.command": AccessLevel.OPERATOR,
    "monitor.tasks": AccessLevel.OPERATOR,
    "monitor.task_rows": AccessLevel.OPERATOR,
    "monitor.task_news": AccessLevel.OPERATOR,
    "monitor.task_events": AccessLevel.OPERATOR,
    "monitor.new_task": AccessLevel.OPERATOR,
    "monitor.run_task": AccessLevel.OPERATOR,
    "monitor.task": AccessLevel.OPERATOR,
    "monitor.task_panel": AccessLevel.OPERATOR,
    "monitor.one_task_events": AccessLevel.OPERATOR,
    "monitor.cancel_task": AccessLevel.OPERATOR,
    "monitor.retry_task": AccessLevel.OPERATOR,
    "monitor.ask_retry_all": AccessLevel.OPERATOR,
    "monitor.retry_all": AccessLevel.OPERATOR,
    "monitor.dead": AccessLevel.OPERATOR,
    "monitor.ask_purge": AccessLevel.OPERATOR,
    "monitor.purge": AccessLevel.OPERATOR,
    "monitor.dead_letter": AccessLevel.OPERATOR,
    "monitor.put_back": AccessLevel.OPERATOR,
    "monitor.overview": AccessLevel.OPERATOR,
    "monitor.overview_panel": AccessLevel.OPERATOR,
    "monitor.workers": AccessLevel.OPERATOR,
    "monitor.workers_panel": AccessLevel.OPERATOR,
    "monitor.stop_worker": AccessLevel.OPERATOR,
    "monitor.pause_queue": AccessLevel.OPERATOR,
    "monitor.resume_queue": AccessLevel.OPERATOR,
    "monitor_api.workers": AccessLevel.OPERATOR,
    "monitor_api.stop_worker": AccessLevel.OPERATOR,
    "monitor_api.queues": AccessLevel.OPERATOR,
    "monitor_api.pause_queue": AccessLevel.OPERATOR,
    "monitor_api.resume_queue": AccessLevel.OPERATOR,
    "monitor_api.registry": AccessLevel.OPERATOR,
    "monitor_api.tasks": AccessLevel.OPERATOR,
    "monitor_api.run_task": AccessLevel.OPERATOR,
    "monitor_api.task": AccessLevel.OPERATOR,
    "monitor_api.cancel_task": AccessLevel.OPERATOR,
    "monitor_api.retry_task": AccessLevel.OPERATOR,
    "explorer_changes.new": AccessLevel.OPERATOR,
    "explorer_changes.change": AccessLevel.OPERATOR,
    "explorer_changes.copy": AccessLevel.OPERATOR,
    "explorer_changes.undo": AccessLevel.OPERATOR,
    "explorer_files.raw": AccessLevel.OPERATOR,
    "explorer_files.export_keys": AccessLevel.OPERATOR,
    "explorer_files.show_import": AccessLevel.OPERATOR,
    "explorer_files.import_keys": AccessLevel.OPERATOR,
    "explorer_bulk.show": AccessLevel.OPERATOR,
    "explorer_bulk.work": AccessLevel.OPERATOR,
    "explorer_analysis.show": AccessLevel.OPERATOR,
}


_FOR_PROGRAMS: Final = ("/api/", "/metrics")


def init_app(app: Flask) -> None:
    """Let nobody of *app* through who may not."""
    app.before_request(_guard)
    app.add_template_global(may)
    app.add_template_global(here)


def access_level_of(endpoint: str) -> AccessLevel | None:
    """Return what *endpoint* needs with the settings as they are; None: nobody may."""
    level = ACCESS_LEVELS.get(endpoint)
    if level is AccessLevel.UPLOAD:
        return AccessLevel.ADDRESS if parts().settings.public_upload else AccessLevel.USER
    return level


def may(endpoint: str) -> bool:
    """Whether who is asking may ask for *endpoint*: what menus and buttons are shown by."""
    level = access_level_of(endpoint)
    return level is not None and _is_met(level, asker())


def _is_met(level: AccessLevel, who: Asker) -> bool:
    return level in (AccessLevel.NOTHING, AccessLevel.ADDRESS) or who.may(Role(level))


def _guard() -> Response | None:
    """Refuse what the table does not allow; a visitor's browser is led to the sign-in page."""
    if request.endpoint is None:  # no such address: its own error says so
        return None
    level = access_level_of(request.endpoint)
    if level is None:
        raise Forbidden("Nobody may ask for this address.")
    if level is AccessLevel.NOTHING:
        return None
    if getattr(session, "is_away", False):
        raise RedisUnavailable
    who = asker()
    if _is_met(level, who):
        return None
    if who.is_authenticated:
        raise RoleTooLow(level)
    if _is_page_visit():
        return redirect(url_for("sign_in.login", next=here()))
    raise SignInRequired


def here() -> str:
    """Return the path to come back to after signing in."""
    return safe_path(request.full_path.rstrip("?")) if request.method in {"GET", "HEAD"} else "/"


def _is_page_visit() -> bool:
    """Whether a person opens a page, rather than a script or a program asking for something."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return (
        request.method in {"GET", "HEAD"}
        and mode == "navigate"
        and not request.path.startswith(_FOR_PROGRAMS)
    )


def safe_path(text: str) -> str:
    """Return *text* when it is a path of this site to go to next, ``/`` otherwise.

    Browsers take ``//host``, ``/\\host`` and ``/<tab>/host`` for other sites.
    """
    is_path = text.startswith("/") and not text.startswith("//")
    is_plain = "\\" not in text and text.isprintable() and " " not in text
    return text if is_path and is_plain else "/"

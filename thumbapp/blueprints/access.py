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


class Need(StrEnum):
    """What is needed to ask for something; each needs all that the one before it needs."""

    NOTHING = "nothing"  # not even Redis
    ADDRESS = "address"  # whoever knows the address, which cannot be guessed where it matters
    UPLOAD = "upload"  # whoever may upload: everybody unless THUMBAPP_PUBLIC_UPLOAD is 0
    USER = Role.USER
    OPERATOR = Role.OPERATOR
    ADMIN = Role.ADMIN


NEEDS: Final[dict[str, Need]] = {
    "static": Need.NOTHING,
    "bootstrap.static": Need.NOTHING,
    "health.alive": Need.NOTHING,
    "health.ready": Need.NOTHING,
    "metrics.show": Need.OPERATOR,
    "jobs.create": Need.UPLOAD,
    "jobs.index": Need.UPLOAD,
    "jobs.show": Need.ADDRESS,
    "jobs.panel": Need.ADDRESS,
    "jobs.row": Need.ADDRESS,
    "jobs.batch": Need.ADDRESS,
    "jobs.batch_panel": Need.ADDRESS,
    "jobs.status": Need.ADDRESS,
    # Whose job it is, or whether its delete token was sent, the job service checks.
    "jobs.cancel": Need.ADDRESS,
    "jobs.retry": Need.ADDRESS,
    "jobs.delete": Need.ADDRESS,
    "api.describe": Need.UPLOAD,
    "api.create": Need.UPLOAD,
    "api.index": Need.UPLOAD,
    "api.show": Need.ADDRESS,
    "api.delete": Need.ADDRESS,
    "api.retry": Need.ADDRESS,
    "api.events": Need.ADDRESS,
    "api.archive": Need.ADDRESS,
    "api.thumbnail": Need.ADDRESS,
    "api.batch": Need.ADDRESS,
    "api.batch_events": Need.ADDRESS,
    "api.batch_archive": Need.ADDRESS,
    "sign_in.login": Need.ADDRESS,
    "sign_in.logout": Need.ADDRESS,
    "sign_in.link": Need.ADDRESS,
    "schedules.index": Need.OPERATOR,
    "schedules.panel": Need.OPERATOR,
    "schedules.demo": Need.OPERATOR,
    "schedules.create": Need.OPERATOR,
    "schedules.preview": Need.OPERATOR,
    "schedules.arguments": Need.OPERATOR,
    "schedules.show": Need.OPERATOR,
    "schedules.show_panel": Need.OPERATOR,
    "schedules.edit": Need.OPERATOR,
    "schedules.run": Need.OPERATOR,
    "schedules.switch": Need.OPERATOR,
    "schedules.reset": Need.OPERATOR,
    "schedules.duplicate": Need.OPERATOR,
    "schedules.delete": Need.OPERATOR,
    "schedules.bulk": Need.OPERATOR,
    "schedule_api.index": Need.OPERATOR,
    "schedule_api.create": Need.OPERATOR,
    "schedule_api.show": Need.OPERATOR,
    "schedule_api.edit": Need.OPERATOR,
    "schedule_api.delete": Need.OPERATOR,
    "schedule_api.run": Need.OPERATOR,
    "schedule_api.preview": Need.OPERATOR,
    "schedule_api.preview_of": Need.OPERATOR,
    "schedule_api.history": Need.OPERATOR,
    "account.show": Need.USER,
    "account.set_password": Need.USER,
    "account.create_token": Need.USER,
    "account.revoke_token": Need.USER,
    "account.end_session": Need.USER,
    "account.end_sessions": Need.USER,
    "users.index": Need.ADMIN,
    "users.add": Need.ADMIN,
    "users.change_role": Need.ADMIN,
    "users.invite": Need.ADMIN,
    "users.remove": Need.ADMIN,
    "audit.index": Need.ADMIN,
    "audit.export": Need.ADMIN,
    "explorer.index": Need.OPERATOR,
    "explorer.panel": Need.OPERATOR,
    "explorer.entries": Need.OPERATOR,
    "explorer.scan_keys": Need.OPERATOR,
    "explorer.status": Need.OPERATOR,
    "explorer.set_mode": Need.OPERATOR,
    "explorer_console.show": Need.OPERATOR,
    "explorer_bench.show": Need.OPERATOR,
    "explorer_bench.run": Need.OPERATOR,
    "explorer_bench.stream": Need.OPERATOR,
    "explorer_bench.save": Need.OPERATOR,
    "explorer_acl.show": Need.ADMIN,
    "explorer_acl.save": Need.ADMIN,
    "explorer_acl.remove": Need.ADMIN,
    "explorer_server.show": Need.OPERATOR,
    "explorer_server.charts": Need.OPERATOR,
    "explorer_server.change_setting": Need.OPERATOR,
    "explorer_server.kill_client": Need.OPERATOR,
    "explorer_server.forget_slow_commands": Need.OPERATOR,
    "explorer_scripts.show": Need.ADMIN,
    "explorer_scripts.act": Need.ADMIN,
    "explorer_scripts.remove": Need.ADMIN,
    "explorer_scripts.kill": Need.ADMIN,
    "explorer_scripts.flush": Need.ADMIN,
    "explorer_scripts.load_library": Need.ADMIN,
    "explorer_scripts.delete_library": Need.ADMIN,
    "explorer_scripts.call": Need.ADMIN,
    "explorer_pubsub.show": Need.OPERATOR,
    "explorer_pubsub.counts": Need.OPERATOR,
    "explorer_pubsub.stream": Need.OPERATOR,
    "explorer_pubsub.messages": Need.OPERATOR,
    "explorer_pubsub.publish": Need.OPERATOR,
    "explorer_events.show": Need.OPERATOR,
    "explorer_events.change": Need.OPERATOR,
    "explorer_events.restore": Need.OPERATOR,
    "explorer_events.leave": Need.OPERATOR,
    "explorer_events.stream": Need.OPERATOR,
    "explorer_events.messages": Need.OPERATOR,
    "explorer_console.type_line": Need.OPERATOR,
    "explorer_console.run": Need.OPERATOR,
    "explorer_console.completions": Need.OPERATOR,
    "explorer_console.reply": Need.OPERATOR,
    "explorer_console.close": Need.OPERATOR,
    "explorer_console.forget": Need.OPERATOR,
    "explorer_console.wait": Need.OPERATOR,
    "explorer_console.stop_waiting": Need.OPERATOR,
    # How far a command may go, the explorer's gate decides.
    "explorer_api.keys": Need.OPERATOR,
    "explorer_api.value": Need.OPERATOR,
    "explorer_api.command": Need.OPERATOR,
    "monitor.tasks": Need.OPERATOR,
    "monitor.task_rows": Need.OPERATOR,
    "monitor.task_news": Need.OPERATOR,
    "monitor.task_events": Need.OPERATOR,
    "monitor.new_task": Need.OPERATOR,
    "monitor.run_task": Need.OPERATOR,
    "monitor.task": Need.OPERATOR,
    "monitor.task_panel": Need.OPERATOR,
    "monitor.one_task_events": Need.OPERATOR,
    "monitor.cancel_task": Need.OPERATOR,
    "monitor.retry_task": Need.OPERATOR,
    "monitor.ask_retry_all": Need.OPERATOR,
    "monitor.retry_all": Need.OPERATOR,
    "monitor.dead": Need.OPERATOR,
    "monitor.ask_purge": Need.OPERATOR,
    "monitor.purge": Need.OPERATOR,
    "monitor.dead_letter": Need.OPERATOR,
    "monitor.put_back": Need.OPERATOR,
    "monitor.overview": Need.OPERATOR,
    "monitor.overview_panel": Need.OPERATOR,
    "monitor.workers": Need.OPERATOR,
    "monitor.workers_panel": Need.OPERATOR,
    "monitor.stop_worker": Need.OPERATOR,
    "monitor.pause_queue": Need.OPERATOR,
    "monitor.resume_queue": Need.OPERATOR,
    "monitor_api.workers": Need.OPERATOR,
    "monitor_api.stop_worker": Need.OPERATOR,
    "monitor_api.queues": Need.OPERATOR,
    "monitor_api.pause_queue": Need.OPERATOR,
    "monitor_api.resume_queue": Need.OPERATOR,
    "monitor_api.registry": Need.OPERATOR,
    "monitor_api.tasks": Need.OPERATOR,
    "monitor_api.run_task": Need.OPERATOR,
    "monitor_api.task": Need.OPERATOR,
    "monitor_api.cancel_task": Need.OPERATOR,
    "monitor_api.retry_task": Need.OPERATOR,
    "explorer_changes.new": Need.OPERATOR,
    "explorer_changes.change": Need.OPERATOR,
    "explorer_changes.copy": Need.OPERATOR,
    "explorer_changes.undo": Need.OPERATOR,
    "explorer_files.raw": Need.OPERATOR,
    "explorer_files.export_keys": Need.OPERATOR,
    "explorer_files.show_import": Need.OPERATOR,
    "explorer_files.import_keys": Need.OPERATOR,
    "explorer_bulk.show": Need.OPERATOR,
    "explorer_bulk.work": Need.OPERATOR,
    "explorer_analysis.show": Need.OPERATOR,
}


_FOR_PROGRAMS: Final = ("/api/", "/metrics")


def init_app(app: Flask) -> None:
    """Let nobody of *app* through who may not."""
    app.before_request(_guard)
    app.add_template_global(may)
    app.add_template_global(here)


def need_of(endpoint: str) -> Need | None:
    """Return what *endpoint* needs with the settings as they are; None: nobody may."""
    need = NEEDS.get(endpoint)
    if need is Need.UPLOAD:
        return Need.ADDRESS if parts().settings.public_upload else Need.USER
    return need


def may(endpoint: str) -> bool:
    """Whether who is asking may ask for *endpoint*: what menus and buttons are shown by."""
    need = need_of(endpoint)
    return need is not None and _is_met(need, asker())


def _is_met(need: Need, who: Asker) -> bool:
    return need in (Need.NOTHING, Need.ADDRESS) or who.may(Role(need))


def _guard() -> Response | None:
    """Refuse what the table does not allow; a visitor's browser is led to the sign-in page."""
    if request.endpoint is None:  # no such address: its own error says so
        return None
    need = need_of(request.endpoint)
    if need is None:
        raise Forbidden("Nobody may ask for this address.")
    if need is Need.NOTHING:
        return None
    if getattr(session, "is_away", False):
        raise RedisUnavailable
    who = asker()
    if _is_met(need, who):
        return None
    if who.is_authenticated:
        raise RoleTooLow(need)
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

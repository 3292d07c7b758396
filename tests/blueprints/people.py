"""The application, and people in front of it: visitors, users of each role, programs with a token."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from thumbapp.accounts.model import Role
from thumbapp.accounts.service import Accounts
from thumbapp.audit import AuditLog, Entry
from thumbapp.blueprints.context import EXTENSION, Parts
from thumbapp.blueprints.monitor.context import EXTENSION as MONITOR
from thumbapp.blueprints.monitor.context import Monitor
from thumbapp.taskqueue.queue import StreamHuey

PASSWORD = "correct horse battery"


class Browser:
    """A browser with its cookies; it sends what browsers send, and the token of the page it saw last."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.token = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open *path*."""
        answer = self.client.get(path, **options)
        if found := re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, **form: Any) -> TestResponse:
        """Send *form* to *path*, from a page of the site."""
        headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
        return self.client.post(path, data={"csrf_token": self.token} | form, headers=headers)

    def cookie(self) -> str:
        """Return the session cookie, "" when there is none."""
        found = self.client.get_cookie("thumbapp_session")
        return found.value if found else ""


@dataclass(frozen=True)
class Site:
    """The application over a private server."""

    app: Flask

    @property
    def parts(self) -> Parts:
        """What the application was put together from."""
        parts: Parts = self.app.extensions[EXTENSION]
        return parts

    @property
    def huey(self) -> StreamHuey:
        """The queue that the monitor acts on."""
        site: Monitor = self.app.extensions[MONITOR]
        return site.huey

    @property
    def accounts(self) -> Accounts:
        """Its accounts."""
        return self.parts.accounts

    def visitor(self) -> Browser:
        """Return a browser that was never here."""
        return Browser(self.app)

    def signed_in(self, role: Role = Role.USER, *, name: str = "", password: str = "") -> Browser:
        """Return a browser in which a new user of *role* is signed in, by a link."""
        user = self.accounts.add(name or f"some-{role}", role=role, password=password)
        browser, path = self.visitor(), self.accounts.invite(user)
        browser.get(path)
        assert browser.post(path).status_code == 303
        return browser

    def token(self, role: Role) -> dict[str, str]:
        """Return the header of a program with a token of a new user of *role*."""
        user = self.accounts.add(f"robot-{role}", role=role)
        _, secret = self.accounts.create_token("robot", role=role, user=user)
        return {"Authorization": f"Bearer {secret}"}

    def audited(self) -> list[Entry]:
        """Return the audit, the newest entry first."""
        log: AuditLog = self.parts.audit
        return log.page().items

    def close(self) -> None:
        """Let go of everything."""
        self.parts.hub.close()
        self.parts.explorer.close()
        self.huey.close()
        self.parts.redis.close()

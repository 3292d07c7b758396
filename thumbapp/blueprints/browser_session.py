"""The session of a browser: Flask's signed cookie for visitors, a record in Redis from sign-in on.

The cookie of somebody who is signed in holds only a random id. A visitor's holds the session itself, so
that a crowd of visitors leaves nothing on the server.
"""

from typing import Any, Final

import redis
from flask import Flask, Request, Response, has_request_context, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, session_json_serializer

from thumbapp import moments
from thumbapp.accounts.model import Session
from thumbapp.accounts.sessions import ABSOLUTE, SessionStore

# No signed cookie begins so: those are JSON in base64.
_MARK: Final = "s-"


class BrowserSession(SecureCookieSession):
    """What a request knows of its browser; ``record`` is None for a visitor."""

    record: Session | None = None
    new_id = ""
    is_away = False  # there is a record, but Redis does not say what is in it


class BrowserSessions(SecureCookieSessionInterface):
    """Opens and saves sessions; *store* keeps those of users."""

    session_class = BrowserSession

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        """Return the session that the cookie leads to; an empty one, cookie removed, when it has ended."""
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        if not cookie.startswith(_MARK):
            return super().open_session(app, request) or BrowserSession()  # type: ignore[return-value]  # of our class
        session = BrowserSession()
        try:
            session.record = self._store.find(cookie.removeprefix(_MARK))
        except redis.RedisError:
            session.is_away = True
            return session
        if session.record:
            session.update(session_json_serializer.loads(session.record.data))
        session.modified = session.record is None
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Keep what has changed: in Redis for a user, in the cookie for a visitor."""
        if session.is_away:
            return
        if session.record is None:
            super().save_session(app, session, response)
        elif session.new_id:
            response.set_cookie(
                self.get_cookie_name(app),
                _MARK + session.new_id,
                max_age=int(ABSOLUTE.total_seconds()),
                httponly=True,
                secure=self.get_cookie_secure(app),
                samesite=self.get_cookie_samesite(app),
            )
        if session.record and session.modified:
            self._store.save(session.record, session_json_serializer.dumps(dict(session)))

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie may travel over TLS only: when it came that way."""
        return has_request_context() and request.is_secure

    def begin(self, session: BrowserSession, user_id: str) -> None:
        """Turn *session* into a new one of the user, under a new id; what it held is gone."""
        self.end(session)
        session.new_id = self._store.start(
            user_id, address=request.remote_addr or "", agent=request.user_agent.string, data="{}"
        )
        session.record = self._store.find(session.new_id)
        session["signed_in_at"] = moments.now().timestamp()

    def end(self, session: BrowserSession) -> None:
        """End *session* on the server and in the browser."""
        session.clear()
        if session.record:
            self._store.end(session.record)
        session.record, session.new_id = None, ""
